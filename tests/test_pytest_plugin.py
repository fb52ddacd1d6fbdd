"""The pytest plugin, used by the tests of another project: one service, one new store per test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fatrina.testing import Service, ServiceError
from tests import sample_photos

CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def fatrina_seed():
    return {"products": [{"name": "Cup", "sku": "S", "images": [{"file": "cup.png"}]}]}
"""
SUITE = """
import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest


def call(store, path, method="GET"):
    request = Request(store.api_url + path, headers=store.headers, method=method)
    with urlopen(request) as response:
        return json.load(response)["data"]


@pytest.mark.parametrize("number", range(3))
def test_every_test_has_a_new_store(fatrina_store, number):
    product = call(fatrina_store, f"/products/{fatrina_store.product_id}")
    assert [image["id"] for image in product["images"]] == [fatrina_store.image_id]
    with urlopen(product["images"][0]["url"]) as response:
        assert response.status == 200
    call(fatrina_store, f"/products/images/{fatrina_store.image_id}", "DELETE")
    fatrina_store.add_fault(503, times=None, share=1)
    with pytest.raises(HTTPError):
        call(fatrina_store, "/products")
    assert [entry["status"] for entry in fatrina_store.requests()] == [503, 202, 200]


def test_orders(fatrina_service, fatrina_store):
    assert call(fatrina_store, "/orders") == []
    with pytest.raises(HTTPError) as raised:
        call(fatrina_store, "/customers")
    assert raised.value.code == 501
    counts = {each["path"]: each["stub"] for each in fatrina_service.not_emulated()}
    assert counts == {"/admin/v2/orders": 1, "/admin/v2/customers": 0}
"""
STUB = '{"method": "GET", "path": "/orders", "body": {"status": 200, "success": true, "data": []}}'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_project.py").write_text(SUITE)
    (folder / "cup.png").write_bytes(sample_photos.png())
    (folder / "pytest.ini").write_text("[pytest]\nfatrina_stubs = stubs\n")
    (folder / "stubs").mkdir()
    (folder / "stubs" / "orders.json").write_text(STUB)
    return folder


@pytest.fixture(scope="module")
def shared_service(project: Path) -> Iterator[Service]:
    service = Service.start(stubs=project / "stubs")
    yield service
    service.close()


def run_pytest(project: Path, *args: str, **environment: str) -> tuple[int, str]:
    # Other plugins of this environment take seconds to import.
    others = ("cacheprovider", "schemathesis", "hypothesispytest", "randomly", "anyio")
    command = [sys.executable, "-m", "pytest", "-q", *(f"-pno:{name}" for name in others), *args]
    variables = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    process = subprocess.run(
        command,
        cwd=project,
        env={**variables, **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    return process.returncode, process.stdout + process.stderr


def test_the_fixtures_give_each_test_a_new_store(project: Path) -> None:
    code, output = run_pytest(project, "--fatrina")
    assert (code, "4 passed" in output) == (0, True), output


def test_without_the_option_these_tests_are_skipped(project: Path) -> None:
    code, output = run_pytest(project, "-rs")
    assert (code, "4 skipped" in output) == (0, True), output
    assert "run pytest --fatrina" in output


def test_workers_share_a_service(project: Path, shared_service: Service) -> None:
    url, token = shared_service.url, shared_service.admin_token
    args = ("--fatrina-url", url, "-n", "2", "-k", "new_store")
    code, output = run_pytest(project, *args, FATRINA_ADMIN_TOKEN=token)
    assert (code, "3 passed" in output) == (0, True), output
    journal = shared_service.requests(limit=1000)
    assert not [entry for entry in journal if entry.get("merchant") not in {None, "store1"}]
    code, output = run_pytest(project, "--fatrina-url", url, "-x", FATRINA_ADMIN_TOKEN="wrong")
    assert (code, "The access token is invalid" in output) == (1, True), output


def test_the_kit_works_without_pytest(shared_service: Service) -> None:
    shared_service.add_fault(500)
    shared_service.clear_faults()
    assert shared_service.admin("GET", "/faults") == []
    with pytest.raises(ServiceError, match="not known"):
        shared_service.add_fault(500, colour="red")
    shared_service.reset("nobody", keep_merchants=True)


def test_a_service_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="is not a directory"):
        Service.start(stubs=tmp_path / "none")
