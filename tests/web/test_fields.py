"""Fields in all notations that clients send, in every kind of body."""

import json
from typing import Any

import pytest

from tests.client import (
    Body,
    Response,
    encode_field,
    encode_json,
    encode_multipart,
    encode_part,
    encode_urlencoded,
    join_parts,
)
from tests.stores import UPDATE_PATH, Service, Store


@pytest.fixture(scope="module")
def image(strict_service: Service) -> "Image":
    store = Store.create(strict_service)
    product = store.create_product()
    store.attach(product, None, sort="1")
    return Image(store, int(store.attach(product, None, sort="2", alt="before")["id"]))


class Image:
    """An image that is not the default of its product, in a service with optional photos."""

    def __init__(self, store: Store, identifier: int) -> None:
        self.store = store
        self.id = identifier

    def set(self, body: Body) -> Response:
        return self.store.call("POST", UPDATE_PATH.format(self.id), body)

    def show(self) -> dict[str, Any]:
        data: dict[str, Any] = self.set(encode_multipart()).data
        return data


def sent(name: str, value: str) -> dict[str, Body]:
    """Return a text field in every kind of body."""
    return {
        "multipart": encode_multipart(**{name: value}),
        "urlencoded": encode_urlencoded(**{name: value}),
        "json": encode_json({name: value}),
    }


WAYS = ["multipart", "urlencoded", "json"]


# Flags


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "text", ["1", "true", "TRUE", "True", " 1", "true\n", "1.0", "1.", "01", "on", "On", "YES"]
)
def test_flags_that_are_true(image: Image, way: str, text: str) -> None:
    assert image.set(encode_multipart(default="0")).data["default"] is False
    assert image.set(sent("default", text)[way]).data["default"] is True


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", ["0", "false", "FALSE", "False", "0 ", "0.0", "off", "No"])
def test_flags_that_are_false(image: Image, way: str, text: str) -> None:
    assert image.set(encode_multipart(default="1")).data["default"] is True
    assert image.set(sent("default", text)[way]).data["default"] is False


FLAGS = [(1, True), (1.0, True), (True, True), (0, False), (0.0, False), (False, False)]


@pytest.mark.parametrize(("value", "state"), FLAGS)
def test_flags_as_json_values(image: Image, value: object, *, state: bool) -> None:
    assert image.set(encode_multipart(default=str(int(not state)))).data["default"] is not state
    assert image.set(encode_json({"default": value})).data["default"] is state


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_flag_is_none(image: Image, way: str) -> None:
    assert image.set(encode_multipart(default="1")).data["default"] is True
    assert image.set(sent("default", "")[way]).data["default"] is True


NO_FLAGS = "2 -1 null 1.5 \u0661 0x1 t y 10 nan".split()  # noqa: SIM905  the shorter by far


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [*NO_FLAGS, "tru e"])
def test_no_flags(image: Image, way: str, text: str) -> None:
    refused(image, sent("default", text)[way], "default", "not_boolean")


@pytest.mark.parametrize("value", [2, 1.5, [], [1], {}, "\ud800"])
def test_json_values_that_are_no_flag(image: Image, value: object) -> None:
    refused(image, encode_json({"default": value}), "default", "not_boolean")


def test_main_is_no_field_of_update(image: Image) -> None:
    assert image.set(encode_multipart(default="0", main="1")).data["default"] is False
    assert image.set(encode_multipart(main="neither")).status == 201


# Sort

NUMBERS = [
    ("3", "3"),
    ("3.0", "3"),
    ("0", "0"),
    ("-0.0", "0"),
    ("+4", "4"),
    (" 5\n", "5"),
    ("-2", "-2"),
    ("2.5", "2.5"),
    (".5", "0.5"),
    ("7.", "7"),
    ("0007", "7"),
    ("1e3", "1000"),
    ("25E-1", "2.5"),
    ("0.1", "0.1"),
    ("9007199254740991", "9007199254740991"),
    ("9007199254740993", "9007199254740992.0"),
    ("1e300", "1e+300"),
    ("1e-400", "0"),
    ("0." + "3" * 40, "0.3333333333333333"),
]


NO_NUMBERS = """
    first nan NaN inf -inf Infinity
    1e999 -1e999 1_0 0x10 1,5 \u0663 \uff13 1e e5 --1 +-1 . - 1.2.3 ½ true
"""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("text", "shown"), NUMBERS)
def test_numbers(image: Image, way: str, text: str, shown: str) -> None:
    answer = image.set(sent("sort", text)[way])
    assert answer.status == 201, answer
    assert f'"sort":{shown},'.encode() in answer.body


@pytest.mark.parametrize(
    "literal", ["3", "3.0", "-1", "2.5", "1e3", "1E-2", "12345678901234567890"]
)
def test_json_numbers(image: Image, literal: str) -> None:
    answer = image.set(Body(b'{"sort":%b}' % literal.encode(), "application/json"))
    assert answer.status == 201, answer
    assert answer.data["sort"] == float(literal)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [*NO_NUMBERS.split(), "1 2", "9" * 400])
def test_no_numbers(image: Image, way: str, text: str) -> None:
    refused(image, sent("sort", text)[way], "sort", "not_number")


@pytest.mark.parametrize("value", [True, False, [], [3], {}, 10**400])
def test_json_values_that_are_no_number(image: Image, value: object) -> None:
    refused(image, encode_json({"sort": value}), "sort", "not_number")


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_number_is_none(image: Image, way: str) -> None:
    assert image.set(encode_multipart(sort="6")).data["sort"] == 6
    assert image.set(sent("sort", "")[way]).data["sort"] == 6


def test_null_is_not_mentioned(image: Image) -> None:
    before = image.show()
    nothing = {"default": None, "sort": None, "alt": None, "photo": None, "original": None}
    assert image.set(encode_json(nothing)).data == before


# Alt


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "text",
    [
        "نص بديل",
        "👩‍👩‍👧‍👦 عائلة",
        "é" * 20,
        "𐍈" * 20,
        "<b>&amp;\"'",
        "+%20&=;",
        "\u200fيمين",
        "a\u00a0b",
    ],
)
def test_texts(image: Image, way: str, text: str) -> None:
    answer = image.set(sent("alt", text)[way])
    assert answer.status == 201, answer
    assert answer.data["alt_seo"] == text
    assert json.dumps(text, ensure_ascii=False).encode() in answer.body


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_text_clears(image: Image, way: str) -> None:
    assert image.set(encode_multipart(alt="before")).data["alt_seo"] == "before"
    assert image.set(sent("alt", "")[way]).data["alt_seo"] is None


@pytest.mark.parametrize("way", WAYS)
def test_one_character_too_many(image: Image, way: str) -> None:
    assert image.set(sent("alt", "é" * 20)[way]).status == 201
    refused(image, sent("alt", "é" * 21)[way], "alt", "text_too_long")


@pytest.mark.parametrize("way", WAYS)
def test_a_text_longer_than_any(image: Image, way: str) -> None:
    refused(image, sent("alt", "x" * 9000)[way], "alt", "text_too_long")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("control", ["\0", "\x07", "\x0b", "\x1b", "\x7f", "\x85"])
def test_control_characters(image: Image, way: str, control: str) -> None:
    for text in (f"a{control}b", f"a{control}", f"{control}\n"):
        refused(image, sent("alt", text)[way], "alt", "control_character")


LINES = {
    "a\nb": "a b",
    "a\r\nb\rc": "a b c",
    "a\tb": "a b",
    "a\u2028b\u2029c": "a b c",
    "a\n\n b": "a   b",
    "\r\n\t a\n": "a",
    "  both ends  ": "both ends",
    "\u00a0a\u00a0": "a",
    " \n": None,
    "é" * 20 + "\n": "é" * 20,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", LINES)
def test_line_breaks_and_tabs_are_spaces(image: Image, way: str, text: str) -> None:
    answer = image.set(sent("alt", text)[way])
    assert answer.status == 201, answer
    assert answer.data["alt_seo"] == LINES[text]


def test_lone_surrogates(image: Image) -> None:
    refused(image, Body(b'{"alt":"\\ud83d"}', "application/json"), "alt", "invalid_encoding")


NAMED = 'Content-Disposition: form-data; name="alt"'
CHARSETS = ["windows-1256", "WINDOWS-1256", '"cp1256"', "ISO-8859-6", "utf-16", "utf-8"]


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_part_names_its_encoding(image: Image, charset: str) -> None:
    data = "كوب".encode(charset.strip('"'))
    head = f"{NAMED}\r\nContent-Type: text/plain; charset={charset}"
    assert image.set(join_parts(encode_part(head, data))).data["alt_seo"] == "كوب"


@pytest.mark.parametrize("first", [True, False])
def test_a_form_names_its_encoding(image: Image, *, first: bool) -> None:
    fields = [encode_field("_charset_", "windows-1256"), encode_part(NAMED, "كوب".encode("cp1256"))]
    assert image.set(join_parts(*fields[:: 1 if first else -1])).data["alt_seo"] == "كوب"


@pytest.mark.parametrize("kind", ["; charset=windows-1256", ""])
@pytest.mark.parametrize("text", [b"alt=%DF%E6%C8", b"alt=\xdf\xe6\xc8"])
def test_a_urlencoded_form_names_its_encoding(image: Image, kind: str, text: bytes) -> None:
    data = text if kind else text + b"&_charset_=windows-1256"
    body = Body(data, "application/x-www-form-urlencoded" + kind)
    assert image.set(body).data["alt_seo"] == "كوب"


@pytest.mark.parametrize("charset", ["idna", "unicode_escape", "punycode", "x", "hex", "a" * 99])
def test_encodings_that_are_not_read(image: Image, charset: str) -> None:
    head = f"{NAMED}\r\nContent-Type: text/plain; charset={charset}"
    refused(image, join_parts(encode_part(head, b"x")), "alt", "unsupported_charset")


def test_text_that_is_not_in_its_encoding(image: Image) -> None:
    head = f"{NAMED}\r\nContent-Type: text/plain; charset=us-ascii"
    refused(image, join_parts(encode_part(head, "كوب".encode())), "alt", "invalid_encoding")


def test_bytes_that_are_not_utf_8(image: Image) -> None:
    named = 'Content-Disposition: form-data; name="alt"'
    refused(image, join_parts(encode_part(named, "نص".encode("cp1256"))), "alt", "invalid_encoding")


@pytest.mark.parametrize("value", [5, 1.5, True, [], ["x"], {}])
def test_json_values_that_are_no_text(image: Image, value: object) -> None:
    refused(image, encode_json({"alt": value}), "alt", "not_string")


# Repeated and unknown fields


def test_of_equal_names_the_last_wins(image: Image) -> None:
    twice = join_parts(encode_field("alt", "one"), encode_field("alt", "two"))
    assert image.set(twice).data["alt_seo"] == "two"
    form = Body(b"alt=three&alt=four", "application/x-www-form-urlencoded")
    assert image.set(form).data["alt_seo"] == "four"
    assert image.set(Body(b'{"alt":"5","alt":"6"}', "application/json")).data["alt_seo"] == "6"


def test_unknown_fields_are_nobodys_concern(image: Image) -> None:
    before = image.show()
    strangers = {"": "x", "id": "5", "video_url": "http://a.test", "photo[]": "x", "Alt": "x"}
    long_ones = {"description": "x" * 10_000, "\u0635\u0648\u0631\u0629": "x"}
    for body in (
        encode_multipart(**strangers, **long_ones),
        encode_urlencoded(**strangers, **long_ones),
        encode_json(strangers | long_ones | {"nested": {"alt": ["x"]}}),
        join_parts(encode_part('Content-Disposition: form-data; name="note"', b"\xff\xfe\x00")),
        join_parts(encode_part("Content-Disposition: form-data", b"nameless")),
    ):
        answer = image.set(body)
        assert answer.status == 201, answer
        assert answer.data == before


def test_a_file_is_no_text(image: Image) -> None:
    before = image.show()
    named = 'Content-Disposition: form-data; name="alt"'
    for head in (f'{named}; filename="alt.txt"', f"{named}\r\nContent-Type: image/png"):
        assert image.set(join_parts(encode_part(head, b"after"))).data == before


def refused(image: Image, body: Body, name: str, reason: str) -> None:
    """Check that the body gets an error for this field only and changes nothing."""
    before = image.show()
    answer = image.set(body)
    assert (answer.status, answer.reasons) == (422, reason)
    assert list(answer.json["error"]["fields"]) == [name]
    assert image.show() == before
