"""The nginx configuration of docs/operations.md, tested without TLS and with other paths."""

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
from tests.stores import UPDATE_PATH, ImageInProduct, Store, run_service
from tests.waiting import wait_until
from tests.web.error_responses import check_error

DOCUMENT = Path(__file__).parents[1] / "docs" / "operations.md"
CONFIG = """
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
    {documented}
}}
"""


def documented_config(folder: Path, port: int, upstream_port: int) -> str:
    """Return the documented configuration with these loopback ports and this folder."""
    found = re.search(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    documented = found[1]
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{upstream_port}"),
        ("/var/cache/nginx/fatrina", f"{folder}/cache"),
    ):
        assert old in documented
        documented = documented.replace(old, new)
    return CONFIG.format(user=Path.home().owner(), folder=folder, documented=documented)


@contextmanager
def run_nginx(folder: Path, upstream_port: int) -> Iterator[int]:
    """Run nginx in front of a service; yield the port that it listens on."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("nginx is not installed: its configuration was not run")
    with socket.create_server(("127.0.0.1", 0)) as socket_:
        port = socket_.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(documented_config(folder, port, upstream_port))
    process = subprocess.Popen([program, "-e", f"{folder}/nginx.log", "-c", str(config)])
    try:
        wait_until(lambda: process.poll() is not None or _is_listening(port))
        assert process.poll() is None, (folder / "nginx.log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait()


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_forwards_updates_and_caches_images(tmp_path: Path) -> None:
    with run_service(tmp_path / "data") as service:
        image_in_product = ImageInProduct.create(Store.create(service))
        with run_nginx(tmp_path, service.port) as port:
            bearer = {"authorization": f"Bearer {image_in_product.store.token}"}
            form = client.encode_multipart(photo=sample_photos.png(seed=41), alt="كوب")
            response = client.request(
                port, "POST", UPDATE_PATH.format(image_in_product.id), form, **bearer
            )
            assert response.status == 201
            path = urlsplit(image_in_product.urls()["thumbnail"]).path
            first = client.request(port, "GET", path, None)
            assert (first.status, first.body) == (200, service.get(path).body)
            media = service.folder / "media"
            media.rename(tmp_path / "gone")
            assert client.request(port, "GET", path, None).body == first.body
            (tmp_path / "gone").rename(media)
            for private_path in ("/metrics", "/ready", "/docs", "/health", "/_fatrina/requests"):
                assert client.request(port, "GET", private_path, None).status == 404


def test_unauthorized_upload_is_rejected_before_its_body(tmp_path: Path) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "20000000"}
    with (
        run_service(tmp_path / "data") as service,
        run_nginx(tmp_path, service.port) as port,
        client.Connection(port) as connection,
    ):
        connection.send(client.encode_head("POST", UPDATE_PATH.format(1), headers))
        assert connection.read_response().status == 401


def test_forwards_oauth(tmp_path: Path) -> None:
    with run_service(tmp_path / "data") as service, run_nginx(tmp_path, service.port) as port:
        metadata = client.request(port, "GET", "/.well-known/oauth-authorization-server", None)
        assert metadata.status == 200
        consent_page = client.request(port, "GET", "/oauth2/auth", None)
        assert consent_page.status == 400
        assert consent_page.headers["content-type"].startswith("text/html")
        token = client.request(
            port, "POST", "/oauth2/token", client.encode_urlencoded(grant_type="x")
        )
        assert token.json["error"] == "invalid_request"
        assert client.request(port, "GET", "/oauth2/user/info", None).status == 401


def test_errors_of_nginx_have_the_envelope(tmp_path: Path) -> None:
    with run_service(tmp_path / "data") as service, run_nginx(tmp_path, service.port) as port:
        with client.Connection(port) as connection:
            headers = {
                "Content-Type": "multipart/form-data; boundary=b",
                "Content-Length": "30000000",
            }
            connection.send(client.encode_head("POST", UPDATE_PATH.format(1), headers))
            check_error(connection.read_response(), 413, "payload_too_large")
        check_error(client.request(port, "GET", "/metrics", None), 404, "not_found")
    with run_nginx(tmp_path, service.port) as port:  # the service has stopped
        response = client.request(port, "GET", "/admin/v2/products", None)
        check_error(response, 503, "unavailable")
        assert response.headers["retry-after"] == "5"
        assert response.json["error"]["code"] == "service_unavailable"
