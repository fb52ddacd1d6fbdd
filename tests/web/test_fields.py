"""Fields in every spelling that clients send, by every kind of body."""

import json
from typing import Any

import pytest

from tests.client import Answer, Body, as_json, field, multipart, part, parts, urlencoded
from tests.shop import UPDATE, Service, Shop


@pytest.fixture(scope="module")
def image(strict: Service) -> "Image":
    shop = Shop.open(strict)
    product = shop.product()
    shop.attach(product, None, sort="1")
    return Image(shop, int(shop.attach(product, None, sort="2", alt="before")["id"]))


class Image:
    """An image that is not the default, beside one that is; its photo may be left out."""

    def __init__(self, shop: Shop, identifier: int) -> None:
        self.shop = shop
        self.id = identifier

    def set(self, body: Body) -> Answer:
        return self.shop.call("POST", UPDATE.format(self.id), body)

    def show(self) -> dict[str, Any]:
        data: dict[str, Any] = self.set(multipart()).data
        return data


def sent(name: str, value: str) -> dict[str, Body]:
    """Write one text in all the ways."""
    return {
        "multipart": multipart(**{name: value}),
        "urlencoded": urlencoded(**{name: value}),
        "json": as_json({name: value}),
    }


WAYS = ["multipart", "urlencoded", "json"]


# Flags


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", ["1", "true", "TRUE", "True", " 1", "true\n"])
def test_flags_that_are_true(image: Image, way: str, text: str) -> None:
    assert image.set(multipart(default="0")).data["default"] is False
    assert image.set(sent("default", text)[way]).data["default"] is True


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", ["0", "false", "FALSE", "False", "0 "])
def test_flags_that_are_false(image: Image, way: str, text: str) -> None:
    assert image.set(multipart(default="1")).data["default"] is True
    assert image.set(sent("default", text)[way]).data["default"] is False


@pytest.mark.parametrize(("value", "state"), [(1, True), (True, True), (0, False), (False, False)])
def test_flags_as_json_values(image: Image, value: object, *, state: bool) -> None:
    assert image.set(multipart(default=str(int(not state)))).data["default"] is not state
    assert image.set(as_json({"default": value})).data["default"] is state


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_flag_is_none(image: Image, way: str) -> None:
    assert image.set(multipart(default="1")).data["default"] is True
    assert image.set(sent("default", "")[way]).data["default"] is True


NO_FLAGS = "2 -1 yes on null 1.0 \u0661 01 0x1 t 10".split()  # noqa: SIM905  the shorter by far


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [*NO_FLAGS, "tru e"])
def test_no_flags(image: Image, way: str, text: str) -> None:
    refused(image, sent("default", text)[way], "default", "not_flag")


@pytest.mark.parametrize("value", [2, 1.0, [], [1], {}, "\ud800"])
def test_json_values_that_are_no_flag(image: Image, value: object) -> None:
    refused(image, as_json({"default": value}), "default", "not_flag")


def test_main_is_no_field_of_update(image: Image) -> None:
    assert image.set(multipart(default="0", main="1")).data["default"] is False
    assert image.set(multipart(main="neither")).status == 201


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
    refused(image, as_json({"sort": value}), "sort", "not_number")


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_number_is_none(image: Image, way: str) -> None:
    assert image.set(multipart(sort="6")).data["sort"] == 6
    assert image.set(sent("sort", "")[way]).data["sort"] == 6


def test_null_is_not_mentioned(image: Image) -> None:
    before = image.show()
    nothing = {"default": None, "sort": None, "alt": None, "photo": None, "original": None}
    assert image.set(as_json(nothing)).data == before


# Alt


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "text",
    [
        "نص بديل",
        "👩‍👩‍👧‍👦 عائلة",
        "é" * 20,
        "𐍈" * 20,
        "  both ends  ",
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
    assert image.set(multipart(alt="before")).data["alt_seo"] == "before"
    assert image.set(sent("alt", "")[way]).data["alt_seo"] is None


@pytest.mark.parametrize("way", WAYS)
def test_one_character_too_many(image: Image, way: str) -> None:
    assert image.set(sent("alt", "é" * 20)[way]).status == 201
    refused(image, sent("alt", "é" * 21)[way], "alt", "text_too_long")


@pytest.mark.parametrize("way", WAYS)
def test_a_text_longer_than_any(image: Image, way: str) -> None:
    refused(image, sent("alt", "x" * 9000)[way], "alt", "text_too_long")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("control", ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85"])
def test_control_characters(image: Image, way: str, control: str) -> None:
    refused(image, sent("alt", f"a{control}b")[way], "alt", "text_control")


def test_lone_surrogates(image: Image) -> None:
    refused(image, Body(b'{"alt":"\\ud83d"}', "application/json"), "alt", "text_broken")


def test_bytes_that_are_not_utf_8(image: Image) -> None:
    named = 'Content-Disposition: form-data; name="alt"'
    refused(image, parts(part(named, "نص".encode("cp1256"))), "alt", "text_broken")


@pytest.mark.parametrize("value", [5, 1.5, True, [], ["x"], {}])
def test_json_values_that_are_no_text(image: Image, value: object) -> None:
    refused(image, as_json({"alt": value}), "alt", "not_text")


# Several and unknown ones


def test_of_equal_names_the_last_wins(image: Image) -> None:
    twice = parts(field("alt", "one"), field("alt", "two"))
    assert image.set(twice).data["alt_seo"] == "two"
    form = Body(b"alt=three&alt=four", "application/x-www-form-urlencoded")
    assert image.set(form).data["alt_seo"] == "four"
    assert image.set(Body(b'{"alt":"5","alt":"6"}', "application/json")).data["alt_seo"] == "6"


def test_unknown_fields_are_nobodys_concern(image: Image) -> None:
    before = image.show()
    strangers = {"": "x", "id": "5", "video_url": "http://a.test", "photo[]": "x", "Alt": "x"}
    long_ones = {"description": "x" * 10_000, "\u0635\u0648\u0631\u0629": "x"}
    for body in (
        multipart(**strangers, **long_ones),
        urlencoded(**strangers, **long_ones),
        as_json(strangers | long_ones | {"nested": {"alt": ["x"]}}),
        parts(part('Content-Disposition: form-data; name="note"', b"\xff\xfe\x00")),
        parts(part("Content-Disposition: form-data", b"nameless")),
    ):
        answer = image.set(body)
        assert answer.status == 201, answer
        assert answer.data == before


def test_a_file_is_no_text(image: Image) -> None:
    before = image.show()
    named = 'Content-Disposition: form-data; name="alt"'
    for head in (f'{named}; filename="alt.txt"', f"{named}\r\nContent-Type: image/png"):
        assert image.set(parts(part(head, b"after"))).data == before


def refused(image: Image, body: Body, name: str, reason: str) -> None:
    """Fail unless the body is refused for this one field and changes nothing."""
    before = image.show()
    answer = image.set(body)
    assert (answer.status, answer.reasons) == (422, reason)
    assert list(answer.json["error"]["fields"]) == [name]
    assert image.show() == before
