"""JSON Schemas of products: all keys of Product Details and List Products."""

from typing import Final

from fatrina.domain.integers import MAX_INT32
from fatrina.domain.product import STATUSES, TYPES, WEIGHT_TYPES
from fatrina.web.api.schema_types import (
    BOOLEAN,
    NUMBER,
    TEXT,
    NamedSchema,
    Schema,
    array_schema,
    described,
    nullable,
    object_schema,
)

_ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_INT32}
_NULL_TEXT: Final = nullable("string")
OBJECTS: Final = array_schema({"type": "object", "additionalProperties": True})

# Responses

_MONEY: Final = NamedSchema(
    "Money",
    object_schema(
        {
            "amount": described(NUMBER, "The amount."),
            "currency": described(TEXT, "The code of the currency (ISO 4217).", examples=["SAR"]),
        }
    ),
)
_OPTION_VALUE: Final = NamedSchema(
    "ProductOptionValue",
    {
        **object_schema(
            {
                "id": described(_ID, "Id of the value."),
                "name": described(TEXT, "Name of the value.", examples=["Blue"]),
                "price": described(_MONEY, "What the value adds to the price."),
                "option_id": described(_ID, "Id of the option."),
            }
        ),
        "additionalProperties": True,
    },
)
_OPTION: Final = NamedSchema(
    "ProductOption",
    {
        **object_schema(
            {
                "id": described(_ID, "Id of the option."),
                "name": described(TEXT, "Name of the option.", examples=["Color"]),
                "values": described(array_schema(_OPTION_VALUE), "The values to choose from."),
            }
        ),
        "additionalProperties": True,
    },
)
_SKU: Final = NamedSchema(
    "ProductVariant",
    {
        **object_schema(
            {
                "id": described(_ID, "Id of the variant."),
                "price": described(_MONEY, "Its price."),
                "stock_quantity": described(nullable("integer"), "The items in stock, if known."),
                "sku": described(_NULL_TEXT, "Its SKU."),
                "related_option_values": described(array_schema(_ID), "The ids of its values."),
            }
        ),
        "additionalProperties": True,
    },
)


def _named_reference(name: str, **more: Schema) -> Schema:
    fields = {"id": described(_ID, "Its id."), "name": described(TEXT, "Its name.")}
    return NamedSchema(name, {**object_schema({**fields, **more}), "additionalProperties": True})


_URLS: Final = NamedSchema(
    "Urls",
    object_schema(
        {
            "customer": described(TEXT, "The page that customers see."),
            "admin": described(TEXT, "The page in the merchant's dashboard."),
        }
    ),
)
_CATEGORY: Final = _named_reference("Category", urls=_URLS)
_BRAND: Final = _named_reference("Brand")
_TAG: Final = _named_reference("Tag")
STATUS: Final = described(
    {"type": "string", "enum": [*STATUSES]},
    "sale, out (sold out) or hidden. A product without an image is hidden.",
)
PRODUCT_TYPE: Final = described({"type": "string", "enum": [*TYPES]}, "The kind of product.")
WEIGHT_TYPE: Final = described({"type": "string", "enum": [*WEIGHT_TYPES]}, "Unit of the weight.")
_COVER: Final = {
    "main_image": described(_NULL_TEXT, "URL of the default image."),
    "thumbnail": described(_NULL_TEXT, "URL of the thumbnail of the default image."),
}
_PROMOTION: Final = NamedSchema(
    "Promotion",
    object_schema(
        {
            "title": described(_NULL_TEXT, "A label on the main image."),
            "sub_title": described(_NULL_TEXT, "A second label."),
        }
    ),
)
_RATING: Final = NamedSchema(
    "Rating",
    object_schema(
        {
            "total": described(NUMBER, "Sum of all ratings."),
            "count": described(NUMBER, "Number of ratings."),
            "rate": described(NUMBER, "Average rating."),
        }
    ),
)
_METADATA: Final = NamedSchema(
    "ProductMetadata",
    object_schema(
        {
            "title": described(_NULL_TEXT, "Title of the page in search engines."),
            "description": described(_NULL_TEXT, "Its description there."),
            "url": described(_NULL_TEXT, "Its path."),
        }
    ),
)
_INSTALLMENTS: Final = NamedSchema(
    "ServicesBlocks", object_schema({"installments": described(OBJECTS, "Always empty.")})
)
_DATE: Final = described(TEXT, "A time in Riyadh.", examples=["2024-03-06 13:50:32"])
_DETAILS: Final[Schema] = {
    "id": described(_ID, "Id of the product."),
    "promotion": _PROMOTION,
    "sku": described(TEXT, "SKU, unique in the store; empty if it has none."),
    "mpn": described(_NULL_TEXT, "Manufacturer part number."),
    "gtin": described(_NULL_TEXT, "Global trade item number."),
    "type": PRODUCT_TYPE,
    "name": described(TEXT, "Name of the product."),
    "short_link_code": described(TEXT, "Code of its short link."),
    "urls": _URLS,
    "price": described(_MONEY, "The price to pay: the sale price, if there is one."),
    "taxed_price": described(_MONEY, "The price with tax."),
    "pre_tax_price": described(_MONEY, "The price without tax."),
    "tax": described(_MONEY, "The tax; always 0."),
    "regular_price": described(_MONEY, "The price without a sale."),
    "sale_price": described(_MONEY, "The sale price; 0 without a sale."),
    "sale_end": described(_NULL_TEXT, "When the sale ends."),
    "cost_price": described(_NULL_TEXT, "What the merchant pays for it.", examples=["35.00"]),
    "starting_price": described({"type": "null"}, "Always null."),
    "currency": described(TEXT, "The code of the currency of all prices."),
    "with_tax": described(BOOLEAN, "Whether the price is subject to tax."),
    "scoped_prices": described(OBJECTS, "Prices in other markets."),
    "description": described(TEXT, "The description, which can contain HTML."),
    "quantity": described(nullable("integer"), "The items in stock; null if never sent."),
    "status": STATUS,
    "is_available": described(BOOLEAN, "Whether the status is sale."),
    "views": described(NUMBER, "Always 0."),
    "sold_quantity": described(NUMBER, "Always 0."),
    "rating": _RATING,
    "require_shipping": described(BOOLEAN, "Whether it has to be delivered."),
    "weight": described(NUMBER, "The weight."),
    "weight_type": WEIGHT_TYPE,
    "url": described(TEXT, "The page that customers see."),
    "max_items_per_user": described(NUMBER, "Always 0."),
    "maximum_quantity_per_order": described(nullable("integer"), "Maximum items in an order."),
    "show_in_app": described(BOOLEAN, "Whether it is not hidden."),
    "notify_quantity": described(nullable("integer"), "Always null."),
    "hide_quantity": described(BOOLEAN, "Whether customers do not see the quantity."),
    "unlimited_quantity": described(BOOLEAN, "Whether the quantity is unlimited."),
    "managed_by_branches": described(BOOLEAN, "Always false."),
    "services_blocks": _INSTALLMENTS,
    "calories": described(_NULL_TEXT, "Calories, for food."),
    "customized_sku_quantity": described(BOOLEAN, "Always false."),
    "channels": described(array_schema(TEXT), "Where it is offered.", examples=[["web", "app"]]),
    "metadata": _METADATA,
    "allow_attachments": described(BOOLEAN, "Always false."),
    "is_pinned": described(BOOLEAN, "Whether it comes first in its categories."),
    "pinned_date": described(_DATE, "When the product was created, in Riyadh's time."),
    "sort": described(NUMBER, "Always 0."),
    "enable_upload_image": described(BOOLEAN, "Whether customers can upload an image."),
    "updated_at": described(_DATE, "When its fields were changed last, in Riyadh's time."),
    "options": described(array_schema(_OPTION), "What customers can choose."),
    "skus": described(array_schema(_SKU), "A variant for each combination of option values."),
    "categories": described(array_schema(_CATEGORY), "Its categories."),
    "brand": {"anyOf": [_BRAND, {"type": "null"}], "description": "Its brand."},
    "tags": described(array_schema(_TAG), "Its tags."),
    **_COVER,
}
_PRODUCT_IMAGE: Final = NamedSchema(
    "ProductImage",
    object_schema(
        {
            "id": described(_ID, "Id of the image."),
            "url": described(TEXT, "URL of the original, or of a video's thumbnail.", format="uri"),
            "main": described(BOOLEAN, "Whether it is the default image of the product."),
            "three_d_image_url": described(TEXT, "Always empty."),
            "alt": described(TEXT, "Alternative text."),
            "video_url": described(TEXT, "The link of a video; empty for an image."),
            "type": described({"type": "string", "enum": ["image", "video"]}, "Image or video."),
            "sort": described(NUMBER, "Its position: a lower number comes first."),
        }
    ),
)
_IMAGES: Final = described(array_schema(_PRODUCT_IMAGE), "Its images and videos in order.")
_OPTIONAL: Final[Schema] = {
    "booking_details": described({"type": "object"}, "Of a booking, as it was sent."),
    "consisted_products": described(OBJECTS, "Of a group of products, as they were sent."),
    "min_amount_donating": described(NUMBER, "Minimum of a donation."),
    "max_amount_donating": described(NUMBER, "Maximum of a donation."),
    "sale_start": described(TEXT, "When the sale begins."),
    "tax_reason_code": described(TEXT, "Why the product is not taxed."),
    "enable_note": described(BOOLEAN, "Whether customers can add a note."),
    "active_advance": described(BOOLEAN, "Whether advanced options are enabled."),
}
PRODUCT: Final = NamedSchema(
    "Product", object_schema({**_DETAILS, "images": _IMAGES, **_OPTIONAL}, *_OPTIONAL)
)
_LINK: Final = {"name": described(TEXT, "Its name."), "url": described(TEXT, "Its page.")}
_LIGHT_BRAND: Final = NamedSchema(
    "LightBrand", object_schema({"id": described(TEXT, "Its id, as text."), **_LINK})
)
_LIGHT: Final[Schema] = {
    "is_taxable": described(BOOLEAN, "Whether the price is subject to tax."),
    "category": NamedSchema("LightCategory", object_schema(_LINK)),
    "image": NamedSchema(
        "LightImage", object_schema({"url": described(_NULL_TEXT, "URL of the thumbnail.")})
    ),
    "has_special_price": described(BOOLEAN, "Whether there is a sale price."),
    "has_options": described(BOOLEAN, "Whether it has options."),
}
_IN_BOTH: Final = (
    *("id", "sku", "type", "name", "price", "sale_price", "regular_price", "starting_price"),
    *("currency", "quantity", "status", "url", "main_image", "thumbnail", "tags"),
)
_LIST_ITEM: Final = NamedSchema(
    "ListedProduct",
    {
        **object_schema({**PRODUCT["properties"], **_LIGHT}),
        "required": [*_IN_BOTH],
        "description": "A product; with `format=light`, fewer of its keys and some others.",
    },
)
_LIST_ITEM["properties"] |= {
    "brand": {
        "anyOf": [_BRAND, _LIGHT_BRAND, {"type": "null"}],
        "description": "Its brand.",
    },
    "tags": described(OBJECTS, "Its tags."),
}
PRODUCTS: Final = array_schema(_LIST_ITEM)
