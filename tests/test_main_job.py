"""One photo through everything, nothing faked: the command line, a process, a socket, a restart."""

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
    """Run a command over the data folder; give what it prints."""
    command = [*FATRINA, *arguments, "--data", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Run `fatrina serve`; give its port. It must end by itself when it is asked to."""
    command = [*FATRINA, "serve", "--port", "0", "--data", str(folder)]
    environment = os.environ | {"FATRINA_DOWNLOAD_ALLOW": "127.0.0.1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        try:
            yield _port(process.stderr)
        finally:
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
    assert process.returncode in {0, -signal.SIGTERM}


def _port(lines: Any) -> int:
    for line in lines:
        said = json.loads(line)
        if said["event"] == "serving":
            return int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)", said["url"])[1])  # type: ignore[index]
    raise AssertionError("it did not begin to serve")


class Client:
    """A merchant's program."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    def ask(self, method: str, target: str, body: Body | None = None) -> Response:
        return request(self.port, method, target, body, authorization=f"Bearer {self.token}")

    def look(self, url: str) -> bytes:
        # The port is another after a restart; a public address would have stayed.
        answer = request(self.port, "GET", urlsplit(url).path)
        assert answer.status == 200, url
        return answer.body


def sizes(client: Client, image: Any) -> list[tuple[int, int]]:
    """Fetch and decode an image's four files."""
    pictures = [client.look(image["image"][role]["url"]) for role in ROLES]
    decoded = [pyvips.Image.new_from_buffer(each, "", fail_on="error") for each in pictures]
    return [(each.width, each.height) for each in decoded]


def test_the_road(tmp_path: Path, photos: str) -> None:
    fatrina(tmp_path, "merchant", "create", "shop1")
    token = fatrina(tmp_path, "token", "create", "--merchant", "shop1")
    with serving(tmp_path) as port:
        client = Client(port, token)
        assert request(port, "GET", "/ready").status == 200

        made = client.ask(
            "POST", f"{PREFIX}/products", encode_json({"name": "فستان", "sku": "D-1"})
        )
        product = made.data["id"]
        first = client.ask(
            "POST", ATTACH_PATH.format(product), encode_multipart(photo=sample_photos.png())
        ).data
        assert (first["default"], first["sort"]) == (True, 1)

        photo = sample_photos.jpeg(width=1600, height=1848)
        form = encode_multipart(photo=photo, alt="Dress image", sort="4")
        by_file = client.ask("POST", UPDATE_PATH.format(first["id"]), form)
        assert by_file.status == 201
        assert sizes(client, by_file.data) == [(1600, 1848), (866, 1000), (433, 500), (104, 120)]

        by_link = client.ask(
            "POST", UPDATE_PATH.format(first["id"]), encode_multipart(photo=f"{photos}/a.png")
        )
        assert by_link.status == 201
        assert sizes(client, by_link.data) == [(sample_photos.WIDTH, sample_photos.HEIGHT)] * 4
        assert by_link.data["alt_seo"] == "Dress image"
        assert client.look(by_link.data["image"]["original"]["url"]) == sample_photos.png(seed=3)
        before = client.ask("GET", PRODUCT_PATH.format(product)).data

    with serving(tmp_path) as port:
        client = Client(port, token)
        after = client.ask("GET", PRODUCT_PATH.format(product)).data
        assert paths(after) == paths(before)
        for image in (first, by_file.data, by_link.data):
            assert len(sizes(client, image)) == 4
        again = client.ask("POST", UPDATE_PATH.format(first["id"]), form)
        assert again.status == 201
        assert client.ask("DELETE", UPDATE_PATH.format(first["id"])).status == 202
    assert list((tmp_path / "incoming").iterdir()) == []


def paths(value: Any) -> Any:
    """Take the host, which has another port after a restart, off every URL."""
    return json.loads(re.sub(r"http://127\.0\.0\.1:\d+", "", json.dumps(value)))
