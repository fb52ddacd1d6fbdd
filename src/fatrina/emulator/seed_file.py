"""Read what is to be sown from JSON; all that is wrong with it is told at once, by place."""

import re
from base64 import b64decode
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeVar

from fatrina.actions.receiving import File
from fatrina.domain import errors, text, video
from fatrina.domain.access import MERCHANT_CODE, SCOPES, WRITE
from fatrina.domain.durations import DAY
from fatrina.domain.gallery import Change
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.rate_limit import DEFAULT, PLANS
from fatrina.emulator.seeding import PhotoWriter, SeedImage, SeedMerchant, SeedProduct, SeedToken

T = TypeVar("T")

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{8,512}")
_MOST_DAYS: Final = 36_500
_PIECE: Final = 262_144
_TEXT: Final = 500
_MOST_PROBLEMS: Final = 100
_LONGEST_QUOTE: Final = 100
_SOURCES: Final = ("file", "data", "url", "video_url")


class SeedFileError(Exception):
    """What is wrong with a seed: a line for each, that begins with its JSON pointer (RFC 6901)."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(value: object, folder: Path | None = None) -> list[SeedMerchant]:
    """The merchants of a seed; `file` names pictures in `folder`, and nowhere else.

    Raises:
        SeedFileError: with everything that is wrong.
    """
    reading = _Reading(folder)
    merchants = reading.merchants(value)
    if reading.problems:
        raise SeedFileError(reading.problems)
    return merchants


class _Reading:
    """One seed as it is read."""

    def __init__(self, folder: Path | None) -> None:
        self.problems: list[str] = []
        self._folder = folder and folder.resolve()
        self._ids: dict[str, set[int]] = {"product": set(), "image": set()}

    def merchants(self, value: object) -> list[SeedMerchant]:
        found = value.get("merchants") if isinstance(value, dict) else None
        if not isinstance(found, list):
            self._note("", 'is to be an object with a list "merchants"')
            return []
        return self._each("/merchants", found, self._merchant)

    def _merchant(self, at: str, given: dict[str, Any]) -> SeedMerchant:
        self._known(at, given, ("code", "plan", "tokens", "products"))
        code = given.get("code")
        if not isinstance(code, str) or not re.fullmatch(MERCHANT_CODE, code):
            self._note(f"{at}/code", "is to be 4 to 6 letters and digits")
        plan = given.get("plan", DEFAULT)
        if not isinstance(plan, str) or plan not in PLANS:
            self._note(f"{at}/plan", f"is to be one of {', '.join(PLANS)}")
        tokens = self._each(f"{at}/tokens", given.get("tokens", []), self._token)
        products = self._each(f"{at}/products", given.get("products", []), self._product)
        return SeedMerchant(at, str(code), str(plan), tokens, products)

    def _token(self, at: str, given: dict[str, Any]) -> SeedToken:
        self._known(at, given, ("token", "scope", "days"))
        token, scope, days = given.get("token"), given.get("scope", WRITE), given.get("days", 3650)
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            self._note(f"{at}/token", "is to be 8 or more letters, digits or ._~+/=-")
        if not isinstance(scope, str) or not set(scope.split()) <= {*SCOPES} or not scope.split():
            self._note(f"{at}/scope", f"is to be one of {', '.join(SCOPES)}")
        if not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= _MOST_DAYS:
            self._note(f"{at}/days", f"is to be a whole number from 1 to {_MOST_DAYS}")
            days = 1
        return SeedToken(str(token), str(scope), days * DAY)

    def _product(self, at: str, given: dict[str, Any]) -> SeedProduct:
        self._known(at, given, ("id", "name", "sku", "images"))
        name = self._line(f"{at}/name", given.get("name"))
        if not name:
            self._note(f"{at}/name", "is missing")
        return SeedProduct(
            at,
            name or "",
            self._text(f"{at}/sku", given.get("sku")) or None,
            self._id(f"{at}/id", given.get("id"), "product"),
            self._each(f"{at}/images", given.get("images", []), self._picture),
        )

    def _picture(self, at: str, given: dict[str, Any]) -> SeedImage:
        self._known(at, given, ("id", "alt", "sort", "default", *_SOURCES))
        if sum(given.get(name) is not None for name in _SOURCES) != 1:
            self._note(at, f"is to have one of {', '.join(_SOURCES)}")
        default = given.get("default")
        if not isinstance(default, bool | None):
            self._note(f"{at}/default", "is to be true or false")
        sort = self._number(f"{at}/sort", given.get("sort"))
        return SeedImage(
            at,
            Change(default, sort, self._line(f"{at}/alt", given.get("alt"))),
            self._id(f"{at}/id", given.get("id"), "image"),
            self._bytes(at, given),
            self._text(f"{at}/url", given.get("url"), 2048),
            self._video(f"{at}/video_url", given.get("video_url")),
        )

    def _bytes(self, at: str, given: dict[str, Any]) -> PhotoWriter | None:
        if (data := given.get("data")) is not None:
            try:
                return _from_base64(b64decode(data, validate=True))
            except (ValueError, TypeError):
                self._note(f"{at}/data", "is to be base64")
        name = given.get("file")
        path = None if name is None else self._file(f"{at}/file", str(name))
        return _from_file(path) if path else None

    def _file(self, at: str, name: str) -> Path | None:
        """A picture in the folder."""
        if self._folder is None:
            self._note(at, "names a file, and there is no folder of pictures")
            return None
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder):
                self._note(at, "leads out of the folder of pictures")
                return None
            if path.is_file():
                return path
        except (OSError, ValueError):  # no file can have such a name
            pass
        self._note(at, f"names “{name[:_LONGEST_QUOTE]}”, which is not in the folder of pictures")
        return None

    def _video(self, at: str, link: object) -> str | None:
        if link is None:
            return None
        try:
            return video.parse(str(link)).url
        except errors.FieldError:
            self._note(at, "is no link of a YouTube video")
            return None

    def _text(self, at: str, value: object, longest: int = _TEXT) -> str | None:
        return self._checked(at, value, longest, text.validate)

    def _line(self, at: str, value: object) -> str | None:
        return self._checked(at, value, _TEXT, text.line)

    def _checked(
        self, at: str, value: object, longest: int, check: Callable[[str, str, int], str]
    ) -> str | None:
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return check("", value, longest)
        except errors.FieldError:
            pass
        self._note(at, f"is to be text of up to {longest} characters, none of control")
        return None

    def _number(self, at: str, value: object) -> float | None:
        if value is None:
            return None
        try:
            if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
                return float(value)
        except OverflowError:  # an integer beyond all floats
            pass
        self._note(at, "is to be a number")
        return None

    def _id(self, at: str, value: object, kind: str) -> int | None:
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_INT32:
            self._note(at, f"is to be a whole number from 1 to {MAX_INT32}")
            return None
        if value in self._ids[kind]:
            self._note(at, f"is the id of another {kind}")
        self._ids[kind].add(value)
        return value

    def _each(self, at: str, values: object, read: Callable[[str, dict[str, Any]], T]) -> list[T]:
        if not isinstance(values, list):
            self._note(at, "is to be a list")
            return []
        found = []
        for number, value in enumerate(values):
            if isinstance(value, dict):
                found.append(read(f"{at}/{number}", value))
            else:
                self._note(f"{at}/{number}", "is to be an object")
        return found

    def _known(self, at: str, given: dict[str, Any], names: tuple[str, ...]) -> None:
        for name in given.keys() - {*names}:
            self._note(f"{at}/{name}"[:200], f"is not known: there are {', '.join(names)}")

    def _note(self, at: str, problem: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(f"{at or '/'}: {problem}")
        elif len(self.problems) == _MOST_PROBLEMS:
            self.problems.append("and more that is not listed")


def _from_base64(data: bytes) -> PhotoWriter:
    return lambda file: file.write(data)


def _from_file(path: Path) -> PhotoWriter:
    def write(file: File) -> None:
        with path.open("rb") as source:
            while piece := source.read(_PIECE):
                file.write(piece)

    return write
