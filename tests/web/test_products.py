"""Product endpoints: create with images, find by SKU, list, update, delete."""

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from fatrina.domain.access import READ
from tests import sample_photos
from tests.client import Body, Response, encode_json, encode_multipart, encode_urlencoded, request
from tests.stores import (
    ATTACH_PATH,
    PRODUCT_PATH,
    PRODUCTS_PATH,
    ROLES,
    SKU_PATH,
    ImageInProduct,
    Service,
    Store,
)
from tests.web.error_responses import check_error


def list_products(store: Store, **query: object) -> Response:
    return store.call("GET", f"{PRODUCTS_PATH}?{urlencode(query)}")


def product_names(response: Response) -> list[str]:
    return [product["name"] for product in response.data]


# Create with images


def test_create_product_with_images(store: Store, photos: str) -> None:
    images = [
        {"original": f"{photos}/a.png", "alt": "one"},
        {"original": f" {photos}/b.jpg", "default": True, "sort": 0.5, "thumbnail": "ignored"},
    ]
    sent = {"name": "ثوب", "sku": 1200, "images": images, "price": 5, "colour": "blue"}
    response = store.call("POST", PRODUCTS_PATH, encode_json(sent))
    assert (response.status, response.data["sku"], response.data["status"]) == (201, "1200", "sale")
    assert response.data == store.product_details(response.data["id"])
    assert response.headers["fatrina-ignored"] == "colour, images.thumbnail"
    summaries = [(each["alt"], each["main"], each["sort"]) for each in response.data["images"]]
    assert summaries == [("", True, 0.5), ("one", False, 1)]
    for image in response.data["images"]:
        assert store.service.get(image["url"]).status == 200


@pytest.mark.parametrize(
    ("images", "faults"),
    [
        ("x", {"images": "not_list"}),
        ({}, {"images": "not_list"}),
        (["x"], {"images.0": "not_object"}),
        ([{}], {"images.0.original": "required"}),
        ([{"original": ""}], {"images.0.original": "required"}),
        ([{"original": 5}], {"images.0.original": "link_malformed"}),
        ([{"original": "GOOD"}, {"original": "no link"}], {"images.1.original": "link_malformed"}),
        ([{"original": "GOOD"}, {"original": "BAD"}], {"images.1.original": "link_not_found"}),
        ([{"original": "GOOD"}, {"original": "PAGE"}], {"images.1.original": "link_is_page"}),
        ([{"original": "GOOD"}] * 11, {"product": "gallery_full"}),
        (
            [{"original": "GOOD", "alt": 5, "sort": "x"}, {"default": "maybe"}],
            {
                "images.0.sort": "not_number",
                "images.0.alt": "not_string",
                "images.1.default": "not_boolean",
                "images.1.original": "required",
            },
        ),
    ],
)
def test_invalid_images_are_rejected(
    store: Store, photos: str, images: Any, faults: dict[str, str]
) -> None:
    links = {"GOOD": f"{photos}/a.png", "BAD": f"{photos}/none", "PAGE": f"{photos}/page.html"}
    if isinstance(images, list):
        images = [
            each | {"original": links.get(str(each["original"]), each["original"])}
            if isinstance(each, dict) and "original" in each
            else each
            for each in images
        ]
    stored = {listed.key for listed in store.service.services.storage.list()}
    response = store.call("POST", PRODUCTS_PATH, encode_json({"name": "x", "images": images}))
    check_error(response, 422, ", ".join(dict.fromkeys(faults.values())))
    assert list(response.json["error"]["fields"]) == [*faults]
    assert list_products(store).data == []
    left = {each.key for each in store.service.services.storage.list()}
    assert not {key for key in left - stored if key.startswith(f"{store.merchant_code}/")}


@pytest.mark.parametrize(
    "body", [encode_multipart(name="x", images="y"), encode_urlencoded(name="x", images="")]
)
def test_images_require_json(store: Store, body: Body) -> None:
    check_error(store.call("POST", PRODUCTS_PATH, body), 422, "not_list")


@pytest.mark.parametrize(
    ("sku", "expected"),
    [(5, "5"), (0, "0"), ("0012", "0012"), (None, ""), ("", ""), (2**70, str(2**70))],
)
def test_skus_as_json_numbers(store: Store, sku: object, expected: str) -> None:
    response = store.call("POST", PRODUCTS_PATH, encode_json({"name": "x", "sku": sku}))
    assert response.data["sku"] == expected


@pytest.mark.parametrize("sku", [1.5, True, [], {}])
def test_json_values_that_are_not_skus(store: Store, sku: object) -> None:
    response = store.call("POST", PRODUCTS_PATH, encode_json({"name": "x", "sku": sku}))
    check_error(response, 422, "not_string")


# By SKU

SKUS = ["A-1", "1.2.3", ".hidden", "س 1", "a+b", "100%", "a?b#c", "é", "images", "sku", "5", "'"]
SKUS += ["AB/12", "/", "a/images", "a%2Fb", "../a"]


@pytest.mark.parametrize("sku", SKUS)
def test_sku_in_the_path(store: Store, sku: str) -> None:
    product = store.create_product(sku=sku)
    path = SKU_PATH.format(quote(sku, safe=""))
    assert store.call("GET", path).data["id"] == product
    image = store.call("POST", f"{path}/images", encode_multipart(photo=sample_photos.png()))
    assert (image.status, image.json["status"]) == (200, 201)
    assert {store.service.get(image.data["image"][role]["url"]).status for role in ROLES} == {200}
    assert store.image_ids(product) == [image.data["id"]]


def test_unencoded_slash_ends_a_sku(store: Store) -> None:
    store.create_product(sku="A/images")
    path = SKU_PATH.format("A/images")
    error_response = store.call("GET", path)
    check_error(error_response, 405, "method_not_allowed")
    assert error_response.headers["allow"] == "POST"
    check_error(store.call("POST", path), 404, "not_found")  # no product has the SKU "A"
    for bare in ("A/", "/A", ""):
        check_error(store.call("GET", SKU_PATH.format(bare)), 404, "not_found")
    for deeper in ("A/B", "A%2FB/C"):
        check_error(store.call("GET", SKU_PATH.format(deeper)), 501, "not_emulated")


@pytest.mark.parametrize(
    "sku", ["B", "a", "A%20", "%00", "%0A", "A%0A", "%FF", "x" * 3000, "A%2FB"]
)
def test_unknown_skus(store: Store, sku: str) -> None:
    store.create_product(sku="A")
    check_error(store.call("GET", SKU_PATH.format(sku)), 404, "not_found")
    for below in ("images", "videos"):
        check_error(store.call("POST", SKU_PATH.format(sku) + f"/{below}"), 404, "not_found")


def test_sku_of_another_merchant_is_unknown(service: Service, store: Store) -> None:
    Store.create(service).create_product(sku="A")
    check_error(store.call("GET", SKU_PATH.format("A")), 404, "not_found")


# Lists


def test_pages(store: Store) -> None:
    for number in range(5):
        store.create_product(name=f"n{number}")
    response = list_products(store, per_page=2, page=2, keyword="n")
    assert product_names(response) == ["n2", "n1"]
    pagination = response.json["pagination"]
    links = pagination.pop("links")
    assert pagination == {
        "count": 2, "total": 5, "perPage": 2, "currentPage": 2, "totalPages": 3,
    }  # fmt: skip
    base = f"http://127.0.0.1:{store.service.port}{PRODUCTS_PATH}?per_page=2&page="
    assert links == {"next": f"{base}3&keyword=n", "previous": f"{base}1&keyword=n"}
    for name, expected in (("next", ["n0"]), ("previous", ["n4", "n3"])):
        url = urlsplit(links[name])
        neighbour = store.call("GET", f"{url.path}?{url.query}")
        assert product_names(neighbour) == expected
        assert list(neighbour.json["pagination"]["links"]) == [
            "previous" if name == "next" else "next"
        ]


def test_page_after_the_last_is_empty(store: Store) -> None:
    store.create_product()
    for page in (2, 2**31 - 1):
        response = list_products(store, page=page)
        assert (response.status, response.data) == (200, [])
        pagination = response.json["pagination"]
        assert (pagination["count"], pagination["total"]) == (0, 1)


@pytest.mark.parametrize("name", ["page", "per_page"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("0", "out_of_range"),
        ("00", "out_of_range"),
        ("4294967296", "out_of_range"),
        ("abc", "not_integer"),
        ("-1", "not_integer"),
        ("1.0", "not_integer"),
        ("+1", "not_integer"),
        ("٣", "not_integer"),
        ("1" * 21, "not_integer"),
        ("1 ", "not_integer"),
    ],
)
def test_invalid_pages_are_rejected(store: Store, name: str, value: str, reason: str) -> None:
    response = list_products(store, **{name: value})
    check_error(response, 422, reason)
    assert list(response.json["error"]["fields"]) == [name]


def test_at_most_sixty_per_page(store: Store) -> None:
    for size in (60, 61, 100, 2**31 - 1):
        assert list_products(store, per_page=size).json["pagination"]["perPage"] == 60
    assert list_products(store, per_page="", page="").json["pagination"]["perPage"] == 15


@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        ("%", ["100%"]),
        ("_", ["a_b"]),
        ("صبا", ["مصباح"]),
        ("S-1", ["a_b"]),
        ("\\", []),
        ("", ["مصباح", "100%", "a_b"]),
        ("\ufffd", []),
    ],
)
def test_keywords(store: Store, keyword: str, found: list[str]) -> None:
    store.create_product(name="a_b", sku="s-1")
    store.create_product(name="100%")
    store.create_product(name="مصباح")
    assert product_names(list_products(store, keyword=keyword)) == found


FOLDED = {
    "Straße": ["STRASSE", "strasse", "straße", "STRAẞE"],
    "ΣΊΓΜΑΣ": ["σίγμας", "σίγμασ", "ίγμ"],
    "Лампа": ["лампа", "ЛАМПА", "амп"],
    "ÉCLAIR": ["éclair", "e\u0301clair", "ÉCL"],
    "İstanbul": ["i̇stanbul", "İSTANBUL", "STANBUL"],
    "ﷺ ﻣﺼﺒﺎﺡ": ["مصباح", "صلى"],
    "\uff2c\uff21\uff2d\uff30 \u2163": ["lamp", "iv", "\uff4c\uff41\uff4d\uff50"],
    "ﬁne 50%_ㅎ": ["FINE", "%_", "50%"],
    "ᲒᲔᲝᲠᲒᲘ": ["გეორგი"],
    "𐐀𐐁": ["𐐨𐐩"],
    "ꭰꮎ": ["\u13a0"],
}


@pytest.mark.parametrize("name", FOLDED)
def test_keyword_search_supports_any_script_and_ignores_case(store: Store, name: str) -> None:
    other = store.create_product(name="other", sku="x")
    for keyword in [*FOLDED[name], name, name.upper(), name.lower(), name.casefold()]:
        assert product_names(list_products(store, keyword=keyword)) == []
    store.create_product(name=name)
    for keyword in [*FOLDED[name], name, name.upper(), name.lower(), name.casefold()]:
        assert product_names(list_products(store, keyword=keyword)) == [name], keyword
    store.call("PUT", PRODUCT_PATH.format(other), encode_json({"sku": name}))
    for keyword in FOLDED[name]:
        assert product_names(list_products(store, keyword=keyword)) == [name, "other"], keyword
    store.call("PUT", PRODUCT_PATH.format(other), encode_json({"sku": ""}))
    assert product_names(list_products(store, keyword=name)) == [name]


def test_keyword_does_not_span_name_and_sku(store: Store) -> None:
    store.create_product(name="lamp", sku="red")
    for keyword in ("lampred", "lamp red", "pr", "p r"):
        assert product_names(list_products(store, keyword=keyword)) == []


@pytest.mark.parametrize("letter", ["ﷺ", "%", "_", "/", "\U0001f468", "ΐ"])
def test_longest_keyword(store: Store, letter: str) -> None:
    store.create_product(name=letter * 500)
    assert product_names(list_products(store, keyword=letter * 500)) == [letter * 500]


@pytest.mark.parametrize(
    ("query", "reason"), [("x" * 501, "text_too_long"), ("a%00", "control_character")]
)
def test_invalid_keywords_are_rejected(store: Store, query: str, reason: str) -> None:
    check_error(store.call("GET", f"{PRODUCTS_PATH}?keyword={query}"), 422, reason)


def test_light_list_has_no_images(image_in_product: ImageInProduct) -> None:
    (whole,) = list_products(image_in_product.store).data
    assert whole == image_in_product.store.product_details(image_in_product.product_id)
    (light,) = list_products(image_in_product.store, format="light").data
    shared = light.keys() & whole.keys() - {"brand", "tags", "quantity"}
    assert {name: light[name] for name in shared} == {name: whole[name] for name in shared}
    assert light.keys() - shared == {
        *("brand", "category", "has_options", "has_special_price", "image", "is_taxable"),
        *("quantity", "tags"),
    }
    assert list_products(image_in_product.store, format="heavy").data == [whole]


def test_scopes(service: Service, image_in_product: ImageInProduct) -> None:
    reading = f"Bearer {service.issue_token(image_in_product.store.merchant_code, READ)}"
    image_in_product.store.call(
        "PUT", PRODUCT_PATH.format(image_in_product.product_id), encode_json({"sku": "A"})
    )
    for path in (
        PRODUCTS_PATH,
        PRODUCT_PATH.format(image_in_product.product_id),
        SKU_PATH.format("A"),
    ):
        assert image_in_product.store.call("GET", path, authorization=reading).status == 200
        check_error(request(service.port, "GET", path), 401, "invalid_token")
    for method, path in (
        ("POST", PRODUCTS_PATH),
        ("PUT", PRODUCT_PATH.format(image_in_product.product_id)),
        ("DELETE", PRODUCT_PATH.format(image_in_product.product_id)),
        ("POST", SKU_PATH.format("A") + "/images"),
        ("POST", SKU_PATH.format("A") + "/videos"),
    ):
        check_error(
            image_in_product.store.call(method, path, authorization=reading),
            401,
            "insufficient_scope",
        )
    image_in_product.check_unchanged()


# Update and delete


def fixed(product: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a product that do not follow from its name or the time."""
    changing = ("updated_at", "url", "urls")
    return {name: value for name, value in product.items() if name not in changing}


@pytest.mark.parametrize("way", [encode_json, lambda each: encode_multipart(**each)])
def test_update_changes_only_the_given_fields(image_in_product: ImageInProduct, way: Any) -> None:
    path, before = (
        PRODUCT_PATH.format(image_in_product.product_id),
        image_in_product.store.product_details(image_in_product.product_id),
    )
    response = image_in_product.store.call("PUT", path, way({"sku": "A-1"}))
    assert (response.status, fixed(response.data)) == (201, fixed(before | {"sku": "A-1"}))
    response = image_in_product.store.call("PUT", path, way({"name": "Vase"}))
    assert fixed(response.data) == fixed(before | {"name": "Vase", "sku": "A-1"})
    assert response.data == image_in_product.store.product_details(image_in_product.product_id)
    assert image_in_product.store.call("PUT", path).data == response.data
    assert image_in_product.store.call("PUT", path, way({"sku": ""})).data["sku"] == ""
    image_in_product.check_unchanged()


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"name": ""}, "required"),
        ({"name": 5}, "not_string"),
        ({"sku": "taken"}, "sku_taken"),
        ({"sku": "x" * 121, "name": "a\0"}, "control_character, text_too_long"),
    ],
)
def test_invalid_changes_are_rejected(
    store: Store, fields: dict[str, object], reasons: str
) -> None:
    store.create_product(sku="taken")
    product = store.create_product(sku="mine")
    before = store.product_details(product)
    check_error(store.call("PUT", PRODUCT_PATH.format(product), encode_json(fields)), 422, reasons)
    assert store.product_details(product) == before


def test_deleted_product_is_gone(image_in_product: ImageInProduct) -> None:
    store, path = image_in_product.store, PRODUCT_PATH.format(image_in_product.product_id)
    store.call("PUT", path, encode_json({"sku": "A-1"}))
    assert store.call("DELETE", path).status == 202
    for method, target in (
        ("DELETE", path),
        ("GET", path),
        ("PUT", path),
        ("GET", SKU_PATH.format("A-1")),
        ("POST", ATTACH_PATH.format(image_in_product.product_id)),
        ("POST", image_in_product.path),
        ("DELETE", image_in_product.path),
    ):
        check_error(store.call(method, target), 404, "not_found")
    assert list_products(store).data == []
    assert image_in_product.download_files() == image_in_product.initial_files
    assert store.create_product(sku="A-1") != image_in_product.product_id


def test_unknown_product_is_rejected_before_the_body(service: Service, store: Store) -> None:
    others = Store.create(service).create_product()
    for method, path in (("PUT", PRODUCT_PATH.format(others)), ("PUT", PRODUCT_PATH.format("٣"))):
        with store.connect() as connection:
            connection.send(store.request_head(method, quote(path), content_length="50000"))
            check_error(connection.read_response(), 404, "not_found")
