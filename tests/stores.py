"""A real service on a real socket, and a merchant who uses it."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import uvicorn

from fatrina import app, server
from fatrina.actions import Services, access
from fatrina.actions.clock import Clock
from fatrina.data_directory import lock_data_directory
from fatrina.domain.access import WRITE
from fatrina.settings import Settings
from fatrina.web.http import protocol
from tests import client, sample_photos
from tests.client import Answer, Body

PREFIX: Final = "/admin/v2"
UPDATE: Final = PREFIX + "/products/images/{}"
ATTACH: Final = PREFIX + "/products/{}/images"
VIDEO: Final = PREFIX + "/products/{}/video"
PRODUCTS: Final = PREFIX + "/products"
PRODUCT: Final = PREFIX + "/products/{}"
BY_SKU: Final = PREFIX + "/products/sku/{}"
FILM: Final = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
ROLES: Final = ("original", "standard_resolution", "low_resolution", "thumbnail")
ADMIN: Final = "the-admin-of-all-tests"
BEHIND: Final = "/pictures"
"""Where the public address of the `strict` service says that the pictures are."""
_CODES: Final = count(10_000)
_DAY: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Service:
    """A service at work in this process."""

    port: int
    folder: Path
    services: Services

    def merchant(self) -> str:
        """Add a merchant that no other test has."""
        code = f"s{next(_CODES)}"
        assert access.create_merchant(self.services.database, code, Clock()())
        return code

    def token(self, merchant: str, scope: str = WRITE, milliseconds: int = _DAY) -> str:
        """Issue a token."""
        token = access.issue_token(self.services.database, merchant, scope, milliseconds, Clock()())
        assert token is not None
        return token

    def arriving(self) -> list[Path]:
        """List what is on its way in."""
        return sorted(each for each in (self.folder / "incoming").iterdir() if each.stat().st_size)

    def get(self, target: str, method: str = "GET", **headers: str) -> Answer:
        """Fetch a path, or what is behind a URL of this service."""
        path = urlsplit(target).path.removeprefix(BEHIND)
        return client.call(self.port, method, path, None, **headers)


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Service]:
    """Run a service over a folder."""
    given = Settings(**{"data": folder, "port": 0, "decoders": 1, **settings})
    with ExitStack() as stack:
        held = stack.enter_context(lock_data_directory(folder, create=True))
        listener = stack.enter_context(server.bind_socket(given))
        port = listener.getsockname()[1]
        service = stack.enter_context(app.build(given.model_copy(update={"port": port}), held))
        config = uvicorn.Config(service.app, lifespan="off", **protocol.as_uvicorn())
        uvicorn_server = uvicorn.Server(config)
        thread = threading.Thread(
            target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        thread.start()
        until(lambda: uvicorn_server.started)
        service.start()
        try:
            yield Service(port, folder, service.services)
        finally:
            uvicorn_server.should_exit = True
            thread.join()


def until(true: Any, seconds: float = 10) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant with a token that may do everything."""

    service: Service
    code: str
    token: str

    @classmethod
    def open(cls, service: Service) -> "Shop":
        """Open a shop of its own."""
        code = service.merchant()
        return cls(service, code, service.token(code))

    def call(self, method: str, target: str, body: Body | None = None, **headers: str) -> Answer:
        """Make a request with the token."""
        headers = {"authorization": f"Bearer {self.token}", **headers}
        return client.call(self.service.port, method, target, body, **headers)

    def head(self, method: str, target: str, **headers: str) -> bytes:
        """Write the head of a request with the token."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return client.head(method, target, {"Authorization": f"Bearer {self.token}", **named})

    def line(self) -> client.Line:
        """Connect."""
        return client.Line(self.service.port)

    def product(self, **fields: str) -> int:
        """Create a product."""
        answer = self.call("POST", PREFIX + "/products", client.as_json({"name": "فستان"} | fields))
        assert answer.status == 201, answer
        return int(answer.data["id"])

    def attach(self, product: int, body: Body | None = None, **fields: str | bytes) -> Any:
        """Attach an image; give what the answer says of it."""
        form = client.multipart(**({"photo": sample_photos.png()} | fields))
        answer = self.call("POST", ATTACH.format(product), body or form)
        assert answer.status == 201, answer
        return answer.data

    def attach_video(self, product: int, **fields: object) -> Any:
        """Attach a video; give what the answer says of it."""
        body = client.as_json({"video_url": FILM} | fields)
        answer = self.call("POST", VIDEO.format(product), body)
        assert answer.status == 201, answer
        return answer.data

    def update(self, image: int, body: Body | None = None, **fields: str | bytes) -> Answer:
        """Ask to update an image, by a multipart form unless a body is given."""
        return self.call("POST", UPDATE.format(image), body or client.multipart(**fields))

    def delete(self, image: int) -> Answer:
        """Delete an image."""
        return self.call("DELETE", UPDATE.format(image))

    def details(self, product: int) -> Any:
        """Give what Product Details says."""
        answer = self.call("GET", PRODUCT.format(product))
        assert answer.status == 200, answer
        return answer.data

    def order(self, product: int) -> list[int]:
        """List a product's images in their order."""
        return [image["id"] for image in self.details(product)["images"]]

    def main(self, product: int) -> list[int]:
        """List the defaults among a product's images: one, or there is no image."""
        return [image["id"] for image in self.details(product)["images"] if image["main"]]


@dataclass(slots=True)
class Hung:
    """An image on a product, and a witness of whether anything about it changes."""

    shop: Shop
    product: int
    shown: Any
    were: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def up(cls, shop: Shop, **fields: str | bytes) -> "Hung":
        """Hang an image on a new product."""
        product = shop.product()
        hung = cls(shop, product, shop.attach(product, None, **fields))
        hung.were = hung.pictures()
        return hung

    @property
    def id(self) -> int:
        return int(self.shown["id"])

    @property
    def path(self) -> str:
        return UPDATE.format(self.id)

    def urls(self) -> dict[str, str]:
        """Give the four URLs by role."""
        return {role: self.shown["image"][role]["url"] for role in ROLES}

    def pictures(self) -> dict[str, bytes]:
        """Fetch what is behind the four URLs."""
        answers = {role: self.shop.service.get(url) for role, url in self.urls().items()}
        assert {answer.status for answer in answers.values()} == {200}
        return {role: answer.body for role, answer in answers.items()}

    def head(self, size: int | str, kind: str, **headers: str) -> bytes:
        """Write the head of an update whose body has this size and kind."""
        sent = {"content_type": kind, "content_length": str(size), **headers}
        return self.shop.head("POST", self.path, **sent)

    def must_be_whole(self) -> None:
        """Fail unless the image is what it was: row, URLs and bytes, and nothing is left over."""
        image = self.shown["image"]
        assert self.shop.details(self.product)["images"] == [
            {
                "id": self.id,
                "url": image["original"]["url"],
                "main": self.shown["default"],
                "three_d_image_url": "",
                "alt": self.shown["alt_seo"] or "",
                "video_url": "",
                "type": "image",
                "sort": self.shown["sort"],
            }
        ]
        assert self.pictures() == self.were
        until(lambda: not self.shop.service.arriving())


@contextmanager
def site(pages: Mapping[str, bytes]) -> Iterator[str]:
    """Serve bytes by path on 127.0.0.1; give the base of their links."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(urlsplit(self.path).path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
