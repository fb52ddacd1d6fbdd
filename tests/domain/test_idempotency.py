"""Fingerprints of requests: equal if and only if the requests are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import errors
from fatrina.domain.idempotency import fingerprint, parse_key, should_store

VALUES = st.none() | st.booleans() | st.integers() | st.text()
FIELDS = st.dictionaries(st.text(), VALUES, max_size=4)


@given(FIELDS, FIELDS, st.none() | st.just("a" * 64))
def test_fingerprint_depends_on_fields_and_not_on_their_order(
    one: dict[str, object], other: dict[str, object], photo: str | None
) -> None:
    reordered = dict(reversed(one.items()))
    assert fingerprint("POST", "/a", one, photo) == fingerprint("POST", "/a", reordered, photo)
    same = repr(sorted(one.items())) == repr(sorted(other.items()))
    equal = fingerprint("POST", "/a", one, photo) == fingerprint("POST", "/a", other, photo)
    assert equal == same


def test_fingerprint_depends_on_method_path_and_photo() -> None:
    requests: list[tuple[str, str, dict[str, object], str | None]] = [
        ("POST", "/a", {}, None),
        ("PUT", "/a", {}, None),
        ("POST", "/a?b", {}, None),
        ("POST", "/a", {}, "f" * 64),
        ("POST", "/a", {"x": errors.Required("x")}, None),
        ("POST", "/a", {"x": "\ud800"}, None),
    ]
    assert len({fingerprint(*each) for each in requests}) == len(requests)


def test_temporary_results_are_not_stored() -> None:
    statuses = (201, 202, 404, 410, 412, 422, 401, 408, 409, 429, 499, 500, 503, 507)
    assert [each for each in statuses if should_store(each)] == [201, 202, 404, 410, 412, 422]


@pytest.mark.parametrize("key", ["", " ", "a b", "\x7f", "é", "a\n", "x" * 256])
def test_invalid_keys_are_rejected(key: str) -> None:
    with pytest.raises(errors.ValidationFailed):
        parse_key(key)
