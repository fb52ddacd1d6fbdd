"""`fatrina tls`, and HTTPS as the hosts of the real API for clients that cannot be configured."""

import json
import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from typer.testing import CliRunner

from fatrina import certificates
from fatrina.cli import cli
from fatrina.settings import CA_FILE, CERTIFICATE_FILE, Settings
from tests import sample_photos
from tests.client import encode_multipart
from tests.test_cli import error_line

HOSTS = ("accounts.salla.sa", "api.salla.dev")
SEED = {
    "merchants": [
        {
            "code": "cups",
            "owner_key": "the-key-of-cups",
            "tokens": [{"token": "known-to-the-tests"}],
            "products": [{"id": 77, "name": "Cup", "images": [{"id": 901, "file": "cup.png"}]}],
        }
    ]
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "certificates"
    result = CliRunner().invoke(cli, ["tls", str(path), "--name", "fatrina.test"])
    assert result.exit_code == 0, result.output
    for expected in (f"127.0.0.1 {' '.join(HOSTS)}", "New authority", str(path / CA_FILE)):
        assert expected in result.stdout
    return path


@pytest.fixture(scope="module")
def report(directory: Path) -> Iterator[dict[str, Any]]:
    """The report of an ephemeral service with HTTPS."""
    folder = directory.parent
    (folder / "cup.png").write_bytes(sample_photos.png())
    (folder / "seed.json").write_text(json.dumps(SEED))
    command = [sys.executable, "-m", "fatrina", "serve", "--ephemeral", "--port", "0"]
    command += ["--seed", str(folder / "seed.json"), "--tls", str(directory)]
    command += ["--admin-token", "auto", "--exit-with-parent"]
    with subprocess.Popen(
        command,
        env={**os.environ, "FATRINA_DECODERS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


class Resolved(HTTPSConnection):
    """A connection to a host whose name leads to 127.0.0.1, as with a hosts file."""

    def __init__(self, host: str, report: dict[str, Any], directory: Path) -> None:
        context = ssl.create_default_context(cafile=directory / CA_FILE)
        context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default of Python 3.13
        super().__init__(host, timeout=20, context=context)
        self._context = context
        self._port = int(report["url"].rpartition(":")[2])

    def connect(self) -> None:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        self.sock = self._context.wrap_socket(connection, server_hostname=self.host)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(self):
            self.request(method, path, body, named)
            response = self.getresponse()
            return response.status, response.read()


@pytest.mark.parametrize("host", [*HOSTS, "localhost", "fatrina.test"])
def test_every_host_is_served(report: dict[str, Any], directory: Path, host: str) -> None:
    status, body = Resolved(host, report, directory).call("GET", "/ready")
    assert (status, json.loads(body)) == (200, {"status": "ready"})


def test_a_photo_is_replaced_at_the_real_host(report: dict[str, Any], directory: Path) -> None:
    form = encode_multipart(photo=sample_photos.jpeg(seed=3))
    headers = {"Authorization": "Bearer known-to-the-tests", "Content-Type": form.content_type}
    status, body = Resolved("api.salla.dev", report, directory).call(
        "POST", "/admin/v2/products/images/901", form.data, **headers
    )
    assert status == 201, body
    url = json.loads(body)["data"]["image"]["original"]["url"]
    assert url.startswith(f"{report['url']}/cups/")
    path = url.removeprefix(report["url"])
    status, image = Resolved("127.0.0.1", report, directory).call("GET", path)
    assert (status, image[:2]) == (200, b"\xff\xd8")
    status, body = Resolved("accounts.salla.sa", report, directory).call(
        "GET", "/oauth2/user/info", Authorization="Bearer known-to-the-tests"
    )
    assert (status, json.loads(body)["data"]["merchant"]["username"]) == (200, "cups")


def test_a_command_trusts_the_authority(report: dict[str, Any], directory: Path) -> None:
    environment = {"FATRINA_ADMIN_TOKEN": report["admin_token"], "FATRINA_TLS": str(directory)}
    result = CliRunner(env=environment).invoke(cli, ["requests", "--url", report["url"], "--json"])
    assert result.exit_code == 0, result.output
    assert isinstance(json.loads(result.stdout), list)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_with_a_resolved_name(report: dict[str, Any], directory: Path) -> None:
    port = report["url"].rpartition(":")[2]
    for host in HOSTS:
        command = ["curl", "--silent", "--fail", "--cacert", str(directory / CA_FILE)]
        command += ["--resolve", f"{host}:{port}:127.0.0.1", f"https://{host}:{port}/ready"]
        process = subprocess.run(command, check=True, capture_output=True)
        assert json.loads(process.stdout) == {"status": "ready"}


def test_the_authority_is_kept_and_limited_to_its_names(tmp_path: Path) -> None:
    directory = tmp_path / "tls"
    assert certificates.create(directory, ["a.test"])
    authority, first = (
        (directory / CA_FILE).read_bytes(),
        (directory / CERTIFICATE_FILE).read_bytes(),
    )
    assert not certificates.create(directory, ["a.test"])
    assert (directory / CA_FILE).read_bytes() == authority
    assert (directory / CERTIFICATE_FILE).read_bytes() != first
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir()}
    assert modes == {"ca.pem": 0o644, "ca.key": 0o600, "server.pem": 0o644, "server.key": 0o600}
    constraints = (
        x509.load_pem_x509_certificate(authority)
        .extensions.get_extension_for_class(x509.NameConstraints)
        .value
    )
    names = {str(each.value) for each in constraints.permitted_subtrees or ()}
    assert names == {"localhost", *HOSTS, "a.test", "127.0.0.0/8", "::1/128"}
    with pytest.raises(certificates.CertificateError, match=r"not valid for b\.test"):
        certificates.create(directory, ["b.test"])
    certificate = x509.load_pem_x509_certificate((directory / CERTIFICATE_FILE).read_bytes())
    valid = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert valid < timedelta(days=398)  # what Apple's systems accept
    (directory / CA_FILE).write_text("damaged")
    assert "cannot be read" in error_line(CliRunner().invoke(cli, ["tls", str(directory)]))


@pytest.mark.parametrize("name", ["a b", "-a", "a..b", "https://a.test", "*", ""])
def test_an_invalid_name_is_rejected(tmp_path: Path, name: str) -> None:
    result = CliRunner().invoke(cli, ["tls", str(tmp_path / "tls"), "--name", name])
    assert "is not a host name" in error_line(result)
    assert not (tmp_path / "tls").exists()


def test_a_service_without_a_certificate_does_not_start(tmp_path: Path) -> None:
    args = ["serve", "--port", "0", "--data", str(tmp_path / "data"), "--tls", str(tmp_path)]
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == 1
    assert "run fatrina tls" in result.stderr
    settings: dict[str, Any] = {"tls": tmp_path, "port": 8443}
    assert Settings(**settings).here == "https://127.0.0.1:8443"
