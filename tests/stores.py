"""A real service on a real socket, and a merchant's store that uses it."""

import threading
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
from fatrina.domain.types import Millis
from fatrina.settings import Settings
from fatrina.web.http import protocol
from fatrina.web.image_fast_path import ImageFastPath
from tests import client, sample_photos
from tests.client import Body, Response
from tests.waiting import wait_until

PREFIX: Final = "/admin/v2"
UPDATE_PATH: Final = PREFIX + "/products/images/{}"
ATTACH_PATH: Final = PREFIX + "/products/{}/images"
VIDEO_PATH: Final = PREFIX + "/products/{}/video"
PRODUCTS_PATH: Final = PREFIX + "/products"
PRODUCT_PATH: Final = PREFIX + "/products/{}"
SKU_PATH: Final = PREFIX + "/products/sku/{}"
VIDEO_URL: Final = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
ROLES: Final = ("original", "standard_resolution", "low_resolution", "thumbnail")
ADMIN_TOKEN: Final = "the-admin-of-all-tests"
MEDIA_PATH: Final = "/pictures"
"""Path of the images in the public URL of the `strict_service` fixture."""
_MERCHANT_NUMBERS: Final = count(10_000)
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs in this process."""

    port: int
    folder: Path
    services: Services
    fast_path: ImageFastPath

    def create_merchant(self) -> str:
        """Create a merchant that no other test uses; return its code."""
        code = f"s{next(_MERCHANT_NUMBERS)}"
        assert access.create_merchant(self.services.database, code, Clock()())
        return code

    def issue_token(
        self, merchant_code: str, scope: str = WRITE, lifetime_ms: int = _DAY_MS
    ) -> str:
        """Issue a token and return it."""
        token = access.issue_token(
            self.services.database, merchant_code, scope, Millis(lifetime_ms), Clock()()
        )
        assert token is not None
        return token

    def incoming_files(self) -> list[Path]:
        """Return the non-empty files of uploads and downloads in progress."""
        return sorted(each for each in (self.folder / "incoming").iterdir() if each.stat().st_size)

    def get(self, target: str, method: str = "GET", **headers: str) -> Response:
        """Request a path or a URL of this service."""
        path = urlsplit(target).path.removeprefix(MEDIA_PATH)
        return client.request(self.port, method, path, None, **headers)


def default_database(_folder: Path) -> str:
    """Return the database of a service for which the test selects none: SQLite."""
    return ""


@contextmanager
def run_service(folder: Path, **settings: Any) -> Iterator[Service]:
    """Run a service with a data directory."""
    with ExitStack() as stack:
        if not settings.get("database"):
            settings["database"] = default_database(folder)
        service_settings = Settings(
            **{"data": folder, "port": 0, "decoders": 1, "sweep_hour": -1, **settings}
        )
        directory = stack.enter_context(lock_data_directory(service_settings, create=True))
        listener = stack.enter_context(server.bind_socket(service_settings))
        port = listener.getsockname()[1]
        service = stack.enter_context(
            app.build(service_settings.model_copy(update={"port": port}), directory)
        )
        config = uvicorn.Config(
            service.app, lifespan="off", **protocol.uvicorn_settings(service.fast_path.respond)
        )
        uvicorn_server = uvicorn.Server(config)
        thread = threading.Thread(
            target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        thread.start()
        wait_until(lambda: uvicorn_server.started)
        service.start()
        try:
            yield Service(port, folder, service.services, service.fast_path)
        finally:
            uvicorn_server.should_exit = True
            thread.join()


@dataclass(frozen=True, slots=True)
class Store:
    """A merchant with a token for all scopes."""

    service: Service
    merchant_code: str
    token: str

    @classmethod
    def create(cls, service: Service) -> "Store":
        """Create a new merchant with a token."""
        code = service.create_merchant()
        return cls(service, code, service.issue_token(code))

    def call(self, method: str, target: str, body: Body | None = None, **headers: str) -> Response:
        """Send a request with the token."""
        headers = {"authorization": f"Bearer {self.token}", **headers}
        return client.request(self.service.port, method, target, body, **headers)

    def request_head(self, method: str, target: str, **headers: str) -> bytes:
        """Return the head of a request with the token."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return client.encode_head(
            method, target, {"Authorization": f"Bearer {self.token}", **named}
        )

    def connect(self) -> client.Connection:
        """Open a connection to the service."""
        return client.Connection(self.service.port)

    def create_product(self, **fields: str) -> int:
        """Create a product and return its id."""
        response = self.call(
            "POST", PREFIX + "/products", client.encode_json({"name": "فستان"} | fields)
        )
        assert response.status == 201, response
        return int(response.data["id"])

    def attach(self, product_id: int, body: Body | None = None, **fields: str | bytes) -> Any:
        """Attach an image and return its data in the response."""
        form = client.encode_multipart(**({"photo": sample_photos.png()} | fields))
        response = self.call("POST", ATTACH_PATH.format(product_id), body or form)
        assert response.status == 201, response
        return response.data

    def attach_video(self, product_id: int, **fields: object) -> Any:
        """Attach a video and return its data in the response."""
        body = client.encode_json({"video_url": VIDEO_URL} | fields)
        response = self.call("POST", VIDEO_PATH.format(product_id), body)
        assert response.status == 201, response
        return response.data

    def update(self, image_id: int, body: Body | None = None, **fields: str | bytes) -> Response:
        """Send Update Image, with a multipart form of `fields` unless `body` is given."""
        return self.call(
            "POST", UPDATE_PATH.format(image_id), body or client.encode_multipart(**fields)
        )

    def delete(self, image_id: int) -> Response:
        """Delete an image."""
        return self.call("DELETE", UPDATE_PATH.format(image_id))

    def product_details(self, product_id: int) -> Any:
        """Return the data of Product Details."""
        response = self.call("GET", PRODUCT_PATH.format(product_id))
        assert response.status == 200, response
        return response.data

    def image_ids(self, product_id: int) -> list[int]:
        """Return the ids of a product's images in order."""
        return [image["id"] for image in self.product_details(product_id)["images"]]

    def main_image_ids(self, product_id: int) -> list[int]:
        """Return the ids of a product's default images: one, or none if it has no images."""
        return [
            image["id"] for image in self.product_details(product_id)["images"] if image["main"]
        ]


@dataclass(slots=True)
class ImageInProduct:
    """A product with one image, and the initial state of that image."""

    store: Store
    product_id: int
    data: Any
    initial_files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def create(cls, store: Store, **fields: str | bytes) -> "ImageInProduct":
        """Create a product and attach an image to it."""
        product_id = store.create_product()
        image_in_product = cls(store, product_id, store.attach(product_id, None, **fields))
        image_in_product.initial_files = image_in_product.download_files()
        return image_in_product

    @property
    def id(self) -> int:
        return int(self.data["id"])

    @property
    def path(self) -> str:
        return UPDATE_PATH.format(self.id)

    def urls(self) -> dict[str, str]:
        """Return the four URLs by role."""
        return {role: self.data["image"][role]["url"] for role in ROLES}

    def download_files(self) -> dict[str, bytes]:
        """Return the bytes of the four files by role."""
        responses = {role: self.store.service.get(url) for role, url in self.urls().items()}
        assert {response.status for response in responses.values()} == {200}
        return {role: response.body for role, response in responses.items()}

    def request_head(self, size: int | str, content_type: str, **headers: str) -> bytes:
        """Return the head of an Update Image request with this Content-Length and Content-Type."""
        sent = {"content_type": content_type, "content_length": str(size), **headers}
        return self.store.request_head("POST", self.path, **sent)

    def check_unchanged(self) -> None:
        """Check that the row, URLs and bytes are unchanged and no temporary file is left."""
        image = self.data["image"]
        assert self.store.product_details(self.product_id)["images"] == [
            {
                "id": self.id,
                "url": image["original"]["url"],
                "main": self.data["default"],
                "three_d_image_url": "",
                "alt": self.data["alt_seo"] or "",
                "video_url": "",
                "type": "image",
                "sort": self.data["sort"],
            }
        ]
        assert self.download_files() == self.initial_files
        wait_until(lambda: not self.store.service.incoming_files())


@contextmanager
def serve_files(files: Mapping[str, bytes]) -> Iterator[str]:
    """Serve files by path on 127.0.0.1; yield the base of their URLs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(urlsplit(self.path).path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
