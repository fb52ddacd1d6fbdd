"""Conditions of If-Match and If-None-Match, against a plainer account of RFC 9110."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain.preconditions import matches_strongly, matches_weakly

ETAG = '"abc"'
# RFC 9110, section 8.8.3: everything visible except quotation marks, commas included.
_CHARACTERS = [chr(code) for code in (0x21, *range(0x23, 0x7F), *range(0x80, 0x100))]
TAGS = st.builds(
    lambda prefix, opaque: f'{prefix}"{opaque}"',
    st.sampled_from(["", "W/"]),
    st.text(st.sampled_from(_CHARACTERS)),
)
SEPARATORS = st.sampled_from([",", ", ", " ,\t", ",, ", " , ,"])


@given(st.lists(TAGS | st.sampled_from([ETAG, f"W/{ETAG}"]), min_size=1), SEPARATORS)
def test_lists_match_if_they_contain_the_tag(tags: list[str], separator: str) -> None:
    condition = separator.join(tags)
    assert matches_strongly(condition, ETAG) == (ETAG in tags)
    assert matches_weakly(condition, ETAG) == (ETAG in [tag.removeprefix("W/") for tag in tags])


@pytest.mark.parametrize("condition", ["*", " * ", "\t*"])
def test_star_matches_every_representation(condition: str) -> None:
    assert matches_strongly(condition, ETAG)
    assert matches_weakly(condition, ETAG)


@pytest.mark.parametrize(
    "condition",
    [
        *("", " ", ",", "abc", '"abc', 'abc"', "'abc'", '"abc" "abc"', '"abc""abc"', '"abc";'),
        *('w/"abc"', 'W/ "abc"', 'W "abc"', '/"abc"', "W/", '"abc", x', 'x, "abc"', '"abc", "'),
        *('*, "abc"', '"abc", *', "**", '"*"', '"ABC"', '"a\x00bc"', '"abc\x7f"', '"a bc"'),
        *('"\u0661"', "\u201cabc\u201d", '"abc"\u00a0'),
    ],
)
def test_malformed_and_other_conditions_never_match(condition: str) -> None:
    assert not matches_strongly(condition, ETAG)
    assert not matches_weakly(condition, ETAG)


@pytest.mark.parametrize("condition", ['"a",' * 20_000 + "x", "," * 100_000 + "x", '"a" ' * 20_000])
def test_long_conditions_take_linear_time(condition: str) -> None:
    begun = time.process_time()
    assert not matches_strongly(condition, ETAG)
    assert time.process_time() - begun < 1
