"""The fields of products: stored, returned in the documented shape, filtered, and in events."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from fatrina.adapters.database.schema import deliveries
from tests import sample_photos
from tests.client import Response, encode_json, encode_multipart
from tests.stores import PRODUCT_PATH, PRODUCTS_PATH, SKU_PATH, Store
from tests.web.error_responses import check_error

# The example of Create Product in the vendor's documentation, without its images.
EXAMPLE: dict[str, Any] = {
    "name": "T-Shirt Blue",
    "price": 96.33,
    "status": "out",
    "product_type": "product",
    "quantity": 4,
    "description": "textophonious",
    "categories": [1032561074, 256950451],
    "min_amount_donating": 1,
    "max_amount_donating": 5,
    "sale_price": 43,
    "cost_price": 35,
    "sale_end": "2025-08-13",
    "require_shipping": False,
    "maximum_quantity_per_order": 0,
    "weight": 12,
    "weight_type": "kg",
    "sku": "23-4324432",
    "mpn": "45344432343",
    "gtin": "58636897",
    "hide_quantity": False,
    "enable_upload_image": True,
    "enable_note": True,
    "pinned": True,
    "active_advance": True,
    "subtitle": "Collection 2020",
    "promotion_title": "New",
    "metadata_title": "T-Shirt blue - collection 2020",
    "metadata_description": "T-Shirt blue - collection 2020",
    "brand_id": 1097509908,
    "tags": [1366932222, 591845887],
    "options": [
        {
            "name": "option2",
            "display_type": "text",
            "values": [
                {"name": "الأزرق", "price": 120, "quantity": 10},
                {"name": "الاحمر", "price": 120, "quantity": 10},
            ],
        },
        {"name": "option3", "values": [{"name": "كبير"}, {"name": "صغير"}, {"name": "متوسط"}]},
    ],
}
# The keys of Product Details in the vendor's documentation.
DOCUMENTED_KEYS = {
    "id",
    "promotion",
    "sku",
    "thumbnail",
    "mpn",
    "gtin",
    "type",
    "name",
    "short_link_code",
    "urls",
    "price",
    "taxed_price",
    "pre_tax_price",
    "tax",
    "description",
    "quantity",
    "status",
    "is_available",
    "views",
    "sale_price",
    "sale_end",
    "require_shipping",
    "cost_price",
    "weight",
    "weight_type",
    "with_tax",
    "url",
    "main_image",
    "images",
    "sold_quantity",
    "rating",
    "regular_price",
    "max_items_per_user",
    "maximum_quantity_per_order",
    "show_in_app",
    "notify_quantity",
    "hide_quantity",
    "unlimited_quantity",
    "managed_by_branches",
    "services_blocks",
    "calories",
    "customized_sku_quantity",
    "channels",
    "starting_price",
    "metadata",
    "scoped_prices",
    "allow_attachments",
    "is_pinned",
    "pinned_date",
    "sort",
    "enable_upload_image",
    "updated_at",
    "options",
    "skus",
    "categories",
    "brand",
    "tags",
}
LIGHT_KEYS = {
    "id",
    "type",
    "quantity",
    "is_taxable",
    "category",
    "status",
    "sku",
    "name",
    "price",
    "sale_price",
    "currency",
    "url",
    "thumbnail",
    "image",
    "brand",
    "tags",
    "has_special_price",
    "regular_price",
    "starting_price",
    "has_options",
}
SAR_43 = {"amount": 43, "currency": "SAR"}


def create(store: Store, **fields: Any) -> dict[str, Any]:
    response = store.call("POST", PRODUCTS_PATH, encode_json({"name": "x", **fields}))
    assert response.status == 201, response
    data: dict[str, Any] = response.data
    return data


def names(store: Store, **query: object) -> list[str]:
    response = store.call("GET", f"{PRODUCTS_PATH}?{urlencode(query)}")
    assert response.status == 200, response
    return [product["name"] for product in response.data]


def test_documented_example(store: Store) -> None:
    product = create(store, **EXAMPLE)
    assert product == store.product_details(product["id"])
    assert product.keys() >= DOCUMENTED_KEYS
    for name in ("price", "taxed_price", "pre_tax_price", "sale_price"):
        assert product[name] == SAR_43
    assert product["regular_price"] == {"amount": 96.33, "currency": "SAR"}
    assert product["promotion"] == {"title": "New", "sub_title": "Collection 2020"}
    assert product["metadata"]["title"] == EXAMPLE["metadata_title"]
    assert product["cost_price"] == "35.00"
    assert (product["status"], product["is_available"]) == ("hidden", False)  # it has no image
    assert product["is_pinned"] is True
    for name in ("quantity", "description", "weight", "mpn", "gtin", "sale_end", "enable_note"):
        assert product[name] == EXAMPLE[name]
    assert [each["id"] for each in product["categories"]] == EXAMPLE["categories"]
    assert [each["id"] for each in product["tags"]] == EXAMPLE["tags"]
    assert product["brand"]["id"] == EXAMPLE["brand_id"]
    assert product["url"] == product["urls"]["customer"]
    assert product["url"].startswith(f"https://{store.merchant_code}.example/t-shirt-blue/p")


def test_options_and_variants(store: Store) -> None:
    product = create(store, **EXAMPLE)
    colour, size = product["options"]
    assert [value["name"] for value in size["values"]] == ["كبير", "صغير", "متوسط"]
    assert colour["values"][0]["price"] == {"amount": 120, "currency": "SAR"}
    assert {value["option_id"] for value in colour["values"]} == {colour["id"]}
    ids = [each["id"] for option in (colour, size) for each in (option, *option["values"])]
    assert len(set(ids)) == 7
    assert len(product["skus"]) == 6
    assert {tuple(each["related_option_values"]) for each in product["skus"]} == {
        (first["id"], second["id"]) for first in colour["values"] for second in size["values"]
    }
    values = [{"name": str(number)} for number in range(50)]
    many = create(store, options=[{"name": name, "values": values} for name in "abcdef"])
    assert len(many["skus"]) == 100


def test_product_without_fields_has_every_documented_key(store: Store) -> None:
    product = create(store)
    assert product.keys() >= DOCUMENTED_KEYS
    assert product["price"] == {"amount": 0, "currency": "SAR"}
    assert (product["quantity"], product["brand"], product["type"]) == (None, None, "product")


def test_light_list_has_every_documented_key(store: Store) -> None:
    create(store, **EXAMPLE)
    (light,) = store.call("GET", PRODUCTS_PATH + "?format=light").data
    assert light.keys() == LIGHT_KEYS | {"main_image"}
    assert (light["price"], light["has_special_price"]) == (SAR_43, True)
    assert light["brand"] == {
        "id": "1097509908",
        "url": f"https://{store.merchant_code}.example/brand-1097509908",
        "name": "1097509908",
    }


def test_forms_can_contain_the_simple_fields(store: Store) -> None:
    form = encode_multipart(name="x", price="9.50", quantity="3", with_tax="0", colour="red")
    response = store.call("POST", PRODUCTS_PATH, form)
    assert response.data["price"] == {"amount": 9.5, "currency": "SAR"}
    assert (response.data["quantity"], response.data["with_tax"]) == (3, False)
    assert response.headers["fatrina-ignored"] == "colour"


@pytest.mark.parametrize("by_sku", [True, False])
def test_update_changes_and_removes_fields(store: Store, *, by_sku: bool) -> None:
    product = create(store, sku="A/1", price=5, description="old", quantity=2)
    path = SKU_PATH.format("A%2F1") if by_sku else PRODUCT_PATH.format(product["id"])
    response = store.call("PUT", path, encode_json({"price": 6, "quantity": None, "x": 1}))
    assert (response.status, response.headers["fatrina-ignored"]) == (201, "x")
    assert response.data["price"]["amount"] == 6
    assert (response.data["description"], response.data["quantity"]) == ("old", None)
    assert response.data == store.product_details(product["id"])
    fields = {"price": "free", "categories": 5}
    check_error(store.call("PUT", path, encode_json(fields)), 422, "not_number, not_list")
    assert response.data == store.product_details(product["id"])


def test_delete_by_sku(store: Store) -> None:
    create(store, sku="A")
    response = store.call("DELETE", SKU_PATH.format("A"))
    assert (response.status, response.data["code"]) == (202, 202)
    check_error(store.call("DELETE", SKU_PATH.format("A")), 404, "not_found")
    assert names(store) == []


def test_status(store: Store) -> None:
    product = store.create_product()
    path = PRODUCT_PATH.format(product) + "/status"
    check_error(store.call("POST", path, encode_json({"status": "deleted"})), 422, "invalid_choice")
    check_error(store.call("POST", path), 422, "required")
    assert store.product_details(product)["status"] == "hidden"
    image = store.attach(product)
    assert store.product_details(product)["status"] == "sale"
    for status in ("out", "hidden", "sale"):
        response = store.call("POST", path, encode_json({"status": status}))
        assert (response.status, response.data) == (
            201, {"message": "The entity has been updated successfully", "code": 201},
        )  # fmt: skip
        assert store.product_details(product)["status"] == status
    store.call("DELETE", f"/admin/v2/products/images/{image['id']}")
    assert store.product_details(product)["status"] == "hidden"


def test_filters(store: Store) -> None:
    products: dict[str, dict[str, Any]] = {
        "shirt": {"categories": [12, 3], "quantity": 0},
        "dress": {"categories": [3]},
        "lamp": {"status": "hidden", "categories": [123]},
    }
    for name, fields in products.items():
        product = create(store, name=name, **fields)["id"]
        store.attach(product)
    create(store, name="no image", categories=[1])
    assert names(store, status="sale") == ["dress"]
    assert names(store, status="OUT") == ["shirt"]
    assert names(store, status="hidden") == ["no image", "lamp"]
    assert names(store, category=3) == ["dress", "shirt"]
    assert [names(store, category=each) for each in (12, 2, 23, 1)] == [
        ["shirt"], [], [], ["no image"],
    ]  # fmt: skip
    assert names(store, category=3, status="out", keyword="SH") == ["shirt"]
    assert names(store, category="", status="") == ["no image", "lamp", "dress", "shirt"]


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("status=none", "status", "invalid_choice"),
        ("category=shoes", "category", "not_integer"),
        ("brand=5", "brand", "unknown_field"),
        ("filters[status]=sale", "filters[status]", "unknown_field"),
    ],
)
def test_other_filters_are_rejected(store: Store, query: str, field: str, reason: str) -> None:
    response = store.call("GET", f"{PRODUCTS_PATH}?{query}")
    check_error(response, 422, reason)
    assert list(response.json["error"]["fields"]) == [field]


def ignored(response: Response) -> str:
    assert response.status == 201, response
    return str(response.headers.get("fatrina-ignored", ""))


def test_ignored_fields_are_reported(store: Store) -> None:
    product = create(store)["id"]
    path = PRODUCT_PATH.format(product)
    image = store.attach(product)["id"]
    update = f"/admin/v2/products/images/{image}"
    photo = sample_photos.png(seed=5)
    assert not ignored(store.call("PUT", path, encode_json({"price": 5, "weight": None})))
    assert not ignored(store.call("POST", update, encode_multipart(photo=photo, _charset_="utf-8")))
    both = encode_multipart(photo=photo, original="https://a.example/b.jpg", title="x")
    assert ignored(store.call("POST", update, both)) == "original, title"
    assert ignored(store.call("PUT", path, encode_json({"لون\r\n": 1}))) == (
        "%D9%84%D9%88%D9%86%0D%0A"
    )
    many = ignored(store.call("PUT", path, encode_json(dict.fromkeys(map(str, range(99))))))
    assert many.count(",") == 19


def test_events_contain_product_details(store: Store) -> None:
    for event in ("product.created", "product.updated", "product.deleted"):
        url = f"https://receiver.invalid/{event}"
        fields = {"name": "n", "event": event, "url": url}
        store.call("POST", "/admin/v2/webhooks/subscribe", encode_json(fields))
    created = create(store, price=5)
    path = PRODUCT_PATH.format(created["id"])
    updated = store.call("PUT", path, encode_json({"price": 6})).data
    store.call("PUT", path, encode_json({"price": 6}))
    store.call("POST", path + "/status", encode_json({"status": "out"}))
    out = store.product_details(created["id"])
    store.call("DELETE", path)
    with store.service.services.database.reading() as conn:
        rows = conn.execute(select(deliveries.c.body).order_by(deliveries.c.id)).scalars().all()
    bodies = [json.loads(row) for row in rows]
    assert [
        (body["event"], body["data"]) for body in bodies if body["data"]["id"] == created["id"]
    ] == [
        ("product.created", created),
        ("product.updated", updated),
        ("product.updated", out),
        ("product.deleted", out),
    ]
