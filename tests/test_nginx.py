"""The nginx that the documentation puts in front: run as it stands there, but for TLS and paths."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import client, sample_photos
from tests.stores import UPDATE_PATH, ImageInProduct, Store, run_service, wait_until
from tests.web.error_responses import check_error

DOCUMENT = Path(__file__).parents[1] / "docs" / "operations.md"
FRAME = """
daemon off;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {told}
}}
"""


def configured(folder: Path, front: int, behind: int) -> str:
    """What the document tells, on ports of the loopback and in a folder of its own."""
    found = re.search(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    told = found[1]
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{front};"),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{behind}"),
        ("/var/cache/nginx/fatrina", f"{folder}/cache"),
    ):
        assert old in told
        told = told.replace(old, new)
    return FRAME.format(user=Path.home().owner(), folder=folder, told=told)


@contextmanager
def nginx(folder: Path, behind: int) -> Iterator[int]:
    """Run nginx before a service; the port it listens on."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("nginx is not installed: its configuration was not run")
    with socket.create_server(("127.0.0.1", 0)) as free:
        front = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(configured(folder, front, behind))
    process = subprocess.Popen([program, "-e", f"{folder}/nginx.log", "-c", str(config)])
    try:
        wait_until(lambda: process.poll() is not None or _listens(front))
        assert process.poll() is None, (folder / "nginx.log").read_text()
        yield front
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def test_it_passes_updates_on_and_keeps_pictures(tmp_path: Path) -> None:
    with run_service(tmp_path / "data") as service:
        image_in_product = ImageInProduct.create(Store.create(service))
        with nginx(tmp_path, service.port) as front:
            bearer = {"authorization": f"Bearer {image_in_product.store.token}"}
            form = client.encode_multipart(photo=sample_photos.png(seed=41), alt="كوب")
            answer = client.request(
                front, "POST", UPDATE_PATH.format(image_in_product.id), form, **bearer
            )
            assert answer.status == 201
            path = urlsplit(image_in_product.urls()["thumbnail"]).path
            first = client.request(front, "GET", path, None)
            assert (first.status, first.body) == (200, service.get(path).body)
            kept = service.folder / "media"
            kept.rename(tmp_path / "gone")
            assert client.request(front, "GET", path, None).body == first.body
            (tmp_path / "gone").rename(kept)
            for inside in ("/metrics", "/ready", "/docs", "/health", "/_fatrina/requests"):
                assert client.request(front, "GET", inside, None).status == 404


def test_who_may_not_upload_is_told_before_the_upload(tmp_path: Path) -> None:
    stated = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "20000000"}
    with (
        run_service(tmp_path / "data") as service,
        nginx(tmp_path, service.port) as front,
        client.Connection(front) as line,
    ):
        line.send(client.encode_head("POST", UPDATE_PATH.format(1), stated))
        assert line.read_response().status == 401


def test_oauth_is_reached(tmp_path: Path) -> None:
    with run_service(tmp_path / "data") as service, nginx(tmp_path, service.port) as front:
        known = client.request(front, "GET", "/.well-known/oauth-authorization-server", None)
        assert known.status == 200
        asked = client.request(front, "GET", "/oauth2/auth", None)
        assert asked.status == 400
        assert asked.headers["content-type"].startswith("text/html")
        token = client.request(
            front, "POST", "/oauth2/token", client.encode_urlencoded(grant_type="x")
        )
        assert token.json["error"] == "invalid_request"
        assert client.request(front, "GET", "/oauth2/user/info", None).status == 401


def test_its_own_errors_have_the_envelope(tmp_path: Path) -> None:
    with run_service(tmp_path / "data") as service, nginx(tmp_path, service.port) as front:
        with client.Connection(front) as line:
            stated = {
                "Content-Type": "multipart/form-data; boundary=b",
                "Content-Length": "30000000",
            }
            line.send(client.encode_head("POST", UPDATE_PATH.format(1), stated))
            check_error(line.read_response(), 413, "payload_too_large")
        check_error(client.request(front, "GET", "/metrics", None), 404, "not_found")
    with nginx(tmp_path, service.port) as front:  # the service has ended
        answer = client.request(front, "GET", "/admin/v2/products", None)
        check_error(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "5"
        assert answer.json["error"]["code"] == "service_unavailable"
