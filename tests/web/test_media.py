"""Image URLs: immutable, conditional and range requests; no other file is served."""

from urllib.parse import urlsplit

import pytest

from fatrina.adapters.storage.local import LocalBlob
from tests import sample_photos
from tests.client import Connection, Response, encode_head, request
from tests.stores import MEDIA_PATH, ImageInProduct, Service, Store
from tests.web.error_responses import check_error

KINDS = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
}


@pytest.fixture(scope="module")
def media_file(service: Service) -> "MediaFile":
    image_in_product = ImageInProduct.create(
        Store.create(service), photo=sample_photos.png(seed=51, width=200, height=150)
    )
    return MediaFile(
        service, image_in_product.urls()["original"], image_in_product.initial_files["original"]
    )


class MediaFile:
    """The URL and bytes of one file."""

    def __init__(self, service: Service, url: str, data: bytes) -> None:
        self.service = service
        self.url = url
        self.data = data
        self.size = len(data)
        self.tag = f'"{url.rpartition("/")[2].partition(".")[0]}"'

    def get(self, method: str = "GET", **headers: str) -> Response:
        return self.service.get(self.url, method, **headers)


def test_images_are_also_served_below_the_public_path(strict_service: Service) -> None:
    url = ImageInProduct.create(Store.create(strict_service), photo=sample_photos.png()).urls()[
        "thumbnail"
    ]
    path = urlsplit(url).path
    assert path.startswith(MEDIA_PATH)
    for target in (path, path.removeprefix(MEDIA_PATH)):
        assert request(strict_service.port, "GET", target).status == 200
    assert (
        request(strict_service.port, "GET", "/other" + path.removeprefix(MEDIA_PATH)).status == 404
    )


def check_headers(response: Response, media_file: MediaFile) -> None:
    assert response.headers["etag"] == media_file.tag
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["x-request-id"]
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("kind", KINDS)
def test_content_types(store: Store, kind: str) -> None:
    photo: bytes = getattr(sample_photos, kind)(seed=52)
    image_in_product = ImageInProduct.create(store, photo=photo)
    for url in image_in_product.urls().values():
        response = image_in_product.store.service.get(url)
        assert response.headers["content-type"] == KINDS[kind]
        assert response.headers["content-length"] == str(len(response.body))


def test_no_token_is_required(media_file: MediaFile) -> None:
    response = media_file.get()
    assert (response.status, response.body) == (200, media_file.data)
    check_headers(response, media_file)


def test_head_request(media_file: MediaFile) -> None:
    response = media_file.get("HEAD")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["content-length"] == str(media_file.size)
    assert response.headers["content-type"] == "image/png"
    check_headers(response, media_file)


def test_one_connection_serves_many_requests(media_file: MediaFile) -> None:
    path = "/" + media_file.url.split("/", 3)[3]
    with Connection(media_file.service.port) as connection:
        for method in ("GET", "HEAD", "GET"):
            connection.send(encode_head(method, path, {}))
            response = connection.read_response(method)
            assert (response.status, response.body) == (
                200,
                b"" if method == "HEAD" else media_file.data,
            )


# Conditional requests


def test_if_none_match(media_file: MediaFile) -> None:
    tag = media_file.tag
    for condition in (tag, f"W/{tag}", f'"other", {tag}', f'"a","b",W/{tag} ', "*"):
        for method in ("GET", "HEAD"):
            response = media_file.get(method, if_none_match=condition)
            assert (response.status, response.body) == (304, b"")
            assert "content-length" not in response.headers
            check_headers(response, media_file)
    for condition in ('"other"', tag.strip('"'), f"{tag[:-1]}", f"{tag}x", ""):
        assert media_file.get(if_none_match=condition).status == 200


# Ranges


def get_range(media_file: MediaFile, range_header: str) -> Response:
    return media_file.get(range=range_header)


@pytest.mark.parametrize(
    ("range_header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=0-", 0, None),
        ("bytes=-1", -1, None),
        ("bytes=-100", -100, None),
        ("bytes=-99999999", 0, None),
        ("bytes=10-99999999", 10, None),
        ("Bytes=5-9", 5, 10),
        ("bytes=007-009", 7, 10),
    ],
)
def test_range(media_file: MediaFile, range_header: str, start: int, stop: int | None) -> None:
    response = get_range(media_file, range_header)
    expected = media_file.data[start:stop]
    first = start % media_file.size if start else 0
    assert (response.status, response.body) == (206, expected)
    last = first + len(expected) - 1
    assert response.headers["content-range"] == f"bytes {first}-{last}/{media_file.size}"
    assert response.headers["content-type"] == "image/png"
    check_headers(response, media_file)


@pytest.mark.parametrize(
    "range_header", ["bytes={size}-", "bytes={size}-{size}", "bytes=999999999-", "bytes=-0"]
)
def test_range_outside_of_the_file(media_file: MediaFile, range_header: str) -> None:
    response = get_range(media_file, range_header.format(size=media_file.size))
    check_error(response, 416, "range_not_satisfiable")
    assert response.headers["content-range"] == f"bytes */{media_file.size}"


@pytest.mark.parametrize(
    "range_header",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,5-6", "bytes=+1-5",
        "bytes=1 -5", "bytes 0-5", "items=0-5", "bytes=--5", "bytes=1-2-3", "bytes=0x1-5",
        "bytes=\u0661-5", "bytes=0-" + "9" * 400, "bytes=" + "9" * 400 + "-", "bytes=1.0-5",
    ],
)  # fmt: skip
def test_unsupported_ranges_are_ignored(media_file: MediaFile, range_header: str) -> None:
    response = get_range(media_file, range_header)
    assert (response.status, response.body) == (200, media_file.data)
    assert "content-range" not in response.headers


def test_range_applies_to_get_only(media_file: MediaFile) -> None:
    response = media_file.get("HEAD", range="bytes=0-9")
    assert (response.status, response.headers["content-length"]) == (200, str(media_file.size))


def test_if_range(media_file: MediaFile) -> None:
    same = media_file.get(range="bytes=0-9", if_range=media_file.tag)
    assert (same.status, same.body) == (206, media_file.data[:10])
    for condition in ('"other"', f"W/{media_file.tag}", "Sun, 06 Nov 1994 08:49:37 GMT", ""):
        response = media_file.get(range="bytes=0-9", if_range=condition)
        assert (response.status, response.body) == (200, media_file.data)


def test_not_modified_takes_precedence_over_a_range(media_file: MediaFile) -> None:
    assert media_file.get(range="bytes=0-9", if_none_match=media_file.tag).status == 304


# Files that do not exist


def test_unknown_names(media_file: MediaFile) -> None:
    base, code, name = media_file.url.rsplit("/", 2)
    assert base.startswith("http://127.0.0.1:")
    stem, extension = name.split(".")
    others = [
        f"/{code}/{stem[:-1]}{'a' if stem[-1] != 'a' else 'b'}.{extension}",
        f"/{code}/{stem}.jpg",
        f"/{code}/{stem}",
        f"/{code}/{stem}.",
        f"/{code}/{stem}.{extension}.{extension}",
        f"/{code}/{stem}.{extension}/",
        f"/{code}/{stem}.{extension}%0A",
        f"/{code}/{stem}.{extension}%00",
        f"/{code}/{stem}.{extension.upper()}",
        f"/{code}/{stem[:2]}/{name}",
        f"/{code}/{stem.swapcase()}.{extension}",
        f"/{code}x/{name}",
        f"/other/{name}",
        f"/{name}",
        f"//{code}/{name}",
        f"/{code}//{name}",
        f"/{code}",
        f"/{code}/",
    ]
    for path in others:
        check_error(media_file.service.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/shop1/../../fatrina.sqlite3", "/shop1/..%2F..%2Ffatrina.sqlite3",
        "/%2e%2e/%2e%2e/etc/passwd", "/shop1/%2e%2e%2ffatrina.sqlite3", "/..%5c..%5cwin.ini",
        "/shop1/" + "." * 40 + ".png", "/shop1/" + "..%2F" * 8 + "aaaaaaaaaaaaaaaaaaaaaaaa.png",
        "/media/", "/media/shop1/", "/incoming/", "/fatrina.sqlite3-wal", "/lock",
    ],
)  # fmt: skip
def test_no_other_file_of_the_directory_is_served(service: Service, path: str) -> None:
    check_error(service.get(path), 404, "not_found")


def test_symbolic_link_is_not_followed(media_file: MediaFile) -> None:
    """Only a user with access to the directory can create a link, but it could point outside."""
    service, name = media_file.service, "z" * 40 + ".png"
    code = media_file.url.rsplit("/", 2)[1]
    folder = service.folder / "media" / code / "zz"
    folder.mkdir()
    (folder / name).symlink_to(service.folder / "fatrina.sqlite3")
    response = service.get(f"/{code}/{name}")
    assert response.status in {404, 503}
    assert b"SQLite" not in response.body


def test_truncated_file_closes_the_connection(
    image_in_product: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = urlsplit(image_in_product.urls()["original"]).path
    size = len(image_in_product.store.service.get(path).body)
    monkeypatch.setattr(LocalBlob, "chunks", lambda *_: iter([b"x" * 9]))
    with image_in_product.store.connect() as connection:
        connection.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        response = connection.read_response("GET")
        assert connection.wait_closed()
    assert (response.headers["content-length"], response.body) == (str(size), b"x" * 9)
