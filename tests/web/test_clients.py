"""Requests as real HTTP client libraries send them.

Those in `samples/clients` were captured from the libraries themselves, which sent `photo.png` with
`default` true, `sort` 3 and ALT, each in the words of its language; they are replayed byte for byte
but for path, host and token:

- PHP 8.2: Guzzle 7.4.5; the parts that Laravel's client hands to it; curl's extension; Symfony
  HttpClient 5.4.53 (chunked)
- .NET: MultipartFormDataContent of System.Net.Http 4.0 on Mono 6.8, names plain and in quotes
- Node.js 20.20: its own fetch; axios 1.21.1, also with form-data 4.0.6; got 14.6.6;
  needle 3.5.0; superagent 10.4.2; node-fetch 3.3.2 with form-data (chunked)
- Chromium 156: fetch with FormData
- Python 3.11: requests 2.34.2, httpx 0.28.1, aiohttp 3.14.5
- curl 7.88.1, also with `Expect: 100-continue` and a photo from its standard input

The others are forms that no current library sends any more.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import sample_photos
from tests.client import Connection, Response
from tests.stores import UPDATE_PATH, ImageInProduct, Store

SAMPLES = Path(__file__).parents[1] / "samples" / "clients"
PHOTO = (SAMPLES / "photo.png").read_bytes()
CAPTURED = sorted(path.stem for path in SAMPLES.glob("*.http"))

# Each library encodes the form {photo, sort: 3, alt: ALT} differently.

Form = tuple[str, bytes]
Parts = list[tuple[str, bytes]]
ALT = "Alt نص"
DATA = "Content-Disposition: form-data; name="
TEXTS: Parts = [(f'{DATA}"sort"', b"3"), (f'{DATA}"alt"', ALT.encode())]


class Capture(NamedTuple):
    """A captured request."""

    fields: list[bytes]
    """The header lines, without those that are specific to the capture."""
    body: bytes

    @classmethod
    def of(cls, client: str) -> "Capture":
        head, _, body = (SAMPLES / f"{client}.http").read_bytes().partition(b"\r\n\r\n")
        own = (b"host:", b"authorization:")
        lines = head.split(b"\r\n")[1:]
        return cls([each for each in lines if not each.lower().startswith(own)], body)

    def to(self, store: Store, image: int) -> bytes:
        """Return the request for an image of this service."""
        ours = store.request_head("POST", UPDATE_PATH.format(image)).removesuffix(b"\r\n")
        return ours + b"\r\n".join([*self.fields, b"", b""]) + self.body

    def form(self) -> Form:
        """Return the Content-Type and the body without chunked encoding."""
        headers = {
            each.partition(b":")[0].lower(): each.partition(b": ")[2] for each in self.fields
        }
        whole = decode_chunked(self.body) if b"transfer-encoding" in headers else self.body
        return headers[b"content-type"].decode(), whole


def decode_chunked(body: bytes) -> bytes:
    whole = b""
    while size := int(body[: body.index(b"\r\n")], 16):
        start = body.index(b"\r\n") + 2
        whole, body = whole + body[start : start + size], body[start + size + 2 :]
    return whole


def build_form(end: str, *parts: tuple[str, bytes]) -> Form:
    body = b"".join(
        f"--{end}\r\n{head}\r\n\r\n".encode("utf-8", "surrogateescape") + data + b"\r\n"
        for head, data in parts
    )
    return f"multipart/form-data; boundary={end}", body + f"--{end}--\r\n".encode()


def old_windows_form(photo: bytes) -> Form:
    """Return the form of an old client: cp1256 path as name, lower case, preamble, epilogue."""
    path = "C:\\صور\\a.png".encode("cp1256").decode("utf-8", "surrogateescape")
    file = f'{DATA.lower()}"photo"; filename="{path}"\r\ncontent-transfer-encoding: binary'
    _, body = build_form("=_end", (file, photo), *TEXTS)
    around = b"This is a multi-part message.\r\n" + body + b"and an epilogue"
    return 'Multipart/Form-Data;boundary="=_end"', around


def form_without_name_or_type(photo: bytes) -> Form:
    """Return a form whose file has neither a name nor a type."""
    return build_form("x", (f'{DATA}"photo"', photo), *TEXTS)


def form_with_type_only(photo: bytes) -> Form:
    """Return a form whose file has a type and no name, with other, unexpected files."""
    stranger = (
        f'{DATA}"file"; filename="b.png"\r\nContent-Type: image/png',
        sample_photos.png(seed=22),
    )
    nothing = (f'{DATA}"thumbnail"; filename=""\r\nContent-Type: image/png', b"")
    file = (f'{DATA}"photo"\r\nContent-Type: application/octet-stream', photo)
    return build_form("x", stranger, file, nothing, *TEXTS)


WRITTEN: dict[str, Callable[[bytes], Form]] = {
    each.__name__: each
    for each in (old_windows_form, form_without_name_or_type, form_with_type_only)
}
CLIENTS = [*CAPTURED, *WRITTEN]


def form_of(client: str) -> Form:
    return WRITTEN[client](PHOTO) if client in WRITTEN else Capture.of(client).form()


def request_head(image_in_product: ImageInProduct, kind: str, size: int) -> bytes:
    return image_in_product.store.request_head(
        "POST", image_in_product.path, content_type=kind, content_length=str(size)
    )


def check_accepted(image_in_product: ImageInProduct, connection: Connection) -> Response:
    response = connection.read_response()
    if response.status == 100:
        response = connection.read_response()
    assert (response.data["sort"], response.data["alt_seo"]) == (3, ALT)
    original = image_in_product.store.service.get(response.data["image"]["original"]["url"])
    assert original.body == PHOTO
    return response


@pytest.mark.parametrize("client", CAPTURED)
def test_captured_request(image_in_product: ImageInProduct, client: str) -> None:
    second = image_in_product.store.attach(image_in_product.product_id)
    assert not second["default"]
    with image_in_product.store.connect() as connection:
        connection.send(Capture.of(client).to(image_in_product.store, second["id"]))
        assert check_accepted(image_in_product, connection).data["default"]


@pytest.mark.parametrize("client", WRITTEN)
def test_form_of_a_client(image_in_product: ImageInProduct, client: str) -> None:
    kind, body = form_of(client)
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, kind, len(body)) + body)
        check_accepted(image_in_product, connection)


@pytest.mark.parametrize("client", CLIENTS)
def test_form_split_into_small_segments(image_in_product: ImageInProduct, client: str) -> None:
    kind, body = form_of(client)
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, kind, len(body)))
        start = body.index(PHOTO)
        # Split inside names, boundaries and the first bytes of the photo.
        end = start + len(PHOTO)
        cuts = [0, 3, start - 2, start, start + 1, start + 60, end - 1, end + 1, end + 5]
        for begin, until in pairwise([*cuts, len(body)]):
            connection.send(body[begin:until])
            image_in_product.store.service.get("/health")  # so that the chunk arrives separately
        check_accepted(image_in_product, connection)


@pytest.mark.parametrize("client", CLIENTS)
def test_form_with_chunked_encoding(image_in_product: ImageInProduct, client: str) -> None:
    kind, body = form_of(client)
    with image_in_product.store.connect() as connection:
        sent = {"content_type": kind, "transfer_encoding": "chunked", "expect": "100-continue"}
        connection.send(image_in_product.store.request_head("POST", image_in_product.path, **sent))
        assert connection.read_response().status == 100
        for at in range(0, len(body), 100):
            chunk = body[at : at + 100]
            connection.send(b"%x;name=value\r\n%b\r\n" % (len(chunk), chunk))
        connection.send(b"0\r\nTrailer: x\r\n\r\n")
        check_accepted(image_in_product, connection)


def test_browser_form_without_a_selected_file(image_in_product: ImageInProduct) -> None:
    file = f'{DATA}"photo"; filename=""\r\nContent-Type: application/octet-stream'
    kind, body = build_form("----WebKitFormBoundary", (file, b""), *TEXTS)
    with image_in_product.store.connect() as connection:
        connection.send(request_head(image_in_product, kind, len(body)) + body)
        response = connection.read_response()
    assert (response.status, response.data["image"]) == (201, image_in_product.data["image"])
    assert image_in_product.download_files() == image_in_product.initial_files
