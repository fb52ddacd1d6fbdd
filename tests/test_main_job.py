"""End-to-end test: the command line, a server process, updates over HTTP, a restart."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyvips

from tests import sample_photos
from tests.client import Body, Response, encode_json, encode_multipart, request
from tests.stores import ATTACH_PATH, PREFIX, PRODUCT_PATH, ROLES, UPDATE_PATH

FATRINA = [sys.executable, "-m", "fatrina"]


def fatrina(folder: Path, *arguments: str) -> str:
    """Run a command on the data directory; return its output."""
    command = [*FATRINA, *arguments, "--data", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def run_server(folder: Path) -> Iterator[int]:
    """Run `fatrina serve` and yield its port; check that it exits after SIGTERM."""
    command = [*FATRINA, "serve", "--port", "0", "--data", str(folder)]
    environment = os.environ | {"FATRINA_DOWNLOAD_ALLOW": "127.0.0.1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        try:
            yield _read_port(process.stderr)
        finally:
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
    assert process.returncode in {0, -signal.SIGTERM}


def _read_port(lines: Any) -> int:
    for line in lines:
        event = json.loads(line)
        if event["event"] == "serving":
            return int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)", event["url"])[1])  # type: ignore[index]
    raise AssertionError("the server did not start")


class Client:
    """A client with the token of a merchant."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    def request(self, method: str, target: str, body: Body | None = None) -> Response:
        return request(self.port, method, target, body, authorization=f"Bearer {self.token}")

    def download(self, url: str) -> bytes:
        # The URL contains the old port after a restart.
        response = request(self.port, "GET", urlsplit(url).path)
        assert response.status == 200, url
        return response.body


def download_sizes(client: Client, image: Any) -> list[tuple[int, int]]:
    """Download and decode the four files of an image; return their sizes."""
    files = [client.download(image["image"][role]["url"]) for role in ROLES]
    decoded = [pyvips.Image.new_from_buffer(each, "", fail_on="error") for each in files]
    return [(each.width, each.height) for each in decoded]


def test_product_image_through_updates_and_a_restart(tmp_path: Path, photos: str) -> None:
    fatrina(tmp_path, "merchant", "create", "shop1")
    token = fatrina(tmp_path, "token", "create", "--merchant", "shop1")
    with run_server(tmp_path) as port:
        client = Client(port, token)
        assert request(port, "GET", "/ready").status == 200

        created = client.request(
            "POST", f"{PREFIX}/products", encode_json({"name": "فستان", "sku": "D-1"})
        )
        product = created.data["id"]
        first = client.request(
            "POST", ATTACH_PATH.format(product), encode_multipart(photo=sample_photos.png())
        ).data
        assert (first["default"], first["sort"]) == (True, 1)

        photo = sample_photos.jpeg(width=1600, height=1848)
        form = encode_multipart(photo=photo, alt="Dress image", sort="4")
        by_file = client.request("POST", UPDATE_PATH.format(first["id"]), form)
        assert by_file.status == 201
        assert download_sizes(client, by_file.data) == [
            (1600, 1848),
            (866, 1000),
            (433, 500),
            (104, 120),
        ]

        by_link = client.request(
            "POST", UPDATE_PATH.format(first["id"]), encode_multipart(photo=f"{photos}/a.png")
        )
        assert by_link.status == 201
        assert (
            download_sizes(client, by_link.data)
            == [(sample_photos.WIDTH, sample_photos.HEIGHT)] * 4
        )
        assert by_link.data["alt_seo"] == "Dress image"
        assert client.download(by_link.data["image"]["original"]["url"]) == sample_photos.png(
            seed=3
        )
        before = client.request("GET", PRODUCT_PATH.format(product)).data

    with run_server(tmp_path) as port:
        client = Client(port, token)
        after = client.request("GET", PRODUCT_PATH.format(product)).data
        assert strip_hosts(after) == strip_hosts(before)
        for image in (first, by_file.data, by_link.data):
            assert len(download_sizes(client, image)) == 4
        again = client.request("POST", UPDATE_PATH.format(first["id"]), form)
        assert again.status == 201
        assert client.request("DELETE", UPDATE_PATH.format(first["id"])).status == 202
    assert list((tmp_path / "incoming").iterdir()) == []


def strip_hosts(value: Any) -> Any:
    """Remove the host from every URL; its port differs after a restart."""
    return json.loads(re.sub(r"http://127\.0\.0\.1:\d+", "", json.dumps(value)))
