"""A product's JSON apart from its images: the keys of Product Details, each with its default."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from string import ascii_letters
from typing import Final

from fatrina.domain.product import HIDDEN, SALE, Details
from fatrina.domain.views import ProductView
from fatrina.wire_products.variants import CURRENCY, Json, Variants, money

_RIYADH: Final = timezone(timedelta(hours=3))
_CODE_LENGTH: Final = 7
_NOT_WORD: Final = re.compile(r"[^\w]+")
_EXTRA: Final = (
    *("booking_details", "consisted_products", "min_amount_donating", "max_amount_donating"),
    *("sale_start", "tax_reason_code", "enable_note", "active_advance"),
)
"""Fields without a documented default: they are returned if they were sent."""


@dataclass(frozen=True, slots=True)
class ProductJson:
    """The parts of a product's JSON that follow from its fields."""

    product: ProductView

    def details(self) -> Json:
        """Return all keys of Product Details but those of images, in the documented order."""
        return {
            **self._identity(),
            **self._prices(),
            **self._availability(),
            **self._settings(),
            **self._variants(),
            **{name: self._given[name] for name in _EXTRA if name in self._given},
        }

    def light(self) -> Json:
        """Return the keys of `format=light` but those of images."""
        given, prices = self._given, self._prices()
        categories, brand = self._categories(), self._brand()
        return {
            "id": self.product.id,
            "type": given.get("product_type", "product"),
            "quantity": given.get("quantity", 0),
            "is_taxable": given.get("with_tax", True),
            "category": {
                "name": categories[0]["name"] if categories else "",
                "url": categories[0]["urls"]["customer"] if categories else "",
            },
            "status": self.product.status,
            "sku": self.product.sku or "",
            "name": self.product.name,
            "price": prices["price"],
            "sale_price": prices["sale_price"],
            "currency": prices["currency"],
            "url": self._url(),
            "brand": brand
            and {
                "id": str(brand["id"]),
                "url": f"{self.product.store_url}/brand-{brand['id']}",
                "name": brand["name"],
            },
            "tags": [
                {"name": tag["name"], "url": f"{self.product.store_url}/tags/{tag['id']}"}
                for tag in self._tags()
            ],
            "has_special_price": bool(given.get("sale_price")),
            "regular_price": prices["regular_price"],
            "starting_price": None,
            "has_options": bool(given.get("options")),
        }

    @property
    def _given(self) -> Details:
        return self.product.details

    def _identity(self) -> Json:
        product, given = self.product, self._given
        return {
            "id": product.id,
            "promotion": {
                "title": given.get("promotion_title"),
                "sub_title": given.get("promotion_subtitle", given.get("subtitle")),
            },
            "sku": product.sku or "",
            "mpn": given.get("mpn"),
            "gtin": given.get("gtin"),
            "type": given.get("product_type", "product"),
            "name": product.name,
            "short_link_code": _letters(product.id),
            "urls": {
                "customer": self._url(),
                "admin": f"{product.store_url}/admin/products/{product.id}",
            },
        }

    def _prices(self) -> Json:
        """Return the prices: the sale price, if there is one, is the price of the product."""
        given = self._given
        regular, sale = given.get("price", 0), given.get("sale_price", 0)
        price = sale or regular
        cost = given.get("cost_price")
        return {
            "price": money(given, price),
            "taxed_price": money(given, price),
            "pre_tax_price": money(given, price),
            "tax": money(given, 0),
            "regular_price": money(given, regular),
            "sale_price": money(given, sale),
            "sale_end": given.get("sale_end"),
            "cost_price": None if cost is None else f"{cost:.2f}",
            "starting_price": None,
            "currency": given.get("currency", CURRENCY),
            "with_tax": given.get("with_tax", True),
            "scoped_prices": given.get("scoped_prices", []),
        }

    def _availability(self) -> Json:
        product, given = self.product, self._given
        return {
            "description": given.get("description", ""),
            "quantity": given.get("quantity"),
            "status": product.status,
            "is_available": product.status == SALE,
            "views": 0,
            "sold_quantity": 0,
            "rating": {"total": 0, "count": 0, "rate": 0},
            "require_shipping": given.get("require_shipping", True),
            "weight": given.get("weight", 0),
            "weight_type": given.get("weight_type", "kg"),
            "url": self._url(),
            "max_items_per_user": 0,
            "maximum_quantity_per_order": given.get("maximum_quantity_per_order"),
            "show_in_app": product.status != HIDDEN,
            "notify_quantity": None,
            "hide_quantity": given.get("hide_quantity", False),
            "unlimited_quantity": given.get("unlimited_quantity", False),
            "managed_by_branches": False,
        }

    def _settings(self) -> Json:
        given, product = self._given, self.product
        return {
            "services_blocks": {"installments": []},
            "calories": given.get("calories"),
            "customized_sku_quantity": False,
            "channels": given.get("channels", ["web", "app"]),
            "metadata": {
                "title": given.get("metadata_title"),
                "description": given.get("metadata_description"),
                "url": given.get("metadata_url"),
            },
            "allow_attachments": False,
            "is_pinned": given.get("pinned", False),
            "pinned_date": _date(product.created_at),
            "sort": 0,
            "enable_upload_image": given.get("enable_upload_image", False),
            "updated_at": _date(product.updated_at),
        }

    def _variants(self) -> Json:
        return {
            **Variants(self.product.id, self.product.sku, self._given).json(),
            "categories": self._categories(),
            "brand": self._brand(),
            "tags": self._tags(),
        }

    def _categories(self) -> list[Json]:
        """Return the categories; the service knows only what the requests contained of them."""
        store = self.product.store_url
        return [
            {
                "name": str(given["id"]),
                "urls": {
                    "customer": f"{store}/{_slug(given.get('name'))}/c{given['id']}",
                    "admin": f"{store}/admin/categories",
                },
                "items": [],
                "parent_id": 0,
                "status": "active",
                "sort_order": index,
                "update_at": _date(self.product.created_at),
                "metadata": {"title": None, "description": None, "url": None},
                "sub_categories": [],
                **given,
            }
            for index, given in enumerate(self._given.get("categories", ()))
        ]

    def _brand(self) -> Json | None:
        given = self._given.get("brand_id")
        if given is None:
            return None
        defaults = dict.fromkeys(("description", "banner", "logo", "ar_char", "en_char"), "")
        return {"name": str(given["id"]), **defaults, **given}

    def _tags(self) -> list[Json]:
        return [{"name": str(tag["id"]), **tag} for tag in self._given.get("tags", ())]

    def _url(self) -> str:
        return f"{self.product.store_url}/{_slug(self.product.name)}/p{self.product.id}"


def _date(moment: int) -> str:
    """Return a moment as the real API writes it: `2024-03-06 13:50:32`, in Riyadh's time."""
    local = datetime.fromtimestamp(moment / 1000, UTC).astimezone(_RIYADH)
    return f"{local:%Y-%m-%d %H:%M:%S}"


def _slug(name: object) -> str:
    """Return a name as a part of a URL: words in lower case between hyphens, in any script."""
    return _NOT_WORD.sub("-", str(name or "").lower()).strip("-") or "-"


def _letters(number: int) -> str:
    """Return the digits of a number to the base of 52, as letters."""
    base = len(ascii_letters)
    digits = (number // base**place % base for place in range(_CODE_LENGTH))
    return "".join(ascii_letters[digit] for digit in digits)
