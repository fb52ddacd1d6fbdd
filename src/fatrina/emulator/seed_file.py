"""Read seed data from JSON; report all problems at once, each with its JSON pointer."""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import fields
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeVar

from fatrina.actions.receiving import File
from fatrina.domain import errors, text, video
from fatrina.domain.access import MERCHANT_CODE, SCOPES, WRITE
from fatrina.domain.durations import DAY
from fatrina.domain.gallery import Change
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.merchant import Profile
from fatrina.domain.rate_limit import DEFAULT_PLAN, PLANS
from fatrina.domain.types import Millis
from fatrina.emulator.seeding import PhotoWriter, SeedImage, SeedMerchant, SeedProduct, SeedToken

T = TypeVar("T")

_CODE: Final = re.compile(MERCHANT_CODE)
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{8,512}")
_MAX_DAYS: Final = 36_500
_CHUNK_BYTES: Final = 262_144
_MAX_TEXT_LENGTH: Final = 500
_MAX_LINK_LENGTH: Final = 2048
_MAX_PROBLEMS: Final = 100
_MAX_QUOTE_LENGTH: Final = 100
_MAX_POINTER_LENGTH: Final = 200
_PROFILE: Final = tuple(field.name for field in fields(Profile))
_SOURCES: Final = ("file", "data", "url", "video_url")


class SeedFileError(Exception):
    """Invalid seed data: one line per problem, each beginning with a JSON pointer (RFC 6901)."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(value: object, folder: Path | None = None) -> list[SeedMerchant]:
    """Return the merchants of parsed seed data; `file` values are paths of photos in `folder`.

    Raises:
        SeedFileError: with all problems found.
    """
    reader = _SeedReader(folder)
    merchants = reader.read(value)
    if reader.problems:
        raise SeedFileError(reader.problems)
    return merchants


class _SeedReader:
    """Reads one seed and collects its problems; `at` is always the JSON pointer of the value."""

    def __init__(self, folder: Path | None) -> None:
        self.problems: list[str] = []
        self._folder = folder and folder.resolve()
        self._ids: dict[str, set[int]] = {"product": set(), "image": set()}

    def read(self, value: object) -> list[SeedMerchant]:
        merchants = value.get("merchants") if isinstance(value, dict) else None
        if not isinstance(merchants, list):
            self._add_problem("", 'must be an object with a list "merchants"')
            return []
        return self._read_list("/merchants", merchants, self._read_merchant)

    def _read_merchant(self, at: str, given: dict[str, Any]) -> SeedMerchant:
        self._check_names(at, given, ("code", "plan", "tokens", "products", *_PROFILE))
        code = given.get("code")
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            self._add_problem(f"{at}/code", "must be 4 to 6 letters and digits")
        plan = given.get("plan", DEFAULT_PLAN)
        if not isinstance(plan, str) or plan not in PLANS:
            self._add_problem(f"{at}/plan", f"must be one of {', '.join(PLANS)}")
        tokens = self._read_list(f"{at}/tokens", given.get("tokens", []), self._read_token)
        products = self._read_list(f"{at}/products", given.get("products", []), self._read_product)
        profile = {
            name: self._read_line(f"{at}/{name}", given[name]) or ""
            for name in _PROFILE
            if name in given
        }
        return SeedMerchant(at, str(code), str(plan), tokens, products, profile)

    def _read_token(self, at: str, given: dict[str, Any]) -> SeedToken:
        self._check_names(at, given, ("token", "scope", "days"))
        token, scope, days = given.get("token"), given.get("scope", WRITE), given.get("days", 3650)
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            self._add_problem(f"{at}/token", "must be 8 or more letters, digits or ._~+/=-")
        if not isinstance(scope, str) or not set(scope.split()) <= {*SCOPES} or not scope.split():
            self._add_problem(f"{at}/scope", f"must be one of {', '.join(SCOPES)}")
        if not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= _MAX_DAYS:
            self._add_problem(f"{at}/days", f"must be an integer from 1 to {_MAX_DAYS}")
            days = 1
        return SeedToken(str(token), str(scope), Millis(days * DAY))

    def _read_product(self, at: str, given: dict[str, Any]) -> SeedProduct:
        self._check_names(at, given, ("id", "name", "sku", "images"))
        name = self._read_line(f"{at}/name", given.get("name"))
        if not name:
            self._add_problem(f"{at}/name", "is missing")
        return SeedProduct(
            at,
            name or "",
            self._read_text(f"{at}/sku", given.get("sku")) or None,
            self._read_id(f"{at}/id", given.get("id"), "product"),
            self._read_list(f"{at}/images", given.get("images", []), self._read_image),
        )

    def _read_image(self, at: str, given: dict[str, Any]) -> SeedImage:
        self._check_names(at, given, ("id", "alt", "sort", "default", *_SOURCES))
        if sum(given.get(name) is not None for name in _SOURCES) != 1:
            self._add_problem(at, f"must have exactly one of {', '.join(_SOURCES)}")
        default = given.get("default")
        if not isinstance(default, bool | None):
            self._add_problem(f"{at}/default", "must be true or false")
        sort = self._read_number(f"{at}/sort", given.get("sort"))
        return SeedImage(
            at,
            Change(default, sort, self._read_line(f"{at}/alt", given.get("alt"))),
            self._read_id(f"{at}/id", given.get("id"), "image"),
            self._read_photo(at, given),
            self._read_text(f"{at}/url", given.get("url"), _MAX_LINK_LENGTH),
            self._read_video_url(f"{at}/video_url", given.get("video_url")),
        )

    def _read_photo(self, at: str, given: dict[str, Any]) -> PhotoWriter | None:
        if (data := given.get("data")) is not None:
            try:
                return _write_data(b64decode(data, validate=True))
            except (ValueError, TypeError):
                self._add_problem(f"{at}/data", "must be base64")
        name = given.get("file")
        path = None if name is None else self._resolve_file(f"{at}/file", str(name))
        return _copy_file(path) if path else None

    def _resolve_file(self, at: str, name: str) -> Path | None:
        """Return the path of a photo in the folder."""
        if self._folder is None:
            self._add_problem(at, "is a file name, but no folder of photos was given")
            return None
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder):
                self._add_problem(at, "is outside the folder of photos")
                return None
            if path.is_file():
                return path
        except (OSError, ValueError):  # the name is too long or contains NUL
            pass
        quote = name[:_MAX_QUOTE_LENGTH]
        self._add_problem(at, f"is “{quote}”, which does not exist in the folder of photos")
        return None

    def _read_video_url(self, at: str, link: object) -> str | None:
        if link is None:
            return None
        try:
            return video.parse(str(link)).url
        except errors.FieldError:
            self._add_problem(at, "is not a link to a YouTube video")
            return None

    def _read_text(self, at: str, value: object, max_length: int = _MAX_TEXT_LENGTH) -> str | None:
        return self._check_text(at, value, max_length, text.validate)

    def _read_line(self, at: str, value: object) -> str | None:
        return self._check_text(at, value, _MAX_TEXT_LENGTH, text.normalize_line)

    def _check_text(
        self, at: str, value: object, max_length: int, check: Callable[[str, str, int], str]
    ) -> str | None:
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return check("", value, max_length)
        except errors.FieldError:
            pass
        self._add_problem(
            at, f"must be text of up to {max_length} characters without control characters"
        )
        return None

    def _read_number(self, at: str, value: object) -> float | None:
        if value is None:
            return None
        try:
            if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
                return float(value)
        except OverflowError:  # an integer greater than any float
            pass
        self._add_problem(at, "must be a number")
        return None

    def _read_id(self, at: str, value: object, kind: str) -> int | None:
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_INT32:
            self._add_problem(at, f"must be an integer from 1 to {MAX_INT32}")
            return None
        if value in self._ids[kind]:
            self._add_problem(at, f"is the id of another {kind}")
        self._ids[kind].add(value)
        return value

    def _read_list(
        self, at: str, values: object, read: Callable[[str, dict[str, Any]], T]
    ) -> list[T]:
        if not isinstance(values, list):
            self._add_problem(at, "must be a list")
            return []
        items = []
        for index, value in enumerate(values):
            if isinstance(value, dict):
                items.append(read(f"{at}/{index}", value))
            else:
                self._add_problem(f"{at}/{index}", "must be an object")
        return items

    def _check_names(self, at: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
        for name in given.keys() - {*known}:
            pointer = f"{at}/{name}"[:_MAX_POINTER_LENGTH]
            self._add_problem(pointer, f"is not a known name: use {', '.join(known)}")

    def _add_problem(self, at: str, problem: str) -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(f"{at or '/'}: {problem}")
        elif len(self.problems) == _MAX_PROBLEMS:
            self.problems.append("and more problems that are not listed")


def _write_data(data: bytes) -> PhotoWriter:
    return lambda file: file.write(data)


def _copy_file(path: Path) -> PhotoWriter:
    def write(file: File) -> None:
        with path.open("rb") as source:
            while chunk := source.read(_CHUNK_BYTES):
                file.write(chunk)

    return write
