"""Plain fields into commands: each judged by the contract's rules, all faults told at once."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fatrina.actions.images import AttachImage, UpdateImage
from fatrina.actions.receiving import PhotoLink
from fatrina.actions.webhooks.subscriptions import check_secret
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Page
from fatrina.domain.video import Video
from fatrina.domain.webhook import EVENTS, STRATEGIES, Subscription
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form
from fatrina.web.parsing.multipart import ORIGINAL, PHOTO

MAX_NAME_LENGTH: Final = 500
MAX_SKU_LENGTH: Final = 120


class VideoCommand(NamedTuple):
    """What a request to attach a video asks for."""

    change: Change
    video: Video


class ProductCommand(NamedTuple):
    """What a request to create a product asks for."""

    name: str
    sku: str | None
    photos: list[tuple[Change, PhotoLink]]


class ListCommand(NamedTuple):
    """What a request for a list asks for."""

    page: Page
    keyword: str
    light: bool


def update(form: Form, alt_length: int, *, photo_optional: bool = False) -> UpdateImage:
    """Update Image: what changes, and the photo if there is one.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
    """
    fields = Fields(form)
    change = fields.change(("default",), alt_length)
    photo = fields.photo_source()
    if photo is None and not photo_optional and not fields.has_error(PHOTO, ORIGINAL):
        fields.require(PHOTO)
    fields.raise_errors()
    return UpdateImage(change, photo)


def attach(form: Form, alt_length: int) -> AttachImage:
    """Attach Image: where it goes, and its photo; `main` wins over its older name `default`.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
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


def attach_video(form: Form, alt_length: int) -> VideoCommand:
    """Attach YouTube Video: where it goes, and its link.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
    """
    fields = Fields(form)
    change = fields.change(("default",), alt_length)
    video = fields.video()
    fields.raise_errors()
    return VideoCommand(change, video or Video("", ""))


def product(form: Form, alt_length: int) -> ProductCommand:
    """Create Product: its name, its SKU if it has one, and its images by their links.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
    """
    fields = Fields(form)
    name = fields.line("name", MAX_NAME_LENGTH)
    sku = fields.text_or_integer("sku", MAX_SKU_LENGTH)
    if not name:
        fields.require("name")
    pictures = _photo_links(fields, alt_length)
    fields.raise_errors()
    return ProductCommand(name or "", sku or None, pictures)


def product_change(form: Form) -> tuple[str | None, str | None]:
    """Update Product: its new name and SKU, as far as they are mentioned; "" is no SKU.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
    """
    fields = Fields(form)
    name = fields.line("name", MAX_NAME_LENGTH)
    sku = fields.text_or_integer("sku", MAX_SKU_LENGTH)
    if name == "":
        fields.require("name")
    fields.raise_errors()
    return name, sku


def subscription(form: Form) -> Subscription:
    """Subscribe: what a subscription must have, and may.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
    """
    fields = Fields(form)
    changes = _subscription(fields)
    for name in ("name", "event", "url"):
        if not changes.get(name):
            fields.require(name)
    fields.raise_errors()
    wanted = Subscription(**changes)
    check_secret(wanted)
    return wanted


def subscription_change(form: Form) -> dict[str, Any]:
    """Update a subscription: what is mentioned, by the names of `Subscription`.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
    """
    fields = Fields(form)
    changes = _subscription(fields)
    fields.raise_errors()
    return changes


def unsubscription(*forms: Form) -> tuple[int, str]:
    """Unsubscribe: the id, 0 for none, and the URL, "" for none; in the query or the body.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
    """
    number, url = 0, ""
    for form in forms:
        fields = Fields(form)
        number = fields.integer("id", 1, MAX_INT32) or number
        url = fields.url("url") or url
        fields.raise_errors()
    if not number and not url:
        raise errors.ValidationFailed(
            errors.RequiredWithout("id", other="url"), errors.RequiredWithout("url", other="id")
        )
    return number, url


def listing(query: Mapping[str, str]) -> ListCommand:
    """List Products: which page of which products, and how much of each.

    Raises:
        errors.ValidationFailed: with every field that cannot be taken.
    """
    fields = Fields(Form(dict(query)))
    number = fields.integer("page", 1, MAX_INT32)
    size = fields.integer("per_page", 1, MAX_PAGE_SIZE)
    keyword = fields.text("keyword", MAX_NAME_LENGTH)
    fields.raise_errors()
    light = query.get("format") == "light"
    return ListCommand(Page(number or 1, size or DEFAULT_PAGE_SIZE), keyword or "", light)


def _subscription(fields: Fields) -> dict[str, Any]:
    if fields.text("rule", MAX_NAME_LENGTH):
        fields.errors.append(errors.RuleNotSupported("rule"))
    mentioned = {
        "name": fields.line("name", MAX_NAME_LENGTH),
        "event": fields.choice("event", EVENTS),
        "url": fields.url("url"),
        "version": fields.integer("version", 1, 2),
        "headers": fields.headers("headers"),
        "strategy": fields.choice("security_strategy", STRATEGIES),
        "secret": fields.text_or_integer("secret", MAX_NAME_LENGTH),
    }
    return {name: value for name, value in mentioned.items() if value is not None}


def _photo_links(fields: Fields, alt_length: int) -> list[tuple[Change, PhotoLink]]:
    pictures = []
    for item in fields.items("images"):
        change, link = item.change(("main", "default"), alt_length), item.link(ORIGINAL)
        if link is None:
            item.require(ORIGINAL)
        fields.errors += item.errors
        pictures.append((change, link or PhotoLink("")))
    return pictures
