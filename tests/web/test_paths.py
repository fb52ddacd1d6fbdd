"""Paths and methods: an id has exactly one notation; every other one returns 404."""

from urllib.parse import quote

import pytest

from tests import client, sample_photos
from tests.client import encode_multipart
from tests.stores import PREFIX, ImageInProduct, Service, Store
from tests.web.error_responses import check_error


def id_notations(image: int) -> list[str]:
    """Return notations of an id that `int` or parsers of other languages accept."""
    digits = str(image)
    ways = [f"+{digits}", f"%2B{digits}", f"%20{digits}", f"{digits}%20", f"00{digits}"]
    ways += [f"-{digits}", f"{digits}.0", f"{digits}e0", f"{digits}%0A", f"{digits}%00"]
    ways += [f"%09{digits}", f"%00{digits}", f"{digits},", f"{digits};a", f"0_{digits}"]
    numbers = [image + 2**31, image + 2**32, image + 2**64, int("9" * 4000), -image]
    scripts = ["".join(chr(zero + int(digit)) for digit in digits) for zero in (0x0660, 0xFF10)]
    return [
        *ways,
        *map(str, numbers),
        *(quote(text) for text in scripts),
        f"{image // 10}_{image % 10}",
        f"0x{image:x}",
    ]


@pytest.mark.parametrize("at", range(len(id_notations(1))))
def test_id_has_one_notation(image_in_product: ImageInProduct, at: int) -> None:
    spelling = id_notations(image_in_product.id)[at]
    for method in ("POST", "DELETE"):
        path = f"{PREFIX}/products/images/{spelling}"
        check_error(
            image_in_product.store.call(method, path, encode_multipart(photo=sample_photos.png())),
            404,
            "not_found",
        )
    image_in_product.check_unchanged()


@pytest.mark.parametrize(
    "identifier",
    [
        "0",
        "1",
        "2147483647",
        "2147483648",
        "4294967296",
        "",
        "/",
        "abc",
        "%",
        "%zz",
        "..",
        "%2e%2e",
        "None",
    ],
)
def test_unknown_ids(store: Store, identifier: str) -> None:
    for path in ("/products/images/{}", "/products/{}/images"):
        target = PREFIX + path.format(identifier)
        check_error(
            store.call("POST", target, encode_multipart(photo=sample_photos.png())),
            404,
            "not_found",
        )


def test_percent_encoded_id(image_in_product: ImageInProduct) -> None:
    encoded = "".join(f"%{ord(digit):02X}" for digit in str(image_in_product.id))
    path = f"{PREFIX}/products/images/{encoded}?query=ignored"
    assert (
        image_in_product.store.call(
            "POST", path, encode_multipart(photo=sample_photos.jpeg())
        ).status
        == 201
    )


UNKNOWN_PATHS = """
    // /* /admin /admin/v2 /admin/v2/ /admin/v2/products/ /admin/v3/products
    /ADMIN/v2/products /admin/v2/products/5/images/ /admin/v2/products/images/5/
    /admin/v2/products/images/5%2F /admin/v2//products/images/5 /admin/v2/../../health
    /admin/v2/products%0A /admin/v2/products/5/images%0A /health%0A /health/ /ready/ /metrics%00
    /media /incoming /fatrina.sqlite3 /lock /.env /favicon.ico /robots.txt /redoc /%ff%fe
    /docs/assets/ /docs/assets/../x /docs/assets/%2e%2e/__init__.py /docs/assets/%00
""".split()  # noqa: SIM905  much shorter


@pytest.mark.parametrize("path", UNKNOWN_PATHS)
def test_unknown_paths(store: Store, path: str) -> None:
    check_error(store.call("GET", path), 404, "not_found")
    if path == "/docs/assets/":  # the folder exists, and has no POST
        check_error(store.call("POST", path), 405, "method_not_allowed")
    else:
        check_error(store.call("POST", path), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (PREFIX + "/products/images/5", "DELETE, GET, HEAD, POST"),
        (PREFIX + "/products/5/images", "POST"),
        (PREFIX + "/products/5/video", "POST"),
        (PREFIX + "/products/sku/5/images", "POST"),
        (PREFIX + "/products/sku/5/videos", "POST"),
        (PREFIX + "/products/sku/5", "DELETE, GET, HEAD, PUT"),
        (PREFIX + "/products", "GET, HEAD, POST"),
        (PREFIX + "/products/5", "DELETE, GET, HEAD, PUT"),
        ("/", "GET, HEAD"),
        ("/health", "GET, HEAD"),
        ("/ready", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/shop1/" + "a" * 40 + ".png", "GET, HEAD"),
    ],
)
def test_methods_that_are_not_allowed(store: Store, path: str, allow: str) -> None:
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PROPFIND", "TRACE"}
    for method in methods - set(allow.split(", ")):
        response = store.call(method, path)
        check_error(response, 405, "method_not_allowed")
        assert response.headers["allow"] == allow


@pytest.mark.parametrize("path", [PREFIX + "/products/5/images", PREFIX + "/products/5/video"])
def test_head_is_not_allowed(store: Store, path: str) -> None:
    response = store.call("HEAD", path)
    assert (response.status, response.body, response.reasons) == (405, b"", "method_not_allowed")


def test_head_of_details(image_in_product: ImageInProduct) -> None:
    path = f"{PREFIX}/products/{image_in_product.product_id}"
    found, get_response = (
        image_in_product.store.call("HEAD", path),
        image_in_product.store.call("GET", path),
    )
    assert (found.status, found.body) == (200, b"")
    assert found.headers["content-length"] == str(len(get_response.body))


def test_methods_are_case_sensitive(image_in_product: ImageInProduct) -> None:
    check_error(
        image_in_product.store.call("delete", image_in_product.path), 400, "malformed_request"
    )
    image_in_product.check_unchanged()


@pytest.mark.parametrize(
    "header",
    ["X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE", "X-Original-Url: /health"],
)
def test_no_header_overrides_the_method_or_path(
    image_in_product: ImageInProduct, header: str
) -> None:
    head = image_in_product.store.request_head("POST", image_in_product.path, content_length="0")
    with image_in_product.store.connect() as connection:
        connection.send(head.replace(b"\r\n\r\n", f"\r\n{header}\r\n\r\n".encode()))
        check_error(connection.read_response(), 422, "required")
    image_in_product.check_unchanged()


# Request ids


def test_valid_request_id_is_kept(service: Service) -> None:
    response = client.request(service.port, "GET", "/health", x_request_id="abc-DEF_1.2")
    assert response.headers.get_all("x-request-id") == ["abc-DEF_1.2"]


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "ä", "<script>", "a;b", "a,b"])
def test_invalid_request_id_is_replaced(service: Service, given: str) -> None:
    response = client.request(service.port, "GET", "/health", x_request_id=given)
    (name,) = response.headers.get_all("x-request-id") or []
    assert name != given
    assert (len(name), name.isalnum()) == (16, True)
