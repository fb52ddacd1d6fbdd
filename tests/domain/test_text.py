"""Text as it is searched."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from fatrina.domain import text

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)


@given(TEXTS)
@example("\u0345\u0301")
@example("\u1e9e\ufb03\ufdfa")
@example("A\u030a\u0327")
def test_folding_is_idempotent(value: str) -> None:
    once = text.fold_case(value)
    assert text.fold_case(once) == once
    assert unicodedata.is_normalized("NFKC", once)


@given(TEXTS)
def test_equivalent_spellings_are_equal(value: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        spelled = unicodedata.normalize(form, value)
        assert text.fold_case(spelled) == text.fold_case(value)


@given(TEXTS, TEXTS)
def test_search_text_separates_name_and_sku(name: str, sku: str) -> None:
    assert text.search_text(name, sku).split("\n") == [
        text.fold_case(name),
        text.fold_case(sku),
    ]
    assert text.search_text(name, None) == text.search_text(name, "")
