"""The fields of products: rules, merging, status, and what is stored."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import errors, product

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
DEEP: Any = 1
for _ in range(9):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("name", "sent", "expected"),
    [
        ("price", 96.33, 96.33),
        ("price", "96.330", 96.33),
        ("price", 5.0, 5),
        ("price", "", None),
        ("price", None, None),
        ("quantity", "12", 12),
        ("quantity", 12.0, 12),
        ("status", "HIDDEN", "hidden"),
        ("product_type", "food", "food"),
        ("with_tax", "0", False),
        ("pinned", "on", True),
        ("gtin", 58636897, "58636897"),
        ("calories", 500.5, "500.5"),
        ("description", "<p>a</p>\r\n\tb", "<p>a</p>\r\n\tb"),
        ("subtitle", " a\nb ", "a b"),
        ("currency", "kwd", "KWD"),
        ("categories", [5, "6"], [{"id": 5}, {"id": 6}]),
        ("categories", [{"id": 5, "name": "فساتين"}], [{"id": 5, "name": "فساتين"}]),
        ("brand_id", 7, {"id": 7}),
        ("tags", [], []),
        ("channels", ["web"], ["web"]),
        ("booking_details", {"type": "date", "n": [1]}, {"type": "date", "n": [1]}),
        (
            "options",
            [{"name": "o", "values": [{"name": "v", "price": "12", "extra": 1}]}],
            [{"name": "o", "values": [{"name": "v", "price": 12, "extra": 1}]}],
        ),
    ],
)
def test_valid_fields(name: str, sent: Any, expected: Any) -> None:
    assert product.parse({name: sent}) == ({name: expected}, [])


@pytest.mark.parametrize(
    ("name", "sent", "field", "reason"),
    [
        ("price", "5 SAR", "price", "not_number"),
        ("price", True, "price", "not_number"),
        ("price", float("inf"), "price", "not_number"),
        ("price", -1, "price", "out_of_range"),
        ("price", 10**400, "price", "not_number"),
        ("quantity", 1.5, "quantity", "not_integer"),
        ("quantity", 2**31, "quantity", "out_of_range"),
        ("status", "deleted", "status", "invalid_choice"),
        ("product_type", 5, "product_type", "invalid_choice"),
        ("weight_type", "stone", "weight_type", "invalid_choice"),
        ("with_tax", "perhaps", "with_tax", "not_boolean"),
        ("gtin", [], "gtin", "not_string"),
        ("mpn", "x" * 41, "mpn", "text_too_long"),
        ("description", "a\0", "description", "control_character"),
        ("description", "\ud800", "description", "invalid_encoding"),
        ("description", "x" * 50_001, "description", "text_too_long"),
        ("currency", "RIYAL", "currency", "text_too_long"),
        ("currency", "€", "currency", "invalid_choice"),
        ("categories", "5", "categories", "not_list"),
        ("categories", [0], "categories.0", "not_integer"),
        ("categories", [{"name": "x"}], "categories.0.id", "not_integer"),
        ("categories", [{"id": 1, "colour": 2}], "categories.0.colour", "unknown_field"),
        ("tags", [1] * 101, "tags", "list_too_long"),
        ("booking_details", [], "booking_details", "not_object"),
        ("booking_details", {"a": {"b": "\0"}}, "booking_details.a.b", "control_character"),
        ("booking_details", {"\0": 1}, "booking_details", "control_character"),
        ("booking_details", {"a": 1e300}, "booking_details.a", "not_number"),
        ("scoped_prices", [5], "scoped_prices.0", "not_object"),
        ("scoped_prices", [{"a": DEEP}], "scoped_prices.0.a", "nested_too_deeply"),
        ("options", [{"name": 5}], "options.0.name", "not_string"),
        ("options", [{"values": [{"price": "x"}]}], "options.0.values.0.price", "not_number"),
    ],
)
def test_invalid_fields(name: str, sent: Any, field: str, reason: str) -> None:
    details, (error,) = product.parse({name: sent})
    assert details == {}
    assert error.reason == reason
    assert error.field.startswith(field)


@given(st.dictionaries(st.sampled_from([*product.RULES]), JSON, max_size=4))
def test_valid_fields_are_stored_and_read_unchanged(sent: dict[str, Any]) -> None:
    details, _ = product.parse(sent)
    stored = product.merge({}, details)
    assert product.load(product.dump(stored)) == stored
    product.dump(stored).encode()
    assert product.intended_status(stored) in product.STATUSES


def test_merge_replaces_and_removes() -> None:
    merged = product.merge({"price": 5, "mpn": "a"}, {"price": 6, "mpn": None, "gtin": "b"})
    assert merged == {"price": 6, "gtin": "b"}


def test_details_are_limited_together() -> None:
    text = "ض" * 30_000
    with pytest.raises(errors.ValidationFailed) as caught:
        product.merge({"description": text}, {"metadata_description": text})
    assert [each.reason for each in caught.value.field_errors] == ["details_too_large"]


@pytest.mark.parametrize("document", ["", "[]", "5", '{"price":"x"}', '{"other":1}'])
def test_stored_text_that_is_invalid_has_no_details(document: str) -> None:
    assert product.load(document) == {}


@pytest.mark.parametrize(
    ("details", "status"),
    [
        ({}, "sale"),
        ({"quantity": 5}, "sale"),
        ({"quantity": 0}, "out"),
        ({"quantity": 0, "unlimited_quantity": True}, "sale"),
        ({"quantity": 0, "status": "sale"}, "sale"),
        ({"status": "hidden"}, "hidden"),
    ],
)
def test_status_was_sent_or_follows_from_the_quantity(details: dict[str, Any], status: str) -> None:
    assert product.intended_status(details) == status


def test_stored_json_is_readable() -> None:
    assert json.loads(product.dump({"description": "وصف"})) == {"description": "وصف"}
    assert "وصف" in product.dump({"description": "وصف"})
