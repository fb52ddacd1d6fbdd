"""Records of a seed: what to create, each with the JSON pointer of its place for error messages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fatrina.actions.receiving import File
from fatrina.domain import errors
from fatrina.domain.access import WRITE
from fatrina.domain.gallery import Change
from fatrina.domain.product import Details
from fatrina.domain.rate_limit import DEFAULT_PLAN
from fatrina.domain.types import Millis
from fatrina.domain.webhook import Subscription

PhotoWriter = Callable[[File], None]
"""Writes a photo's bytes to a file."""


@dataclass(frozen=True, slots=True)
class SeedImage:
    """An image or a video to create; `pointer` is its JSON pointer for error messages."""

    pointer: str
    change: Change
    id: int | None = None
    write_photo: PhotoWriter | None = None
    link: str | None = None
    video_url: str | None = None
    photo_key: str = ""
    """Images with the same key have the same photo, which is received and decoded once."""


@dataclass(frozen=True, slots=True)
class SeedProduct:
    """A product to create."""

    pointer: str
    name: str
    sku: str | None = None
    id: int | None = None
    images: Sequence[SeedImage] = ()
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeedToken:
    """A token to create; its text is given, so that tests can use a constant."""

    text: str
    scope: str
    lifetime: Millis
    """Milliseconds."""


@dataclass(frozen=True, slots=True)
class SeedWebhook:
    """A webhook subscription to create."""

    pointer: str
    subscription: Subscription
    id: int | None = None


@dataclass(frozen=True, slots=True)
class SeedMerchant:
    """A merchant to create, or an existing one to add to."""

    pointer: str
    code: str
    plan: str = DEFAULT_PLAN
    tokens: Sequence[SeedToken] = ()
    products: Sequence[SeedProduct] = ()
    profile: Mapping[str, str] = field(default_factory=dict)
    """Fields of `domain.merchant.Profile`."""
    id: int | None = None
    owner_key: str | None = None
    """The key with which the merchant grants access to apps; None to leave it unchanged."""
    webhooks: Sequence[SeedWebhook] = ()


@dataclass(frozen=True, slots=True)
class SeedApp:
    """An OAuth app to create, or an existing one to update."""

    pointer: str
    client_id: str
    name: str
    redirect_uris: Sequence[str]
    client_secret: str | None = None
    """None for a public app."""
    scopes: Sequence[str] = (WRITE,)
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """Everything that a seed contains."""

    merchants: Sequence[SeedMerchant]
    apps: Sequence[SeedApp] = ()

    def count_photos(self) -> int:
        """Return the number of images that are not videos."""
        return sum(
            image.video_url is None
            for merchant in self.merchants
            for product in merchant.products
            for image in product.images
        )


class SeedError(Exception):
    """An error in one part of the seed, and the JSON pointer of that part."""

    def __init__(self, pointer: str, error: errors.ServiceError) -> None:
        super().__init__(pointer, error)
        self.pointer = pointer
        self.error = error
