"""Admin endpoints: they require the admin token and do not exist without one."""

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fatrina.actions import backup
from fatrina.adapters import housekeeping
from tests import client, sample_photos
from tests.client import Body, Response, encode_json
from tests.stores import ADMIN_TOKEN, PRODUCT_PATH, ImageInProduct, Service, Store, run_service
from tests.web.error_responses import check_error

INDEX = "/_fatrina/"
TAR = "application/x-tar"
WITH_A_FILE = b'{"merchants":[{"code":"shop1","products":[{"name":"a","images":[{"file":"a"}]}]}]}'


def test_index_lists_the_admin_endpoints(service: Service) -> None:
    response = service.get(INDEX, authorization=f"Bearer {ADMIN_TOKEN}")
    assert (response.status, response.json["success"]) == (200, True)
    assert {"method": "GET", "path": INDEX, "summary": "List the admin endpoints."} in response.data


@pytest.mark.parametrize("token", ["", ADMIN_TOKEN[:-1], ADMIN_TOKEN + "s", "ü"])
def test_other_tokens_are_rejected(service: Service, token: str) -> None:
    check_error(service.get(INDEX, authorization=f"Bearer {token}"), 401, "invalid_token")


def test_a_merchants_token_is_rejected(store: Store) -> None:
    check_error(store.call("GET", INDEX), 401, "invalid_token")


def test_without_an_admin_token_there_are_no_admin_endpoints(strict_service: Service) -> None:
    check_error(strict_service.get(INDEX, authorization=f"Bearer {ADMIN_TOKEN}"), 404, "not_found")


@pytest.fixture
def empty_service(tmp_path: Path) -> Iterator[Service]:
    with run_service(tmp_path, admin_token=ADMIN_TOKEN) as service:
        yield service


def test_seed_and_reset_over_http(empty_service: Service) -> None:
    picture = base64.b64encode(sample_photos.png(seed=4)).decode()
    images = [{"id": 901, "data": picture, "alt": "كوب"}]
    made = {"id": 77, "name": "كوب", "images": images}
    seed = {"merchants": [{"code": "shop1", "tokens": [{"token": "by-heart"}], "products": [made]}]}
    seeded = admin(empty_service, "POST", "/_fatrina/seed", encode_json(seed)).data
    created = {"id": 77, "sku": None, "images": [901]}
    merchant = {"code": "shop1", "id": 1, "products": [created], "webhooks": []}
    assert seeded == {"pictures": 1, "merchants": [merchant]}
    store = Store(empty_service, "shop1", "by-heart")
    (image,) = store.product_details(77)["images"]
    assert (image["id"], image["alt"]) == (901, "كوب")
    assert empty_service.get(image["url"]).status == 200
    assert store.update(901, photo=sample_photos.png(seed=5)).status == 201
    again = admin(empty_service, "POST", "/_fatrina/seed", encode_json(seed))
    check_error(again, 422, "id_taken")
    assert [*again.json["error"]["fields"]] == ["/merchants/0/products/0/id"]
    assert admin(empty_service, "POST", "/_fatrina/reset?keep=shops").data == {"pictures": 2}
    check_error(store.call("GET", PRODUCT_PATH.format(77)), 404, "not_found")
    assert empty_service.get(image["url"]).status == 404
    assert admin(empty_service, "POST", "/_fatrina/seed", encode_json(seed)).status == 201
    assert admin(empty_service, "POST", "/_fatrina/reset").status == 202
    check_error(store.call("GET", PRODUCT_PATH.format(77)), 401, "invalid_token")


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        (b"{", 400, "malformed_json"),
        (b'{"x":' + b"[" * 64 + b"]" * 64 + b"}", 400, "malformed_json"),
        (b"{}", 422, "invalid_seed"),
        (WITH_A_FILE, 422, "invalid_seed"),
        (b'{"merchants": [{"code": "shop1", "plan": {}}]}', 422, "invalid_seed"),
    ],
)
def test_invalid_seeds_are_rejected(
    service: Service, text: bytes, status: int, reason: str
) -> None:
    response = admin(service, "POST", "/_fatrina/seed", Body(text, "application/json"))
    check_error(response, status, reason)


def test_dump_and_restore_over_http(empty_service: Service) -> None:
    image_in_product = ImageInProduct.create(Store.create(empty_service))
    dump = admin(empty_service, "GET", "/_fatrina/dump")
    assert (dump.status, dump.headers["content-type"]) == (200, "application/x-tar")
    assert (
        image_in_product.store.update(image_in_product.id, photo=sample_photos.png(seed=8)).status
        == 201
    )
    assert admin(empty_service, "POST", "/_fatrina/reset").data == {"pictures": 2}
    cut = admin(
        empty_service, "POST", "/_fatrina/restore", Body(dump.body[: len(dump.body) // 2], TAR)
    )
    check_error(cut, 422, "invalid_dump")
    check_error(
        image_in_product.store.call("GET", PRODUCT_PATH.format(image_in_product.product_id)),
        401,
        "invalid_token",
    )
    restored = admin(empty_service, "POST", "/_fatrina/restore", Body(dump.body, TAR))
    assert (restored.status, restored.data) == (200, {"pictures": 1})
    image_in_product.check_unchanged()


def test_housekeeping_is_rejected_during_a_restore(
    empty_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second restore gets an error as well, instead of waiting for the first one."""
    monkeypatch.setattr(housekeeping, "_TIMEOUT_SECONDS", 0.05)
    dump = Body(admin(empty_service, "GET", "/_fatrina/dump").body, TAR)
    restore, started, go = backup._restore, threading.Event(), threading.Event()

    def slow(*everything: Any) -> int:
        started.set()
        assert go.wait(60)
        return restore(*everything)

    with ThreadPoolExecutor(1) as pool, monkeypatch.context() as during:
        during.setattr(backup, "_restore", slow)
        first = pool.submit(admin, empty_service, "POST", "/_fatrina/restore", dump)
        try:
            assert started.wait(60)
            for path, body in (
                ("restore", dump),
                ("reset", None),
                ("seed", encode_json({"merchants": [{"code": "shop1"}]})),
            ):
                response = admin(empty_service, "POST", f"/_fatrina/{path}", body)
                check_error(response, 503, "housekeeping_busy")
        finally:
            go.set()
        assert first.result().status == 200


def test_dump_fails_if_a_stored_file_is_missing(empty_service: Service) -> None:
    image_in_product = ImageInProduct.create(Store.create(empty_service))
    keys = ["/".join(url.split("/")[-2:]) for url in image_in_product.urls().values()]
    empty_service.services.storage.delete(keys)
    check_error(admin(empty_service, "GET", "/_fatrina/dump"), 503, "storage_unavailable")
    assert not empty_service.incoming_files()


def admin(service: Service, method: str, target: str, body: Body | None = None) -> Response:
    return client.request(service.port, method, target, body, authorization=f"Bearer {ADMIN_TOKEN}")
