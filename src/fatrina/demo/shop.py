"""The demonstration's shop: a merchant, a few products with their pictures, and a token."""

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from sqlalchemy import select

from fatrina.actions import Parts, access, images, products
from fatrina.actions.ingest import Photo
from fatrina.adapters.database import schema
from fatrina.demo import pictures
from fatrina.demo.pictures import Drawn
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change

MERCHANT: Final = "demo"
_DAY: Final = 86_400_000


class Article(NamedTuple):
    """A product of the shop."""

    sku: str
    name: str
    alt: str
    scene: str
    draw: Callable[[str, Random], Drawn]


ARTICLES: Final = (
    Article("DALLAH", "دلّة قهوة · Coffee pot", "دلّة قهوة عربية", "dallah", pictures.snapshot),
    Article("LANTERN", "فانوس رمضان · Lantern", "فانوس مضاء", "lantern", pictures.shop_photo),
    Article("VASE", "مزهرية فخّار · Clay vase", "Vase, three flowers", "vase", pictures.cut_out),
    Article("SHIRT", "قميص قطني · Cotton shirt", "Shirt, a star", "shirt", pictures.shop_photo),
)


class Shop(NamedTuple):
    """What the demonstration needs to know of its shop."""

    token: str
    products: dict[str, int]
    """A product's id by SKU."""
    images: dict[str, int]
    """The id of its first image by SKU."""


def opened(parts: Parts, chance: Random) -> Shop:
    """The shop with a new token, good for a day; what an earlier run made is used again."""
    access.create_merchant(parts.database, MERCHANT, parts.clock())
    token = access.issue(parts.database, MERCHANT, WRITE, _DAY, parts.clock()) or ""
    caller = access.identify(parts, token)
    found = {article.sku: _product(parts, caller, article) for article in ARTICLES}
    shown = {
        article.sku: _image(parts, caller, found[article.sku], article, chance)
        for article in ARTICLES
    }
    return Shop(token, found, shown)


def _product(parts: Parts, caller: Caller, article: Article) -> int:
    columns = schema.products.c
    query = select(columns.id).where(
        columns.merchant_id == caller.merchant_id, columns.sku == article.sku
    )
    with parts.database.reading() as look:
        product: int | None = look.scalar(query)
    return product or products.create(parts, caller, article.name, article.sku).row.id


def _image(parts: Parts, caller: Caller, product: int, article: Article, chance: Random) -> int:
    shown = products.details(parts, caller, product).images
    if shown:
        return shown[0].entry.id
    drawn = article.draw(article.scene, chance)
    with parts.spool.new() as file:
        file.write(drawn.data)
        made = images.attach(parts, caller, product, Change(alt=article.alt), Photo(file))
    return made.entry.id
