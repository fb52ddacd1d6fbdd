"""The contract's JSON, both ways: the only place, with the table of sizes, that knows its names."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from fatrina.domain import errors, messages
from fatrina.domain.gallery import Entry
from fatrina.domain.messages import Language
from fatrina.domain.renditions import ORIGINAL, Original

Json = dict[str, object]

_LARGEST_EXACT = 2**53


class Shown(Protocol):
    """An image as it is now."""

    @property
    def entry(self) -> Entry:
        """Its place in the gallery."""

    @property
    def original(self) -> Original:
        """What it shows."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes answers whose URLs begin with `base`."""

    base: str
    """Where the stored files are served, without a slash at the end."""

    def image(self, image: Shown) -> Json:
        """An image as Product Images answers it (`ProductImagesVideos`)."""
        entry, original = image.entry, image.original
        sizes = original.sizes()
        return {
            "id": entry.id,
            "image": {
                role: {
                    "url": self.url(key),
                    "width": number(sizes[role].width),
                    "height": number(sizes[role].height),
                }
                for role, key in original.keys().items()
            },
            "sort": number(entry.sort),
            "default": entry.default,
            "alt_seo": entry.alt,
            "video_url": "",
            "type": "image",
        }

    def product(self, identifier: int, name: str, sku: str | None, images: Iterable[Shown]) -> Json:
        """A product as Product Details answers it, as far as it is about images."""
        shown = list(images)
        main = next((image.original for image in shown if image.entry.default), None)
        return {
            "id": identifier,
            "name": name,
            "sku": sku or "",
            "status": "sale" if shown else "hidden",
            "main_image": self.url(main.key(ORIGINAL)) if main else None,
            "thumbnail": self.url(main.key("thumbnail")) if main else None,
            "images": [self._product_image(image) for image in shown],
        }

    def url(self, key: str) -> str:
        """The URL of a stored file."""
        return f"{self.base}/{key}"

    def _product_image(self, image: Shown) -> Json:
        entry = image.entry
        return {
            "id": entry.id,
            "url": self.url(image.original.key(ORIGINAL)),
            "main": entry.default,
            "three_d_image_url": "",
            "alt": entry.alt or "",
            "video_url": "",
            "type": "image",
            "sort": number(entry.sort),
        }


def success(status: int, data: Json) -> Json:
    """The envelope of an answer."""
    return {"status": status, "success": True, "data": data}


def failure(refusal: errors.Refusal, language: Language) -> Json:
    """The envelope of a refusal; `fields` when fields are at fault."""
    problems = refusal.problems if isinstance(refusal, errors.Invalid) else ()
    if isinstance(refusal, errors.FieldRefused):
        problems = (refusal,)
    told = errors.Invalid(*problems) if problems else refusal
    error: Json = {"code": told.code, "message": messages.word(told, language)}
    if problems:
        fields: dict[str, list[str]] = {}
        for problem in problems:
            fields.setdefault(problem.field, []).append(messages.word(problem, language))
        error["fields"] = fields
    return {"status": refusal.status, "success": False, "error": error}


def number(value: float) -> float:
    """A number as it was sent: whole ones as integers, others as the shortest that reads back."""
    whole = float(value).is_integer() and abs(value) < _LARGEST_EXACT
    return int(value) if whole else value
