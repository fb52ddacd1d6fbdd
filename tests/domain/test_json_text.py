"""JSON is read by the same rules on every Python."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain.json_text import MAX_DEPTH, JsonError, parse

TEXTS = st.text() | st.text(alphabet='[]{}"\\/')
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        value = [*value.values()]
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(VALUES)
def test_what_json_can_say_is_read(value: object) -> None:
    assert parse(json.dumps(value)) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(VALUES, st.integers(0, 80))
def test_the_depth_is_what_counts(value: object, around: int) -> None:
    text = "[" * around + json.dumps([value, value]) + "]" * around
    if around + depth_of([value]) <= MAX_DEPTH:
        assert depth_of(parse(text)) == around + depth_of([value])
    else:
        with pytest.raises(JsonError, match="nested more than 64 deep"):
            parse(text)


@pytest.mark.parametrize(
    ("opening", "closing", "step"),
    [("[", "]", 1), ('{"a":[', "]}", 2), (r'["\"]", ', "]", 1), (r'["\\", ', "]", 1)],
)
def test_the_limit_is_exact(opening: str, closing: str, step: int) -> None:
    most = MAX_DEPTH // step
    assert parse(opening * most + "0" + closing * most) is not None
    with pytest.raises(JsonError, match="nested more than 64 deep"):
        parse(opening * (most + 1) + "0" + closing * (most + 1))


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(parse("[" + "[]," * 10_000 + "[]]")) == 10_001
    assert parse(json.dumps(["[" * 1000, "]" * 1000])) == ["[" * 1000, "]" * 1000]


@pytest.mark.parametrize("text", [nested(30_000), "[" * 60_000, '{"a":' * 30_000])
def test_too_deep_is_refused_for_its_depth(text: str) -> None:
    with pytest.raises(JsonError, match="nested more than 64 deep"):
        parse(text)
    with pytest.raises(JsonError, match="nested more than 64 deep"):
        parse(text.encode("utf-16"))


def test_the_limit_does_not_depend_on_the_interpreters() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        with pytest.raises(JsonError, match="nested more than 64 deep"):
            parse(nested(MAX_DEPTH + 1))
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    "text",
    ["", "[", "]", "NaN", "[-Infinity]", '"' + '\\"' * 100_000, '"\\', "]" * 70 + "[" * 70, "\0"],
)
def test_rejects_text_that_is_not_json(text: str) -> None:
    with pytest.raises(JsonError):
        parse(text)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b'{"a":"\xff"}', b"9" * 5000])
def test_rejects_bytes_that_are_not_json(data: bytes) -> None:
    with pytest.raises(JsonError):
        parse(data)


def test_object_hook_creates_objects() -> None:
    assert parse('{"a": 1, "a": 2}', tuple) == (("a", 1), ("a", 2))
