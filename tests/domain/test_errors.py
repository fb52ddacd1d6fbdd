"""Error hierarchy: stable reasons, documented parameters, and pickling between processes."""

import ast
import pickle
import re
from pathlib import Path

import pytest

import fatrina
from fatrina.domain import errors

LEAVES = errors.subclasses()


def documented(leaf: type[errors.ServiceError]) -> set[str]:
    """The names of what was seen: those in backticks in a leaf's docstring."""
    # A branch names its attributes there, and so does `Invalid`.
    names = [] if leaf.__subclasses__() else re.findall(r"`(\w+)`", leaf.__doc__ or "")
    return set(names) - {"field_errors"}


def example(leaf: type[errors.ServiceError]) -> errors.ServiceError:
    if leaf is errors.ValidationFailed:
        return errors.ValidationFailed(
            errors.Required("photo"), errors.TextTooLong("alt", limit=255)
        )
    seen: dict[str, errors.Params] = dict.fromkeys(documented(leaf), 7)
    if issubclass(leaf, errors.FieldError):
        return leaf("video_url", **seen)
    return leaf(**seen)


def test_reasons_are_unique() -> None:
    reasons = [leaf.reason for leaf in LEAVES]
    assert len(reasons) == len(set(reasons))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", reason) for reason in reasons)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.reason)
def test_by_reason_returns_the_class(leaf: type[errors.ServiceError]) -> None:
    assert errors.by_reason(leaf.reason) is leaf


@pytest.mark.parametrize("reason", ["", "photo", "Photo_empty", "photo_empty "])
def test_by_reason_returns_none_for_unknown_reasons(reason: str) -> None:
    assert errors.by_reason(reason) is None


def test_every_class_without_subclasses_has_a_reason() -> None:
    def ends(root: type[errors.ServiceError]) -> list[type[errors.ServiceError]]:
        children = root.__subclasses__()
        return [end for child in children for end in ends(child)] if children else [root]

    # `Internal` shares the root's reason: what nobody worded is a fault of ours.
    assert set(ends(errors.ServiceError)) - set(LEAVES) == {errors.InternalError}
    assert errors.InternalError().reason == errors.ServiceError.reason == "internal_error"


@pytest.mark.parametrize(
    ("leaf", "status", "code"),
    [
        (errors.InvalidToken, 401, "Unauthorized"),
        (errors.InsufficientScope, 401, "Unauthorized"),
        (errors.NotFound, 404, "error"),
        (errors.MethodNotAllowed, 405, "method_not_allowed"),
        (errors.MalformedJson, 400, "bad_request"),
        (errors.RequestTimeout, 408, "request_timeout"),
        (errors.PayloadTooLarge, 413, "payload_too_large"),
        (errors.ValidationFailed, 422, "error"),
        (errors.GalleryFull, 422, "error"),
        (errors.PhotoNotAnImage, 422, "error"),
        (errors.LinkAddressNotAllowed, 422, "error"),
        (errors.Busy, 503, "service_unavailable"),
        (errors.StorageFull, 507, "insufficient_storage"),
        (errors.InternalError, 500, "server_error"),
    ],
)
def test_status_and_code(leaf: type[errors.ServiceError], status: int, code: str) -> None:
    assert (leaf.status, leaf.code) == (status, code)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.reason)
def test_errors_survive_pickling(leaf: type[errors.ServiceError]) -> None:
    sent = example(leaf)
    came = pickle.loads(pickle.dumps(sent))
    assert type(came) is leaf
    assert came.params == sent.params
    assert came.args == sent.args
    assert getattr(came, "field", None) == getattr(sent, "field", None)


def test_field_errors_survive_pickling() -> None:
    came = pickle.loads(pickle.dumps(example(errors.ValidationFailed)))
    assert [(type(one), one.field, one.params) for one in came.field_errors] == [
        (errors.Required, "photo", {}),
        (errors.TextTooLong, "alt", {"limit": 255}),
    ]


def test_photo_errors_name_their_field() -> None:
    assert errors.PhotoEmpty().field == "photo"
    assert errors.PhotoEmpty("original").field == "original"


SOURCES = sorted(Path(fatrina.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_raised_error_passes_its_documented_params(path: Path) -> None:
    """Each `errors.Leaf(…)` in the source passes what the leaf documents, for its words to show."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and (leaf := _leaf(node.exc)):
            assert documented(leaf) == set(), f"line {node.lineno} says nothing of what was seen"
        if isinstance(node, ast.Call) and (leaf := _leaf(node.func)):
            named = {word.arg or "**" for word in node.keywords} - {"field"}
            given = named - {"**"} | documented(leaf) if "**" in named else named
            assert given == documented(leaf), f"line {node.lineno}"


def _leaf(node: ast.expr | None) -> type[errors.ServiceError] | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        found = getattr(errors, node.attr, None) if node.value.id == "errors" else None
        if isinstance(found, type) and issubclass(found, errors.ServiceError):
            return found
    return None
