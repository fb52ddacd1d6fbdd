"""The demo's store: a merchant, a few products with their images, and a token."""

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from fatrina.actions import Services, access, images, products, sessions
from fatrina.actions.images import AttachImage
from fatrina.actions.receiving import IncomingPhoto
from fatrina.adapters.database import products as product_rows
from fatrina.demo import sample_photos
from fatrina.demo.sample_photos import SamplePhoto
from fatrina.domain import product
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.durations import DAY
from fatrina.domain.gallery import Change
from fatrina.domain.product import Details
from fatrina.domain.types import Millis, ProductId

MERCHANT: Final = "demo"


class SampleProduct(NamedTuple):
    """A product of the store, and how its photo is generated."""

    sku: str
    name: str
    alt: str
    drawing: str
    create_photo: Callable[[str, Random], SamplePhoto]
    details: Details


_KITCHEN: Final = {"id": 101, "name": "المطبخ · Kitchen"}
_HOME: Final = {"id": 102, "name": "المنزل · Home"}
_SIZES: Final = {"name": "المقاس · Size", "values": [{"name": each} for each in ("S", "M", "L")]}
PRODUCTS: Final = (
    SampleProduct(
        "DALLAH",
        "دلّة قهوة · Coffee pot",
        "دلّة قهوة عربية",
        "dallah",
        sample_photos.camera_photo,
        {"price": 185, "quantity": 12, "categories": [_KITCHEN], "weight": 1.4},
    ),
    SampleProduct(
        "LANTERN",
        "فانوس رمضان · Lantern",
        "فانوس مضاء",
        "lantern",
        sample_photos.webp_photo,
        {"price": 89, "sale_price": 69, "quantity": 40, "categories": [_HOME]},
    ),
    SampleProduct(
        "VASE",
        "مزهرية فخّار · Clay vase",
        "Vase, three flowers",
        "vase",
        sample_photos.cut_out,
        {"price": 120, "quantity": 0, "categories": [_HOME]},
    ),
    SampleProduct(
        "SHIRT",
        "قميص قطني · Cotton shirt",
        "Shirt, a star",
        "shirt",
        sample_photos.webp_photo,
        {"price": 75, "quantity": 200, "options": [_SIZES]},
    ),
)


class DemoStore(NamedTuple):
    """The store's token and ids."""

    token: str
    products: dict[str, int]
    """Product ids by SKU."""
    console_secret: str
    """Secret of a link that signs in to the console."""
    images: dict[str, int]
    """Ids of the products' first images by SKU."""


def create_store(services: Services, random: Random) -> DemoStore:
    """Create the store, or reuse that of an earlier run, with a new token valid for one day."""
    access.create_merchant(services.database, MERCHANT, services.clock())
    token = (
        access.issue_token(services.database, MERCHANT, WRITE, Millis(DAY), services.clock()) or ""
    )
    caller = access.authenticate(services, token)
    product_ids = {sample.sku: _product(services, caller, sample) for sample in PRODUCTS}
    image_ids = {
        sample.sku: _image(services, caller, ProductId(product_ids[sample.sku]), sample, random)
        for sample in PRODUCTS
    }
    secret = sessions.create_link(services.database, MERCHANT, services.clock()) or ""
    return DemoStore(token, product_ids, secret, image_ids)


def _product(services: Services, caller: Caller, sample: SampleProduct) -> int:
    with services.database.reading() as conn:
        product_id = product_rows.find_by_sku(conn, caller.merchant_id, sample.sku)
    if product_id is not None:
        return product_id
    details, _ = product.parse(sample.details)
    return products.create(services, caller, sample.name, sample.sku, details=details).id


def _image(
    services: Services, caller: Caller, product_id: ProductId, sample: SampleProduct, random: Random
) -> int:
    existing = products.details(services, caller, product_id).images
    if existing:
        return existing[0].entry.id
    photo = sample.create_photo(sample.drawing, random)
    with services.spool.create_file() as file:
        file.write(photo.data)
        image = images.attach(
            services, caller, product_id, AttachImage(Change(alt=sample.alt), IncomingPhoto(file))
        )
    return image.entry.id
