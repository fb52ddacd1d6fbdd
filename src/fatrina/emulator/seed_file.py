"""Read seed data from JSON; report all problems at once, each with its JSON pointer."""

import re
from base64 import b64decode
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from fatrina.actions.receiving import File
from fatrina.domain import errors, messages, product, video
from fatrina.domain.access import MERCHANT_CODE
from fatrina.domain.gallery import Change
from fatrina.domain.merchant import Profile
from fatrina.domain.rate_limit import DEFAULT_PLAN, PLANS
from fatrina.emulator.seed_access_file import AccessReader
from fatrina.emulator.seed_records import PhotoWriter, Seed, SeedImage, SeedMerchant, SeedProduct

_CODE: Final = re.compile(MERCHANT_CODE)
_CHUNK_BYTES: Final = 262_144
_MAX_LINK_LENGTH: Final = 2048
_MAX_QUOTE_LENGTH: Final = 100
_PROFILE: Final = tuple(field.name for field in fields(Profile))
_MERCHANT_NAMES: Final = ("id", "code", "plan", "owner_key", "tokens", "webhooks", "products")
_SOURCES: Final = ("file", "data", "url", "video_url")


class SeedFileError(Exception):
    """Invalid seed data: one line per problem, each beginning with a JSON pointer (RFC 6901)."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(value: object, folder: Path | None = None) -> Seed:
    """Return the content of parsed seed data; `file` values are paths of photos in `folder`.

    Raises:
        SeedFileError: with all problems found.
    """
    reader = _SeedReader(folder)
    seed = reader.read(value)
    if reader.problems:
        raise SeedFileError(reader.problems)
    return seed


class _SeedReader(AccessReader):
    """Reads one seed and collects its problems."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self._folder = folder and folder.resolve()

    def read(self, value: object) -> Seed:
        given = value if isinstance(value, dict) else {}
        if not isinstance(given.get("merchants"), list):
            self.add_problem("", 'must be an object with a list "merchants"')
            return Seed([])
        self.check_names("", given, ("merchants", "apps"))
        merchants = self.read_list("/merchants", given["merchants"], self._read_merchant)
        return Seed(merchants, self.read_list("/apps", given.get("apps", []), self.read_app))

    def _read_merchant(self, at: str, given: dict[str, Any]) -> SeedMerchant:
        self.check_names(at, given, (*_MERCHANT_NAMES, *_PROFILE))
        code = given.get("code")
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            self.add_problem(f"{at}/code", "must be 4 to 6 letters and digits")
        plan = given.get("plan", DEFAULT_PLAN)
        if not isinstance(plan, str) or plan not in PLANS:
            self.add_problem(f"{at}/plan", f"must be one of {', '.join(PLANS)}")
        tokens = self.read_list(f"{at}/tokens", given.get("tokens", []), self.read_token)
        products = self.read_list(f"{at}/products", given.get("products", []), self._read_product)
        profile = {
            name: self.read_line(f"{at}/{name}", given[name]) or ""
            for name in _PROFILE
            if name in given
        }
        return SeedMerchant(
            at,
            str(code),
            str(plan),
            tokens,
            products,
            profile,
            self.read_id(f"{at}/id", given.get("id"), "merchant"),
            self.read_secret(f"{at}/owner_key", given.get("owner_key")),
            self.read_list(f"{at}/webhooks", given.get("webhooks", []), self.read_webhook),
        )

    def _read_product(self, at: str, given: dict[str, Any]) -> SeedProduct:
        self.check_names(at, given, ("id", "name", "sku", "images", *product.RULES))
        name = self.read_line(f"{at}/name", given.get("name"))
        if not name:
            self.add_problem(f"{at}/name", "is missing")
        return SeedProduct(
            at,
            name or "",
            self.read_text(f"{at}/sku", given.get("sku")) or None,
            self.read_id(f"{at}/id", given.get("id"), "product"),
            self.read_list(f"{at}/images", given.get("images", []), self._read_image),
            self._read_details(at, given),
        )

    def _read_details(self, at: str, given: dict[str, Any]) -> product.Details:
        """Return the other fields of a product, by the rules of requests."""
        details, found = product.parse(given)
        for error in found:
            pointer = f"{at}/{error.field.replace('.', '/')}"
            self.add_problem(pointer, messages.render(error, "en"))
        return details

    def _read_image(self, at: str, given: dict[str, Any]) -> SeedImage:
        self.check_names(at, given, ("id", "alt", "sort", "default", *_SOURCES))
        if sum(given.get(name) is not None for name in _SOURCES) != 1:
            self.add_problem(at, f"must have exactly one of {', '.join(_SOURCES)}")
        default = given.get("default")
        if not isinstance(default, bool | None):
            self.add_problem(f"{at}/default", "must be true or false")
        sort = self.read_number(f"{at}/sort", given.get("sort"))
        return SeedImage(
            at,
            Change(default, sort, self.read_line(f"{at}/alt", given.get("alt"))),
            self.read_id(f"{at}/id", given.get("id"), "image"),
            self._read_photo(at, given),
            self.read_text(f"{at}/url", given.get("url"), _MAX_LINK_LENGTH),
            self._read_video_url(f"{at}/video_url", given.get("video_url")),
            _photo_key(given),
        )

    def _read_photo(self, at: str, given: dict[str, Any]) -> PhotoWriter | None:
        if (data := given.get("data")) is not None:
            try:
                return _write_data(b64decode(data, validate=True))
            except (ValueError, TypeError):
                self.add_problem(f"{at}/data", "must be base64")
        name = given.get("file")
        path = None if name is None else self._resolve_file(f"{at}/file", str(name))
        return _copy_file(path) if path else None

    def _resolve_file(self, at: str, name: str) -> Path | None:
        """Return the path of a photo in the folder."""
        if self._folder is None:
            self.add_problem(at, "is a file name, but no folder of photos was given")
            return None
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder):
                self.add_problem(at, "is outside the folder of photos")
                return None
            if path.is_file():
                return path
        except (OSError, ValueError):  # the name is too long or contains NUL
            pass
        quote = name[:_MAX_QUOTE_LENGTH]
        self.add_problem(at, f"is “{quote}”, which does not exist in the folder of photos")
        return None

    def _read_video_url(self, at: str, link: object) -> str | None:
        if link is None:
            return None
        try:
            return video.parse(str(link)).url
        except errors.FieldError:
            self.add_problem(at, "is not a link to a YouTube video")
            return None


def _photo_key(given: dict[str, Any]) -> str:
    """Return a text that is equal for images with the same source."""
    name = next((name for name in _SOURCES if given.get(name) is not None), "")
    digest = sha256(str(given.get(name)).encode("utf-8", "replace")).hexdigest()
    return f"{name} {digest}"


def _write_data(data: bytes) -> PhotoWriter:
    return lambda file: file.write(data)


def _copy_file(path: Path) -> PhotoWriter:
    def write(file: File) -> None:
        with path.open("rb") as source:
            while chunk := source.read(_CHUNK_BYTES):
                file.write(chunk)

    return write
