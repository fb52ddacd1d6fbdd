"""Commands: convert forms to typed values by the contract's rules; report all errors together."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fatrina.actions.images import AttachImage, UpdateImage
from fatrina.actions.receiving import PhotoLink
from fatrina.actions.webhooks.subscriptions import check_secret
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Page
from fatrina.domain.product import STATUSES, Details, ProductFilter
from fatrina.domain.video import Video
from fatrina.domain.webhook import EVENTS, STRATEGIES, Subscription
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form
from fatrina.web.parsing.multipart import ORIGINAL, PHOTO

MAX_NAME_LENGTH: Final = 500
MAX_SKU_LENGTH: Final = 120
_LIST_PRODUCTS: Final = ("page", "per_page", "keyword", "status", "category", "format")
_IMAGE_FIELDS: Final = ("default", "sort", "alt")


class AttachVideo(NamedTuple):
    """A request to attach a video."""

    change: Change
    video: Video


class CreateProduct(NamedTuple):
    """A request to create a product."""

    name: str
    sku: str | None
    photos: list[tuple[Change, PhotoLink]]
    details: Details


class UpdateProduct(NamedTuple):
    """A request to update a product; None for an absent field, "" to remove the SKU."""

    name: str | None
    sku: str | None
    details: Details


class ListProducts(NamedTuple):
    """A request to list products."""

    page: Page
    wanted: ProductFilter
    light: bool


def parse_update_image(form: Form, alt_length: int, *, photo_required: bool = False) -> UpdateImage:
    """Parse the body of Update Image: the changed fields, and the photo if there is one.

    A body without a field of an image must have a photo, even if the others can be changed alone.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    change = fields.change(("default",), alt_length)
    photo = fields.photo_source()
    may_be_absent = not photo_required and not form.fields.keys().isdisjoint(_IMAGE_FIELDS)
    if photo is None and not may_be_absent and not fields.has_error(PHOTO, ORIGINAL):
        fields.require(PHOTO)
    fields.raise_errors()
    return UpdateImage(change, photo)


def parse_attach_image(form: Form, alt_length: int) -> AttachImage:
    """Parse the body of Attach Image; `main` takes precedence over its older name `default`.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    change = fields.change(("main", "default"), alt_length)
    photo = fields.photo_source()
    if photo is None and not fields.has_error(PHOTO, ORIGINAL):
        fields.errors += (
            errors.RequiredWithout(PHOTO, other=ORIGINAL),
            errors.RequiredWithout(ORIGINAL, other=PHOTO),
        )
    fields.raise_errors()
    return AttachImage(change, photo or PhotoLink(""))


def parse_attach_video(form: Form, alt_length: int) -> AttachVideo:
    """Parse the body of Attach YouTube Video.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    change = fields.change(("default",), alt_length)
    video = fields.video()
    fields.raise_errors()
    return AttachVideo(change, video or Video("", ""))


def parse_create_product(form: Form, alt_length: int) -> CreateProduct:
    """Parse the body of Create Product: name, SKU, links of images, and all other fields.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    name = fields.line("name", MAX_NAME_LENGTH)
    sku = fields.text_or_integer("sku", MAX_SKU_LENGTH)
    if not name:
        fields.require("name")
    photos = _photo_links(fields, alt_length)
    details = fields.details()
    fields.raise_errors()
    return CreateProduct(name or "", sku or None, photos, details)


def parse_update_product(form: Form) -> UpdateProduct:
    """Parse the body of Update Product.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    name = fields.line("name", MAX_NAME_LENGTH)
    sku = fields.text_or_integer("sku", MAX_SKU_LENGTH)
    if name == "":
        fields.require("name")
    details = fields.details()
    fields.raise_errors()
    return UpdateProduct(name, sku, details)


def parse_product_status(form: Form) -> str:
    """Parse the body of Change Product Status.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    status = fields.choice("status", STATUSES)
    if status is None:
        fields.require("status")
    fields.raise_errors()
    return status or ""


def parse_subscribe(form: Form) -> Subscription:
    """Parse the body of Subscribe.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    changes = _subscription_fields(fields)
    for name in ("name", "event", "url"):
        if not changes.get(name):
            fields.require(name)
    fields.raise_errors()
    subscription = Subscription(**changes)
    check_secret(subscription)
    return subscription


def parse_update_subscription(form: Form) -> dict[str, Any]:
    """Parse the body of Update Subscription: the given fields, by attribute of `Subscription`.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(form)
    changes = _subscription_fields(fields)
    fields.raise_errors()
    return changes


def parse_unsubscribe(*forms: Form) -> tuple[int, str]:
    """Parse the query and body of Unsubscribe: the id or 0, and the URL or "".

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    subscription_id, url = 0, ""
    for form in forms:
        fields = Fields(form)
        subscription_id = fields.integer("id", 1, MAX_INT32) or subscription_id
        url = fields.url("url") or url
        fields.raise_errors()
    if not subscription_id and not url:
        raise errors.ValidationFailed(
            errors.RequiredWithout("id", other="url"), errors.RequiredWithout("url", other="id")
        )
    return subscription_id, url


def parse_list_products(query: Mapping[str, str]) -> ListProducts:
    """Parse the query of List Products; a larger page than allowed becomes the largest one.

    Raises:
        errors.ValidationFailed: with all invalid fields.
    """
    fields = Fields(Form(dict(query)))
    fields.reject_unknown(*_LIST_PRODUCTS)
    number = fields.integer("page", 1, MAX_INT32)
    size = fields.integer("per_page", 1, MAX_INT32)
    wanted = ProductFilter(
        fields.text("keyword", MAX_NAME_LENGTH) or "",
        fields.choice("status", STATUSES) or "",
        fields.integer("category", 1, MAX_INT32) or 0,
    )
    fields.raise_errors()
    page = Page(number or 1, min(size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE))
    return ListProducts(page, wanted, light=query.get("format") == "light")


def _subscription_fields(fields: Fields) -> dict[str, Any]:
    if fields.text("rule", MAX_NAME_LENGTH):
        fields.errors.append(errors.RuleNotSupported("rule"))
    values = {
        "name": fields.line("name", MAX_NAME_LENGTH),
        "event": fields.choice("event", EVENTS),
        "url": fields.url("url"),
        "version": fields.integer("version", 1, 2),
        "headers": fields.headers("headers"),
        "strategy": fields.choice("security_strategy", STRATEGIES),
        "secret": fields.text_or_integer("secret", MAX_NAME_LENGTH),
    }
    if (security := fields.nested("security")) is not None:  # as in the responses
        values["strategy"] = security.choice("strategy", STRATEGIES) or values["strategy"]
        values["secret"] = security.text_or_integer("secret", MAX_NAME_LENGTH) or values["secret"]
        fields.errors += security.errors
    return {name: value for name, value in values.items() if value is not None}


def _photo_links(fields: Fields, alt_length: int) -> list[tuple[Change, PhotoLink]]:
    photos = []
    for item in fields.items("images"):
        change, link = item.change(("main", "default"), alt_length), item.link(ORIGINAL)
        if link is None:
            item.require(ORIGINAL)
        fields.errors += item.errors
        photos.append((change, link or PhotoLink("")))
    return photos
