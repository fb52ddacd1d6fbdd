"""The options of a product, and its variants: one for each combination of option values."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from fatrina.domain.integers import MAX_INT32
from fatrina.domain.product import Details
from fatrina.domain.types import ProductId

Json = dict[str, Any]

CURRENCY: Final = "SAR"
_MAX_VARIANTS: Final = 100
"""Maximum variants of a product: further combinations of option values are left out."""


def money(details: Details, amount: float) -> Json:
    """Return an amount in the currency of the product."""
    return {"amount": amount, "currency": details.get("currency", CURRENCY)}


@dataclass(frozen=True, slots=True)
class Variants:
    """The options and variants of a product; their ids follow from their positions."""

    product_id: ProductId
    sku: str | None
    details: Details

    def json(self) -> Json:
        """Return both lists in the shape of Product Details."""
        options = self._options()
        return {"options": options, "skus": self._skus(options)}

    def _options(self) -> list[Json]:
        return [self._option(*each) for each in enumerate(self.details.get("options", ()))]

    def _option(self, index: int, given: Json) -> Json:
        """Return an option; its id and those of its values follow from their positions."""
        name, description = given.get("name") or "", given.get("description")
        option_id = self._derived_id(index)
        defaults: Json = {
            "id": option_id,
            "name": name,
            "description": description,
            "type": "radio",
            "required": False,
            "associated_with_order_time": 0,
            "availability_range": False,
            "not_same_day_order": False,
            "choose_date_time": None,
            "from_date_time": None,
            "to_date_time": None,
            "sort": index,
            "advance": True,
            "display_type": "text",
            "visibility": "always",
            "translations": {"ar": {"option_name": name, "description": description}},
        }
        values = enumerate(given.get("values") or ())
        listed = [self._value(index, option_id, *each) for each in values]
        return {**defaults, **given, "id": option_id, "values": listed}

    def _value(self, index: int, option_id: int, place: int, given: Json) -> Json:
        name = given.get("name") or ""
        defaults: Json = {
            "id": self._derived_id(index, place),
            "name": name,
            "formatted_price": "",
            "display_value": "",
            "advance": True,
            "image_url": "",
            "hashed_display_value": "",
            "translations": {"ar": {"option_details_name": name}},
            "is_default": False,
            "is_out_of_stock": given.get("quantity") == 0,
        }
        price = money(self.details, given.get("price") or 0)
        own = {"price": price, "id": defaults["id"]}
        return {**defaults, **given, **own, "option_id": option_id}

    def _skus(self, options: Sequence[Json]) -> list[Json]:
        """Return a variant for each combination of option values, which the real API creates."""
        values = [option["values"] for option in options if option["values"]]
        combinations = itertools.product(*values) if values else ()
        return [self._sku(each) for each in itertools.islice(combinations, _MAX_VARIANTS)]

    def _sku(self, values: tuple[Json, ...]) -> Json:
        given = self.details
        single = values[0].get("quantity") if len(values) == 1 else None
        weight, unit = given.get("weight", 0), given.get("weight_type", "kg")
        return {
            "id": self._derived_id(*(value["id"] for value in values)),
            "price": money(given, given.get("sale_price") or given.get("price", 0)),
            "regular_price": money(given, given.get("price", 0)),
            "cost_price": money(given, given.get("cost_price", 0)),
            "sale_price": money(given, given.get("sale_price", 0)),
            "has_special_price": bool(given.get("sale_price")),
            "stock_quantity": single,
            "unlimited_quantity": given.get("unlimited_quantity", False),
            "notify_low": None,
            "barcode": None,
            "sku": self.sku,
            "mpn": given.get("mpn"),
            "gtin": given.get("gtin"),
            "related_options": [value["option_id"] for value in values],
            "related_option_values": [value["id"] for value in values],
            "weight": weight,
            "weight_type": unit,
            "weight_label": f"{weight} {unit}",
            "is_user_subscribed_to_sku": False,
            "is_default": False,
        }

    def _derived_id(self, *places: int) -> int:
        """Return an id that looks random and follows from the product and a position in it."""
        text = "/".join(map(str, (self.product_id, *places)))
        return 1 + crc32(text.encode()) % MAX_INT32
