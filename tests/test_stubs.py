"""Stubs: reading them from a directory, and which of them answers a request."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fatrina.cli import cli
from fatrina.emulator.stubs import StubError, load

ORDERS = {"method": "GET", "path": "/orders", "body": {"status": 200, "data": []}}


def write(folder: Path, name: str, value: object) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(value))


def problems(folder: Path, value: object) -> list[str]:
    write(folder, "a.json", value)
    with pytest.raises(StubError) as raised:
        load(folder)
    return str(raised.value).splitlines()


def test_a_file_has_one_stub_or_a_list(tmp_path: Path) -> None:
    write(tmp_path, "orders.json", ORDERS)
    headers = {"X-Total": "1", "Content-Type": "text/x"}
    stub = {"method": "POST", "path": "/orders/{id}", "status": 201, "headers": headers}
    write(tmp_path, "more/rest.json", [stub | {"body": "متجر"}, ORDERS | {"path": "/orders/new"}])
    stubs = load(tmp_path)
    listed = stubs.find("GET", "/orders")
    assert listed is not None
    assert (listed.status_code, json.loads(bytes(listed.body))) == (200, ORDERS["body"])
    assert listed.headers["content-type"] == "application/json; charset=utf-8"
    posted = stubs.find("POST", "/orders/7")
    assert posted is not None
    assert (posted.status_code, posted.headers["x-total"]) == (201, "1")
    assert (posted.headers["content-type"], json.loads(bytes(posted.body))) == ("text/x", "متجر")
    for request in ("POST /orders", "GET /orders/7", "GET /orders/", "GET "):
        assert stubs.find(*request.split(" ")) is None
    assert stubs.find("HEAD", "/orders") is not None


def test_a_literal_path_wins(tmp_path: Path) -> None:
    for name, path, status in (("a", "/orders/{id}", 404), ("b", "/orders/7", 200)):
        write(tmp_path, f"{name}.json", {"method": "GET", "path": path, "status": status})
    stubs = load(tmp_path)
    found = [stubs.find("GET", path) for path in ("/orders/7", "/orders/8")]
    assert [response and response.status_code for response in found] == [200, 404]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"method": "get"}, "a.json#/method: must be one of GET"),
        ({"method": None}, "a.json#/method: must be one of GET"),
        ({"path": "orders"}, "a.json#/path: must be a path below /admin/v2"),
        ({"path": 5}, "a.json#/path: must be a path below /admin/v2"),
        ({"path": "/orders//7"}, "a.json#/path: has a segment"),
        ({"path": "/orders?page=1"}, "a.json#/path: has a segment"),
        ({"path": "/{a}-{b}"}, "a.json#/path: has a segment"),
        ({"path": "/admin/v2/orders"}, "a.json#/path: must be written without /admin/v2"),
        ({"status": 100}, "a.json#/status: must be an integer from 200 to 599"),
        ({"status": "200"}, "a.json#/status: must be an integer from 200 to 599"),
        ({"status": True}, "a.json#/status: must be an integer from 200 to 599"),
        ({"status": 204}, "a.json#/body: must be absent"),
        ({"headers": []}, "a.json#/headers: must be an object"),
        ({"headers": {"X": "a\nb"}}, "a.json#/headers/X: must be text in printable ASCII"),
        ({"headers": {"X": 1}}, "a.json#/headers/X: must be text in printable ASCII"),
        ({"headers": {"Content-Length": "1"}}, "a.json#/headers/Content-Length: is not a header"),
        ({"headers": {"a b": "1"}}, "a.json#/headers/a b: is not a header"),
        ({"json": {}}, "a.json#/json: is not a known name"),
        ({"path": "/products/{x}"}, "a.json#/path: conflicts with an endpoint"),
        ({"path": "/{x}/{y}"}, "a.json#/path: conflicts with an endpoint"),
        ({"path": "/products"}, "a.json#/path: conflicts with an endpoint"),
    ],
)
def test_every_problem_has_a_pointer(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    assert problems(tmp_path, ORDERS | change)[0].startswith(problem)


def test_all_problems_are_reported(tmp_path: Path) -> None:
    write(tmp_path, "b.json", ORDERS)
    (tmp_path / "c.json").write_text("{")
    found = problems(tmp_path, [5, ORDERS | {"status": 1}, ORDERS])
    assert [line.partition(":")[0] for line in found] == [
        "a.json#/0",
        "a.json#/1/status",
        "a.json#/2/path",
        "b.json#/path",
        "c.json#",
    ]


def test_a_missing_directory_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StubError, match="not a directory"):
        load(tmp_path / "none")


def test_a_server_with_invalid_stubs_does_not_start(tmp_path: Path) -> None:
    write(tmp_path / "stubs", "a.json", ORDERS | {"path": "/products"})
    args = ["serve", "--port", "0", "--data", str(tmp_path), "--stubs", str(tmp_path / "stubs")]
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == 1
    assert "a.json#/path: conflicts" in result.stderr
