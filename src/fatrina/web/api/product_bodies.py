"""JSON Schemas of the fields of products in request bodies."""

from typing import Any, Final

from fatrina.domain.integers import MAX_INT32
from fatrina.web.api.product_schemas import (
    OBJECTS,
    PRODUCT_TYPE,
    STATUS,
    WEIGHT_TYPE,
)
from fatrina.web.api.schema_types import (
    BOOLEAN,
    TEXT,
    NamedSchema,
    Schema,
    array_schema,
    described,
    object_schema,
)


def _reference_schema(what: str) -> Schema:
    by_id = {"type": "integer", "minimum": 1, "maximum": MAX_INT32}
    named = object_schema({"id": by_id, "name": TEXT}, "name")
    return {"anyOf": [by_id, named], "description": f"Id of a {what}, or its id and name."}


_AMOUNT: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1e12}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": MAX_INT32}
_LINE: Final[Schema] = {
    "type": "string",
    "maxLength": 500,
    "pattern": "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$",
}
_CODE: Final[Schema] = {**_LINE, "maxLength": 40}
FIELDS: Final[dict[str, Any]] = {
    "price": described(_AMOUNT, "The price.", examples=[96.33]),
    "status": STATUS,
    "product_type": PRODUCT_TYPE,
    "quantity": described(_COUNT, "The items in stock; 0 makes the status `out`."),
    "unlimited_quantity": described(BOOLEAN, "Whether the quantity is unlimited."),
    "description": described({**_LINE, "maxLength": 50_000}, "The description, as text or HTML."),
    "min_amount_donating": described(_AMOUNT, "Minimum of a donation."),
    "max_amount_donating": described(_AMOUNT, "Maximum of a donation."),
    "sale_price": described(_AMOUNT, "The sale price; 0 ends the sale."),
    "cost_price": described(_AMOUNT, "What the merchant pays for it."),
    "sale_end": described(_CODE, "When the sale ends.", examples=["2025-08-13"]),
    "sale_start": described(_CODE, "When the sale begins.", examples=["2025-07-13"]),
    "require_shipping": described(BOOLEAN, "Whether it has to be delivered."),
    "maximum_quantity_per_order": described(_COUNT, "Maximum items in an order."),
    "weight": described(_AMOUNT, "The weight."),
    "weight_type": WEIGHT_TYPE,
    "mpn": described(_CODE, "Manufacturer part number."),
    "gtin": described(_CODE, "Global trade item number."),
    "calories": described(_CODE, "Calories, for food."),
    "with_tax": described(BOOLEAN, "Whether the price is subject to tax."),
    "tax_reason_code": described(_CODE, "Why the product is not taxed."),
    "hide_quantity": described(BOOLEAN, "Whether customers do not see the quantity."),
    "enable_upload_image": described(BOOLEAN, "Whether customers can upload an image."),
    "enable_note": described(BOOLEAN, "Whether customers can add a note."),
    "pinned": described(BOOLEAN, "Whether it comes first in its categories."),
    "active_advance": described(BOOLEAN, "Whether advanced options are enabled."),
    "subtitle": described(_LINE, "The subtitle."),
    "promotion_title": described(_LINE, "A label on the main image."),
    "promotion_subtitle": described(_LINE, "A second label."),
    "metadata_title": described(_LINE, "Title of the page in search engines."),
    "metadata_description": described(_LINE, "Its description there."),
    "metadata_url": described(_LINE, "Its path."),
    "currency": described(
        {"type": "string", "pattern": "^[A-Z]{3}$"}, "The code of the currency; SAR by default."
    ),
}
"""The fields of a product that a form can contain."""
_OPTION_BODY: Final = NamedSchema(
    "ProductOptionBody",
    object_schema(
        {
            "name": described(_LINE, "Name of the option."),
            "display_type": described(TEXT, "text, image or color."),
            "values": described(
                array_schema(
                    object_schema(
                        {
                            "name": described(_LINE, "Name of the value."),
                            "price": described(_AMOUNT, "What it adds to the price."),
                            "quantity": described(_COUNT, "The items in stock."),
                        },
                        *("name", "price", "quantity"),
                    )
                ),
                "The values to choose from.",
                maxItems=100,
            ),
        },
        *("name", "display_type", "values"),
    ),
)
JSON_FIELDS: Final[dict[str, Any]] = {
    "booking_details": described({"type": "object"}, "Of a booking: stored and returned."),
    "categories": described(array_schema(_reference_schema("category")), "Its categories.")
    | {"maxItems": 100},
    "scoped_prices": described(OBJECTS, "Prices in other markets.", maxItems=100),
    "brand_id": _reference_schema("brand"),
    "tags": described(array_schema(_reference_schema("tag")), "Its tags.", maxItems=100),
    "consisted_products": described(OBJECTS, "The products of a group.", maxItems=100),
    "channels": described(array_schema(_CODE), "Where it is offered.", maxItems=100),
    "options": described(array_schema(_OPTION_BODY), "What customers can choose.", maxItems=100),
}
"""The fields of a product that only JSON can contain."""
