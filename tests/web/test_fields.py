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
    """An image that is not the default of its product, in a service with small limits."""

    def __init__(self, store: Store, identifier: int) -> None:
        self.store = store
        self.id = identifier

    def set(self, body: Body) -> Response:
        return self.store.call("POST", UPDATE_PATH.format(self.id), body)

    def show(self) -> dict[str, Any]:
        data: dict[str, Any] = self.set(encode_multipart(sort="")).data
        return data


def bodies_with_field(name: str, value: str) -> dict[str, Body]:
    """Return a text field in every kind of body."""
    return {
        "multipart": encode_multipart(**{name: value}),
        "urlencoded": encode_urlencoded(**{name: value}),
        "json": encode_json({name: value}),
    }


WAYS = ["multipart", "urlencoded", "json"]


# Flags


@pytest.mark.parametrize("body_type", WAYS)
@pytest.mark.parametrize(
    "text", ["1", "true", "TRUE", "True", " 1", "true\n", "1.0", "1.", "01", "on", "On", "YES"]
)
def test_true_values(image: Image, body_type: str, text: str) -> None:
    assert image.set(encode_multipart(default="0")).data["default"] is False
    assert image.set(bodies_with_field("default", text)[body_type]).data["default"] is True


@pytest.mark.parametrize("body_type", WAYS)
@pytest.mark.parametrize("text", ["0", "false", "FALSE", "False", "0 ", "0.0", "off", "No"])
def test_false_values(image: Image, body_type: str, text: str) -> None:
    assert image.set(encode_multipart(default="1")).data["default"] is True
    assert image.set(bodies_with_field("default", text)[body_type]).data["default"] is False


FLAGS = [(1, True), (1.0, True), (True, True), (0, False), (0.0, False), (False, False)]


@pytest.mark.parametrize(("value", "state"), FLAGS)
def test_json_booleans(image: Image, value: object, *, state: bool) -> None:
    assert image.set(encode_multipart(default=str(int(not state)))).data["default"] is not state
    assert image.set(encode_json({"default": value})).data["default"] is state


@pytest.mark.parametrize("body_type", WAYS)
def test_empty_boolean_is_ignored(image: Image, body_type: str) -> None:
    assert image.set(encode_multipart(default="1")).data["default"] is True
    assert image.set(bodies_with_field("default", "")[body_type]).data["default"] is True


NO_FLAGS = "2 -1 null 1.5 \u0661 0x1 t y 10 nan".split()  # noqa: SIM905  the shorter by far


@pytest.mark.parametrize("body_type", WAYS)
@pytest.mark.parametrize("text", [*NO_FLAGS, "tru e"])
def test_invalid_booleans(image: Image, body_type: str, text: str) -> None:
    check_field_error(
        image, bodies_with_field("default", text)[body_type], "default", "not_boolean"
    )


@pytest.mark.parametrize("value", [2, 1.5, [], [1], {}, "\ud800"])
def test_json_values_that_are_not_booleans(image: Image, value: object) -> None:
    check_field_error(image, encode_json({"default": value}), "default", "not_boolean")


def test_update_ignores_main(image: Image) -> None:
    assert image.set(encode_multipart(default="0", main="1")).data["default"] is False
    assert image.set(encode_multipart(main="neither", sort="")).status == 201


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


INVALID_NUMBERS = """
    first nan NaN inf -inf Infinity
    1e999 -1e999 1_0 0x10 1,5 \u0663 \uff13 1e e5 --1 +-1 . - 1.2.3 ½ true
"""


@pytest.mark.parametrize("body_type", WAYS)
@pytest.mark.parametrize(("text", "expected"), NUMBERS)
def test_numbers(image: Image, body_type: str, text: str, expected: str) -> None:
    response = image.set(bodies_with_field("sort", text)[body_type])
    assert response.status == 201, response
    assert f'"sort":{expected},'.encode() in response.body


@pytest.mark.parametrize(
    "literal", ["3", "3.0", "-1", "2.5", "1e3", "1E-2", "12345678901234567890"]
)
def test_json_numbers(image: Image, literal: str) -> None:
    response = image.set(Body(b'{"sort":%b}' % literal.encode(), "application/json"))
    assert response.status == 201, response
    assert response.data["sort"] == float(literal)


@pytest.mark.parametrize("body_type", WAYS)
@pytest.mark.parametrize("text", [*INVALID_NUMBERS.split(), "1 2", "9" * 400])
def test_invalid_numbers(image: Image, body_type: str, text: str) -> None:
    check_field_error(image, bodies_with_field("sort", text)[body_type], "sort", "not_number")


@pytest.mark.parametrize("value", [True, False, [], [3], {}, 10**400])
def test_json_values_that_are_not_numbers(image: Image, value: object) -> None:
    check_field_error(image, encode_json({"sort": value}), "sort", "not_number")


@pytest.mark.parametrize("body_type", WAYS)
def test_empty_number_is_ignored(image: Image, body_type: str) -> None:
    assert image.set(encode_multipart(sort="6")).data["sort"] == 6
    assert image.set(bodies_with_field("sort", "")[body_type]).data["sort"] == 6


def test_null_counts_as_absent(image: Image) -> None:
    before = image.show()
    nothing = {"default": None, "sort": None, "alt": None, "photo": None, "original": None}
    assert image.set(encode_json(nothing)).data == before


# Alt


@pytest.mark.parametrize("body_type", WAYS)
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
def test_texts(image: Image, body_type: str, text: str) -> None:
    response = image.set(bodies_with_field("alt", text)[body_type])
    assert response.status == 201, response
    assert response.data["alt_seo"] == text
    assert json.dumps(text, ensure_ascii=False).encode() in response.body


@pytest.mark.parametrize("body_type", WAYS)
def test_empty_text_clears_the_field(image: Image, body_type: str) -> None:
    assert image.set(encode_multipart(alt="before")).data["alt_seo"] == "before"
    assert image.set(bodies_with_field("alt", "")[body_type]).data["alt_seo"] is None


@pytest.mark.parametrize("body_type", WAYS)
def test_text_one_character_too_long(image: Image, body_type: str) -> None:
    assert image.set(bodies_with_field("alt", "é" * 20)[body_type]).status == 201
    check_field_error(image, bodies_with_field("alt", "é" * 21)[body_type], "alt", "text_too_long")


@pytest.mark.parametrize("body_type", WAYS)
def test_text_longer_than_the_buffer(image: Image, body_type: str) -> None:
    check_field_error(
        image, bodies_with_field("alt", "x" * 9000)[body_type], "alt", "text_too_long"
    )


@pytest.mark.parametrize("body_type", WAYS)
@pytest.mark.parametrize("control", ["\0", "\x07", "\x0b", "\x1b", "\x7f", "\x85"])
def test_control_characters_are_rejected(image: Image, body_type: str, control: str) -> None:
    for text in (f"a{control}b", f"a{control}", f"{control}\n"):
        check_field_error(
            image, bodies_with_field("alt", text)[body_type], "alt", "control_character"
        )


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


@pytest.mark.parametrize("body_type", WAYS)
@pytest.mark.parametrize("text", LINES)
def test_line_breaks_and_tabs_become_spaces(image: Image, body_type: str, text: str) -> None:
    response = image.set(bodies_with_field("alt", text)[body_type])
    assert response.status == 201, response
    assert response.data["alt_seo"] == LINES[text]


def test_unpaired_surrogates_are_rejected(image: Image) -> None:
    check_field_error(
        image, Body(b'{"alt":"\\ud83d"}', "application/json"), "alt", "invalid_encoding"
    )


NAMED = 'Content-Disposition: form-data; name="alt"'
CHARSETS = ["windows-1256", "WINDOWS-1256", '"cp1256"', "ISO-8859-6", "utf-16", "utf-8"]


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_of_a_part(image: Image, charset: str) -> None:
    data = "كوب".encode(charset.strip('"'))
    head = f"{NAMED}\r\nContent-Type: text/plain; charset={charset}"
    assert image.set(join_parts(encode_part(head, data))).data["alt_seo"] == "كوب"


@pytest.mark.parametrize("first", [True, False])
def test_charset_field_of_a_form(image: Image, *, first: bool) -> None:
    fields = [encode_field("_charset_", "windows-1256"), encode_part(NAMED, "كوب".encode("cp1256"))]
    assert image.set(join_parts(*fields[:: 1 if first else -1])).data["alt_seo"] == "كوب"


@pytest.mark.parametrize("kind", ["; charset=windows-1256", ""])
@pytest.mark.parametrize("text", [b"alt=%DF%E6%C8", b"alt=\xdf\xe6\xc8"])
def test_charset_of_a_urlencoded_form(image: Image, kind: str, text: bytes) -> None:
    data = text if kind else text + b"&_charset_=windows-1256"
    body = Body(data, "application/x-www-form-urlencoded" + kind)
    assert image.set(body).data["alt_seo"] == "كوب"


@pytest.mark.parametrize("charset", ["idna", "unicode_escape", "punycode", "x", "hex", "a" * 99])
def test_unsupported_charsets(image: Image, charset: str) -> None:
    head = f"{NAMED}\r\nContent-Type: text/plain; charset={charset}"
    check_field_error(image, join_parts(encode_part(head, b"x")), "alt", "unsupported_charset")


def test_text_that_is_invalid_in_its_charset(image: Image) -> None:
    head = f"{NAMED}\r\nContent-Type: text/plain; charset=us-ascii"
    check_field_error(
        image, join_parts(encode_part(head, "كوب".encode())), "alt", "invalid_encoding"
    )


def test_invalid_utf_8(image: Image) -> None:
    named = 'Content-Disposition: form-data; name="alt"'
    check_field_error(
        image, join_parts(encode_part(named, "نص".encode("cp1256"))), "alt", "invalid_encoding"
    )


@pytest.mark.parametrize("value", [5, 1.5, True, [], ["x"], {}])
def test_json_values_that_are_not_texts(image: Image, value: object) -> None:
    check_field_error(image, encode_json({"alt": value}), "alt", "not_string")


# Repeated and unknown fields


def test_last_of_repeated_fields_wins(image: Image) -> None:
    twice = join_parts(encode_field("alt", "one"), encode_field("alt", "two"))
    assert image.set(twice).data["alt_seo"] == "two"
    form = Body(b"alt=three&alt=four", "application/x-www-form-urlencoded")
    assert image.set(form).data["alt_seo"] == "four"
    assert image.set(Body(b'{"alt":"5","alt":"6"}', "application/json")).data["alt_seo"] == "6"


def test_unknown_fields_are_ignored(image: Image) -> None:
    before = image.show()
    strangers = {"": "x", "id": "5", "video_url": "http://a.test", "photo[]": "x", "Alt": "x"}
    long_ones = {"description": "x" * 10_000, "\u0635\u0648\u0631\u0629": "x"}
    for body in (
        encode_multipart(**strangers, **long_ones, sort=""),
        encode_urlencoded(**strangers, **long_ones, sort=""),
        encode_json(strangers | long_ones | {"nested": {"alt": ["x"]}, "sort": ""}),
        join_parts(
            encode_part('Content-Disposition: form-data; name="note"', b"\xff\xfe\x00"),
            encode_field("sort", ""),
        ),
        join_parts(
            encode_part("Content-Disposition: form-data", b"nameless"), encode_field("sort", "")
        ),
    ):
        response = image.set(body)
        assert response.status == 201, response
        assert response.data == before


def test_file_in_a_text_field_is_ignored(image: Image) -> None:
    before = image.show()
    named = 'Content-Disposition: form-data; name="alt"'
    for head in (f'{named}; filename="alt.txt"', f"{named}\r\nContent-Type: image/png"):
        response = image.set(join_parts(encode_part(head, b"after"), encode_field("sort", "")))
        assert (response.data, response.headers["fatrina-ignored"]) == (before, "alt")


def check_field_error(image: Image, body: Body, name: str, reason: str) -> None:
    """Check that the body gets an error for this field only and changes nothing."""
    before = image.show()
    response = image.set(body)
    assert (response.status, response.reasons) == (422, reason)
    assert list(response.json["error"]["fields"]) == [name]
    assert image.show() == before
