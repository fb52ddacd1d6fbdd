"""The contract's JSON, both ways: the only place, with the table of sizes, that knows its names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Protocol
from urllib.parse import urlencode

from fatrina.domain import errors, messages, video, webhook
from fatrina.domain.gallery import Entry
from fatrina.domain.messages import Language
from fatrina.domain.pagination import Page
from fatrina.domain.renditions import ORIGINAL, ROLES, Original, Size
from fatrina.domain.webhook import IMAGE_UPDATED, Subscription

Json = dict[str, object]

_LARGEST_EXACT = 2**53
_HIDDEN = "********"
_THUMBNAIL = "thumbnail"


class ImageLike(Protocol):
    """An image as it is now."""

    @property
    def entry(self) -> Entry:
        """Its place in the gallery."""

    @property
    def original(self) -> Original | None:
        """What it shows; None for a video."""


class ProductLike(Protocol):
    """What a product is called."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def sku(self) -> str | None:
        """Its SKU, if it has one."""


class ProductWithImages(Protocol):
    """A product with its images."""

    @property
    def row(self) -> ProductLike:
        """What it is called."""

    @property
    def images(self) -> Sequence[ImageLike]:
        """Its images, in their order."""


@dataclass(frozen=True, slots=True)
class Serializer:
    """Writes answers whose URLs begin with `base`."""

    base: str
    """Where the stored files are served, without a slash at the end."""

    def image(self, image: ImageLike) -> Json:
        """An image as Product Images answers it (`ProductImagesVideos`)."""
        entry, sizes = image.entry, _sizes(image)
        return {
            "id": entry.id,
            "image": {
                role: {
                    "url": self._image_size(image, role),
                    "width": number(sizes[role].width),
                    "height": number(sizes[role].height),
                }
                for role in ROLES
            },
            "sort": number(entry.sort),
            "default": entry.default,
            "alt_seo": entry.alt,
            "video_url": entry.video or "",
            "type": _type(entry),
        }

    def product(
        self, identifier: int, name: str, sku: str | None, images: Iterable[ImageLike]
    ) -> Json:
        """A product as Product Details answers it, as far as it is about images."""
        shown = list(images)
        rest = {"images": [self._product_image(image) for image in shown]}
        return {**self.light(identifier, name, sku, shown), **rest}

    def light(
        self, identifier: int, name: str, sku: str | None, images: Iterable[ImageLike]
    ) -> Json:
        """A product without the list of its images."""
        shown = list(images)
        main = next((image for image in shown if image.entry.default), None)
        return {
            "id": identifier,
            "name": name,
            "sku": sku or "",
            "status": "sale" if shown else "hidden",
            "main_image": self._main_url(main) if main else None,
            "thumbnail": self._image_size(main, _THUMBNAIL) if main else None,
        }

    def event(self, event: str, merchant_id: int, moment: int, product: ProductWithImages) -> bytes:
        """The body of a message that tells of a product; `moment` in milliseconds."""
        row, shown = product.row, product.images
        data = (
            self._gallery(row, shown)
            if event == IMAGE_UPDATED
            else self.product(row.id, row.name, row.sku, shown)
        )
        stamp = webhook.format_timestamp(moment)
        told = {"event": event, "merchant": merchant_id, "created_at": stamp, "data": data}
        return dumps(told, ensure_ascii=False, separators=(",", ":")).encode()

    def _gallery(self, row: ProductLike, shown: Sequence[ImageLike]) -> Json:
        """A product's images, where what is empty is null."""
        each = [_without_urls(self._product_image(image)) for image in shown]
        main = next((image for image in each if image["main"]), None)
        names = ("id", "url", "video_url", "type")
        return {
            "id": row.id,
            "sku": row.sku,
            "mpn": None,
            "gtin": None,
            "main_image": main and {name: main[name] for name in names},
            "images": each,
        }

    def page(self, page: Page, count: int, total: int, path: str, query: Mapping[str, str]) -> Json:
        """Where a page stands among the others; `query` is what else was asked of `path`."""
        pages = page.page_count(total)
        wanted = {"next": page.number + 1, "previous": page.number - 1}
        return {
            "count": count,
            "total": total,
            "perPage": page.size,
            "currentPage": page.number,
            "totalPages": pages,
            "links": {
                name: f"{self.base}{path}?{urlencode({**query, 'page': at})}"
                for name, at in wanted.items()
                if 1 <= at <= pages
            },
        }

    def url(self, key: str) -> str:
        """The URL of a stored file."""
        return f"{self.base}/{key}"

    def _product_image(self, image: ImageLike) -> Json:
        entry = image.entry
        return {
            "id": entry.id,
            "url": self._main_url(image),
            "main": entry.default,
            "three_d_image_url": "",
            "alt": entry.alt or "",
            "video_url": entry.video or "",
            "type": _type(entry),
            "sort": number(entry.sort),
        }

    def _main_url(self, image: ImageLike) -> str:
        """The one URL that stands for an image. Of a video only the thumbnail is always there."""
        return self._image_size(image, ORIGINAL if image.original else _THUMBNAIL)

    def _image_size(self, image: ImageLike, role: str) -> str:
        if image.original:
            return self.url(image.original.key(role))
        return video.parse(image.entry.video or "").picture(role)


def _sizes(image: ImageLike) -> dict[str, Size]:
    return (image.original or video.parse(image.entry.video or "")).sizes()


def _without_urls(json: Json) -> Json:
    return {name: None if value == "" else value for name, value in json.items()}


def _type(entry: Entry) -> str:
    return "image" if entry.video is None else "video"


def subscription(number: int, wanted: Subscription) -> Json:
    """A subscription; of its secret only that there is one."""
    return {
        "id": number,
        "name": wanted.name,
        "event": wanted.event,
        "type": "manual",
        "url": wanted.url,
        "version": wanted.version,
        "rule": None,
        "headers": [{"key": key, "value": value} for key, value in wanted.headers],
        "security_strategy": wanted.strategy,
        "secret": _HIDDEN if wanted.secret else None,
    }


def pending_image(image: Mapping[str, Json]) -> Json:
    """An image whose renditions are not made: one URL for all, and no sizes."""
    url = image[ORIGINAL]["url"]
    return {role: {"url": url, "width": 0, "height": 0} for role in ROLES}


def owner(number: int, code: str, plan: str) -> Json:
    """A merchant, as far as Fatrina knows one: there are no names, addresses or accounts."""
    shop = {"id": number, "username": code, "name": code, "plan": plan, "status": "active"}
    return {"id": number, "name": code, "email": "", "mobile": "", "role": "user", "merchant": shop}


def events() -> list[Json]:
    """What can be subscribed to."""
    return [{"event": event, "label": label} for event, label in webhook.EVENTS.items()]


def success(status: int, data: object, pagination: Json | None = None) -> Json:
    """The envelope of an answer; `pagination` beside a page of a list."""
    beside = {} if pagination is None else {"pagination": pagination}
    return {"status": status, "success": True, "data": data, **beside}


def failure(error: errors.ServiceError, language: Language) -> Json:
    """The envelope of a refusal; `fields` when fields are at fault."""
    problems = [each for each in error.each() if isinstance(each, errors.FieldError)]
    told = errors.ValidationFailed(*problems) if problems else error
    body: Json = {"code": told.code, "message": messages.render(told, language)}
    if problems:
        fields: dict[str, list[str]] = {}
        for problem in problems:
            fields.setdefault(problem.field, []).append(messages.render(problem, language))
        body["fields"] = fields
    return {"status": error.status, "success": False, "error": body}


def number(value: float) -> float:
    """A number as it was sent: whole ones as integers, others as the shortest that reads back."""
    whole = float(value).is_integer() and abs(value) < _LARGEST_EXACT
    return int(value) if whole else value
