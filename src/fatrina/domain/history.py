"""History of images: their versions, and the changes that requests made to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fatrina.domain.gallery import GalleryEntry
from fatrina.domain.types import ImageId, Millis, TokenId
from fatrina.domain.version import Version


class Action(StrEnum):
    """What a request did to an image, or to the order of all images of a product."""

    ATTACHED = "attached"
    REPLACED = "replaced"
    RESTORED = "restored"
    DELETED = "deleted"
    UNDELETED = "undeleted"
    REORDERED = "reordered"
    ALT = "alt"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Author:
    """The token that made a change."""

    token_id: TokenId
    hint: str
    """The first characters of the token, which identify it in lists."""
    app_name: str | None
    """The name of the app to which the token was issued; None for a token of the operator."""


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version of an image with its place in the history."""

    number: int
    """Counts from 1, the oldest version of the image."""
    version: Version
    restored: int | None
    """The number of the version that this one restored; None if it is a new photo."""
    alt: str | None
    sort: float | None
    """None if it was replaced before this was recorded."""
    default: bool | None
    """None if it was replaced before this was recorded."""
    created_at: Millis
    retired_at: Millis | None
    """When it was replaced or deleted; None if the image shows it."""
    is_purged: bool
    """Whether its stored files were deleted."""
    author: Author | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A logged change."""

    id: int
    image_id: ImageId | None
    """None if the change concerns the order of all images."""
    actions: tuple[Action, ...]
    created_at: Millis
    author: Author | None
    reason: str | None


def compare(before: GalleryEntry, after: GalleryEntry) -> tuple[Action, ...]:
    """Return the actions that lead from one state of an entry to another."""
    differences: Iterable[tuple[Action, bool]] = (
        (Action.REORDERED, before.sort != after.sort),
        (Action.ALT, before.alt != after.alt),
        (Action.DEFAULT, before.default != after.default),
    )
    return tuple(action for action, differs in differences if differs)
