"""Products over the socket: with images, by SKU, in pages, changed and removed."""

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from fatrina.domain.access import READ
from tests import sample_photos
from tests.client import Answer, Body, as_json, call, multipart, urlencoded
from tests.stores import ATTACH, BY_SKU, PRODUCT, PRODUCTS, ROLES, Hung, Service, Shop
from tests.web.error_responses import must_refuse


def listed(shop: Shop, **query: object) -> Answer:
    return shop.call("GET", f"{PRODUCTS}?{urlencode(query)}")


def names(answer: Answer) -> list[str]:
    return [product["name"] for product in answer.data]


# Create with images


def test_a_product_with_images(shop: Shop, photos: str) -> None:
    images = [
        {"original": f"{photos}/a.png", "alt": "one"},
        {"original": f" {photos}/b.jpg", "default": True, "sort": 0.5, "thumbnail": "ignored"},
    ]
    sent = {"name": "ثوب", "sku": 1200, "images": images, "price": 5}
    answer = shop.call("POST", PRODUCTS, as_json(sent))
    assert (answer.status, answer.data["sku"], answer.data["status"]) == (201, "1200", "sale")
    assert answer.data == shop.details(answer.data["id"])
    told = [(each["alt"], each["main"], each["sort"]) for each in answer.data["images"]]
    assert told == [("", True, 0.5), ("one", False, 1)]
    for image in answer.data["images"]:
        assert shop.service.get(image["url"]).status == 200


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
def test_images_that_cannot_be(
    shop: Shop, photos: str, images: Any, faults: dict[str, str]
) -> None:
    links = {"GOOD": f"{photos}/a.png", "BAD": f"{photos}/none", "PAGE": f"{photos}/page.html"}
    if isinstance(images, list):
        images = [
            each | {"original": links.get(str(each["original"]), each["original"])}
            if isinstance(each, dict) and "original" in each
            else each
            for each in images
        ]
    stored = {listed.key for listed in shop.service.services.storage.list()}
    answer = shop.call("POST", PRODUCTS, as_json({"name": "x", "images": images}))
    must_refuse(answer, 422, ", ".join(dict.fromkeys(faults.values())))
    assert list(answer.json["error"]["fields"]) == [*faults]
    assert listed(shop).data == []
    left = {each.key for each in shop.service.services.storage.list()}
    assert not {key for key in left - stored if key.startswith(f"{shop.code}/")}


@pytest.mark.parametrize("body", [multipart(name="x", images="y"), urlencoded(name="x", images="")])
def test_images_come_as_json_alone(shop: Shop, body: Body) -> None:
    must_refuse(shop.call("POST", PRODUCTS, body), 422, "not_list")


@pytest.mark.parametrize(
    ("sku", "shown"),
    [(5, "5"), (0, "0"), ("0012", "0012"), (None, ""), ("", ""), (2**70, str(2**70))],
)
def test_skus_as_json_numbers(shop: Shop, sku: object, shown: str) -> None:
    answer = shop.call("POST", PRODUCTS, as_json({"name": "x", "sku": sku}))
    assert answer.data["sku"] == shown


@pytest.mark.parametrize("sku", [1.5, True, [], {}])
def test_json_values_that_are_no_sku(shop: Shop, sku: object) -> None:
    answer = shop.call("POST", PRODUCTS, as_json({"name": "x", "sku": sku}))
    must_refuse(answer, 422, "not_string")


# By SKU

SKUS = ["A-1", "1.2.3", ".hidden", "س 1", "a+b", "100%", "a?b#c", "é", "images", "sku", "5", "'"]
SKUS += ["AB/12", "/", "a/images", "a%2Fb", "../a"]


@pytest.mark.parametrize("sku", SKUS)
def test_a_sku_in_a_path(shop: Shop, sku: str) -> None:
    product = shop.product(sku=sku)
    path = BY_SKU.format(quote(sku, safe=""))
    assert shop.call("GET", path).data["id"] == product
    image = shop.call("POST", f"{path}/images", multipart(photo=sample_photos.png()))
    assert (image.status, image.json["status"]) == (200, 201)
    assert {shop.service.get(image.data["image"][role]["url"]).status for role in ROLES} == {200}
    assert shop.order(product) == [image.data["id"]]


def test_a_bare_slash_ends_a_sku(shop: Shop) -> None:
    shop.product(sku="A/images")
    path = BY_SKU.format("A/images")
    refused = shop.call("GET", path)
    must_refuse(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "POST"
    must_refuse(shop.call("POST", path), 404, "not_found")  # no product has the SKU "A"
    for bare in ("A/", "/A", "A/B", "A%2FB/C", ""):
        must_refuse(shop.call("GET", BY_SKU.format(bare)), 404, "not_found")


@pytest.mark.parametrize(
    "sku", ["B", "a", "A%20", "%00", "%0A", "A%0A", "%FF", "x" * 3000, "A%2FB"]
)
def test_skus_that_nothing_has(shop: Shop, sku: str) -> None:
    shop.product(sku="A")
    must_refuse(shop.call("GET", BY_SKU.format(sku)), 404, "not_found")
    for below in ("images", "videos"):
        must_refuse(shop.call("POST", BY_SKU.format(sku) + f"/{below}"), 404, "not_found")


def test_anothers_sku_is_no_sku(service: Service, shop: Shop) -> None:
    Shop.open(service).product(sku="A")
    must_refuse(shop.call("GET", BY_SKU.format("A")), 404, "not_found")


# Lists


def test_pages(shop: Shop) -> None:
    for number in range(5):
        shop.product(name=f"n{number}")
    answer = listed(shop, per_page=2, page=2, keyword="n")
    assert names(answer) == ["n2", "n1"]
    pagination = answer.json["pagination"]
    links = pagination.pop("links")
    assert pagination == {
        "count": 2, "total": 5, "perPage": 2, "currentPage": 2, "totalPages": 3,
    }  # fmt: skip
    base = f"http://127.0.0.1:{shop.service.port}{PRODUCTS}?per_page=2&page="
    assert links == {"next": f"{base}3&keyword=n", "previous": f"{base}1&keyword=n"}
    for name, shown in (("next", ["n0"]), ("previous", ["n4", "n3"])):
        url = urlsplit(links[name])
        neighbour = shop.call("GET", f"{url.path}?{url.query}")
        assert names(neighbour) == shown
        assert list(neighbour.json["pagination"]["links"]) == [
            "previous" if name == "next" else "next"
        ]


def test_a_page_behind_the_last_is_empty(shop: Shop) -> None:
    shop.product()
    for page in (2, 2**31 - 1):
        answer = listed(shop, page=page)
        assert (answer.status, answer.data) == (200, [])
        pagination = answer.json["pagination"]
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
def test_pages_that_cannot_be(shop: Shop, name: str, value: str, reason: str) -> None:
    answer = listed(shop, **{name: value})
    must_refuse(answer, 422, reason)
    assert list(answer.json["error"]["fields"]) == [name]


def test_sixty_at_most(shop: Shop) -> None:
    must_refuse(listed(shop, per_page=61), 422, "out_of_range")
    assert listed(shop, per_page=60).json["pagination"]["perPage"] == 60
    assert listed(shop, per_page="", page="").json["pagination"]["perPage"] == 15


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
def test_keywords(shop: Shop, keyword: str, found: list[str]) -> None:
    shop.product(name="a_b", sku="s-1")
    shop.product(name="100%")
    shop.product(name="مصباح")
    assert names(listed(shop, keyword=keyword)) == found


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
def test_a_keyword_is_found_in_any_script_and_case(shop: Shop, name: str) -> None:
    other = shop.product(name="other", sku="x")
    for keyword in [*FOLDED[name], name, name.upper(), name.lower(), name.casefold()]:
        assert names(listed(shop, keyword=keyword)) == []
    shop.product(name=name)
    for keyword in [*FOLDED[name], name, name.upper(), name.lower(), name.casefold()]:
        assert names(listed(shop, keyword=keyword)) == [name], keyword
    shop.call("PUT", PRODUCT.format(other), as_json({"sku": name}))
    for keyword in FOLDED[name]:
        assert names(listed(shop, keyword=keyword)) == [name, "other"], keyword
    shop.call("PUT", PRODUCT.format(other), as_json({"sku": ""}))
    assert names(listed(shop, keyword=name)) == [name]


def test_a_keyword_does_not_reach_from_the_name_into_the_sku(shop: Shop) -> None:
    shop.product(name="lamp", sku="red")
    for keyword in ("lampred", "lamp red", "pr", "p r"):
        assert names(listed(shop, keyword=keyword)) == []


@pytest.mark.parametrize("letter", ["ﷺ", "%", "_", "/", "\U0001f468", "ΐ"])
def test_the_longest_keyword_is_found(shop: Shop, letter: str) -> None:
    shop.product(name=letter * 500)
    assert names(listed(shop, keyword=letter * 500)) == [letter * 500]


@pytest.mark.parametrize(
    ("query", "reason"), [("x" * 501, "text_too_long"), ("a%00", "control_character")]
)
def test_keywords_that_cannot_be(shop: Shop, query: str, reason: str) -> None:
    must_refuse(shop.call("GET", f"{PRODUCTS}?keyword={query}"), 422, reason)


def test_a_light_list_leaves_the_images_out(hung: Hung) -> None:
    (whole,) = listed(hung.shop).data
    assert whole == hung.shop.details(hung.product)
    (light,) = listed(hung.shop, format="light").data
    assert light == {name: value for name, value in whole.items() if name != "images"}
    assert listed(hung.shop, format="heavy").data == [whole]


def test_scopes(service: Service, hung: Hung) -> None:
    reading = f"Bearer {service.token(hung.shop.code, READ)}"
    hung.shop.call("PUT", PRODUCT.format(hung.product), as_json({"sku": "A"}))
    for path in (PRODUCTS, PRODUCT.format(hung.product), BY_SKU.format("A")):
        assert hung.shop.call("GET", path, authorization=reading).status == 200
        must_refuse(call(service.port, "GET", path), 401, "invalid_token")
    for method, path in (
        ("POST", PRODUCTS),
        ("PUT", PRODUCT.format(hung.product)),
        ("DELETE", PRODUCT.format(hung.product)),
        ("POST", BY_SKU.format("A") + "/images"),
        ("POST", BY_SKU.format("A") + "/videos"),
    ):
        must_refuse(hung.shop.call(method, path, authorization=reading), 401, "insufficient_scope")
    hung.must_be_whole()


# Change and remove


@pytest.mark.parametrize("way", [as_json, lambda each: multipart(**each)])
def test_what_is_mentioned_changes(hung: Hung, way: Any) -> None:
    path, before = PRODUCT.format(hung.product), hung.shop.details(hung.product)
    answer = hung.shop.call("PUT", path, way({"sku": "A-1"}))
    assert (answer.status, answer.data) == (201, before | {"sku": "A-1"})
    answer = hung.shop.call("PUT", path, way({"name": "Vase"}))
    assert answer.data == before | {"name": "Vase", "sku": "A-1"} == hung.shop.details(hung.product)
    assert hung.shop.call("PUT", path).data == answer.data
    assert hung.shop.call("PUT", path, way({"sku": ""})).data["sku"] == ""
    hung.must_be_whole()


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"name": ""}, "required"),
        ({"name": 5}, "not_string"),
        ({"sku": "taken"}, "sku_taken"),
        ({"sku": "x" * 121, "name": "a\0"}, "control_character, text_too_long"),
    ],
)
def test_changes_that_cannot_be(shop: Shop, fields: dict[str, object], reasons: str) -> None:
    shop.product(sku="taken")
    product = shop.product(sku="mine")
    before = shop.details(product)
    must_refuse(shop.call("PUT", PRODUCT.format(product), as_json(fields)), 422, reasons)
    assert shop.details(product) == before


def test_a_removed_product(hung: Hung) -> None:
    shop, path = hung.shop, PRODUCT.format(hung.product)
    shop.call("PUT", path, as_json({"sku": "A-1"}))
    assert shop.call("DELETE", path).status == 202
    for method, target in (
        ("DELETE", path),
        ("GET", path),
        ("PUT", path),
        ("GET", BY_SKU.format("A-1")),
        ("POST", ATTACH.format(hung.product)),
        ("POST", hung.path),
        ("DELETE", hung.path),
    ):
        must_refuse(shop.call(method, target), 404, "not_found")
    assert listed(shop).data == []
    assert hung.pictures() == hung.were
    assert shop.product(sku="A-1") != hung.product


def test_existence_is_judged_before_the_body(service: Service, shop: Shop) -> None:
    others = Shop.open(service).product()
    for method, path in (("PUT", PRODUCT.format(others)), ("PUT", PRODUCT.format("٣"))):
        with shop.line() as line:
            line.send(shop.head(method, quote(path), content_length="50000"))
            must_refuse(line.answer(), 404, "not_found")
