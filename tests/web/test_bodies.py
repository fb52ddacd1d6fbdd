"""Malformed bodies: they get an error envelope, and the image stays unchanged."""

import json
from base64 import b64encode

import pytest

from tests import sample_photos
from tests.client import (
    BOUNDARY,
    Body,
    encode_field,
    encode_json,
    encode_multipart,
    encode_part,
    encode_urlencoded,
    join_parts,
)
from tests.stores import ATTACH_PATH, PREFIX, ImageInProduct
from tests.web.error_responses import check_error

PHOTO = sample_photos.png(seed=31)
LARGE = PHOTO + b"\0" * 100_000
WHOLE = encode_multipart(photo=PHOTO, alt="after")
KIND = WHOLE.content_type
NAMED = 'Content-Disposition: form-data; name="photo"; filename="a.png"'


def malformed_multiparts() -> dict[str, Body]:
    data, end = WHOLE.data, BOUNDARY.encode()
    other = data.replace(end, b"other")
    headers = "".join(f"\r\nX-{n}: y" for n in range(20))
    return {
        "no boundary": Body(data, "multipart/form-data"),
        "empty boundary": Body(data, "multipart/form-data; boundary="),
        "quoted empty boundary": Body(data, 'multipart/form-data; boundary=""'),
        "another boundary": Body(other, KIND),
        "half a boundary": Body(data, KIND[:-5]),
        "nothing": Body(b"", KIND),
        "one byte": Body(b"-", KIND),
        "blanks": Body(b"\r\n" * 50, KIND),
        "preamble only": Body(b"x" * 10_000, KIND),
        "no last boundary": Body(data[: -len(end) - 6], KIND),
        "cut in the photo": Body(data[:400], KIND),
        "cut in a head": Body(data[:60], KIND),
        "cut before the last dashes": Body(data[:-4], KIND),
        "line feeds alone": Body(data.replace(b"\r\n", b"\n"), KIND),
        "no disposition": join_parts(encode_part("Content-Type: image/png", PHOTO)),
        "another disposition": join_parts(
            encode_part(NAMED.replace("form-data", "attachment"), PHOTO)
        ),
        "no colon": join_parts(encode_part("Content-Disposition form-data", PHOTO)),
        "no head at all": join_parts(encode_part("", PHOTO)),
        "head of 5,000 bytes": join_parts(encode_part(NAMED + "\r\nX-Long: " + "y" * 5_000, PHOTO)),
        "endless head": Body(b"--" + end + b"\r\nX-Long: " + b"y" * 60_000, KIND),
        "twenty heads": join_parts(encode_part(NAMED + headers, PHOTO)),
        "a hundred parts": join_parts(
            *(encode_field(f"x{n}", "y") for n in range(100)), encode_field("photo", PHOTO)
        ),
        "text after a boundary": Body(data.replace(end + b"\r\n", end + b"x\r\n"), KIND),
        "nul in a head's name": join_parts(encode_part(f"{NAMED}\r\nX\0: y", PHOTO)),
        "urlencoded in disguise": Body(b"photo=http%3A%2F%2Fa.test", KIND),
        "json in disguise": Body(b'{"photo":"http://a.test/b"}', KIND),
    }


@pytest.mark.parametrize("case", malformed_multiparts())
def test_malformed_multipart(image_in_product: ImageInProduct, case: str) -> None:
    check_error(
        image_in_product.store.update(image_in_product.id, malformed_multiparts()[case]),
        400,
        "malformed_multipart",
    )
    image_in_product.check_unchanged()


def multiparts_without_photo() -> dict[str, Body]:
    """Return valid bodies without a photo."""
    inner = join_parts(encode_part(NAMED, PHOTO)).data.replace(BOUNDARY.encode(), b"inner")
    mixed = "Content-Type: multipart/mixed; boundary=inner"
    return {
        "no part": join_parts(),
        "no name": join_parts(
            encode_part('Content-Disposition: form-data; filename="a.png"', PHOTO)
        ),
        "empty name": join_parts(
            encode_part('Content-Disposition: form-data; name=""; filename="a"', PHOTO)
        ),
        "another name": join_parts(encode_part(NAMED.replace("photo", "Photo"), PHOTO)),
        "name with a NUL": join_parts(encode_part(NAMED.replace("photo", "photo\0"), PHOTO)),
        "nested": join_parts(
            encode_part(f'Content-Disposition: form-data; name="files"\r\n{mixed}', inner)
        ),
        "base64 in another field": join_parts(encode_field("image", "aGVsbG8=")),
    }


@pytest.mark.parametrize("case", multiparts_without_photo())
def test_multipart_without_a_photo(image_in_product: ImageInProduct, case: str) -> None:
    check_error(
        image_in_product.store.update(image_in_product.id, multiparts_without_photo()[case]),
        422,
        "required",
    )
    image_in_product.check_unchanged()


JSONS = {
    "cut": b'{"photo":"http://a.test/b"',
    "array": b'["photo"]',
    "text": b'"photo"',
    "number": b"5",
    "null": b"null",
    "blank": b"   ",
    "nul": b"\0",
    "not utf-8": b'{"alt":"\xff"}',
    "single quotes": b"{'alt':'x'}",
    "comma at the end": b'{"alt":"x",}',
    "comment": b'{"alt":"x"}//',
    "two objects": b'{"alt":"x"}{"alt":"y"}',
    "control in a text": b'{"alt":"a\nb"}',
    "nan": b'{"sort":NaN}',
    "infinity": b'{"sort":-Infinity}',
    "deep arrays": b'{"alt":' + b"[" * 60_000,
    "deep and sound": b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "deep objects": b'{"a":' * 12_000,
    "deeper than 64": b'{"x":' + b"[" * 64 + b"]" * 64 + b"}",
    "deep behind a text": b'{"alt":"\\"]]]]","x":' + b"[" * 64 + b"]" * 64 + b"}",
    "huge integer": b'{"sort":' + b"9" * 50_000 + b"}",
    "multipart in disguise": WHOLE.data[:5_000],
}


@pytest.mark.parametrize("case", JSONS)
def test_malformed_json(image_in_product: ImageInProduct, case: str) -> None:
    body = Body(JSONS[case], "application/json")
    check_error(image_in_product.store.update(image_in_product.id, body), 400, "malformed_json")
    image_in_product.check_unchanged()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_in_every_unicode_encoding(image_in_product: ImageInProduct, encoding: str) -> None:
    text = json.dumps({"name": "ثوب"}, ensure_ascii=False)
    body = Body(text.encode(encoding), "application/json; charset=utf-8")
    assert image_in_product.store.call("POST", f"{PREFIX}/products", body).data["name"] == "ثوب"


def test_json_at_the_depth_limit(image_in_product: ImageInProduct) -> None:
    text = '{"name": "[{[{[{", "x": ' + "[" * 63 + "]" * 63 + "}"
    body = Body(text.encode(), "application/json")
    assert image_in_product.store.call("POST", f"{PREFIX}/products", body).data["name"] == "[{[{[{"


FORMS = {
    "not utf-8": b"alt=\xff",
    "not utf-8 encoded": b"alt=%FF",
    "cp1256": "alt=نص".encode("cp1256"),
    "a hundred fields": b"&".join(b"x%d=y" % n for n in range(100)),
}


@pytest.mark.parametrize("case", FORMS)
def test_malformed_urlencoded(image_in_product: ImageInProduct, case: str) -> None:
    body = Body(FORMS[case], "application/x-www-form-urlencoded")
    check_error(image_in_product.store.update(image_in_product.id, body), 400, "malformed_form")
    image_in_product.check_unchanged()


@pytest.mark.parametrize("text", [b"", b"&", b"=", b"photo", b"photo=", b"%zz=%", b"photo%00=x"])
def test_urlencoded_without_a_photo(image_in_product: ImageInProduct, text: bytes) -> None:
    body = Body(text, "application/x-www-form-urlencoded")
    check_error(image_in_product.store.update(image_in_product.id, body), 422, "required")


KINDS = """
    text/plain image/png application/xml multipart/mixed multipart/related application/jsonp
    text/json application/json5 form-data ; / application/json,text/html
""".split()  # noqa: SIM905  much shorter


@pytest.mark.parametrize("content_type", [*KINDS, "", "\xff\xfe"])
def test_unsupported_content_types(image_in_product: ImageInProduct, content_type: str) -> None:
    check_error(
        image_in_product.store.update(image_in_product.id, Body(PHOTO, content_type)),
        400,
        "unsupported_content_type",
    )
    image_in_product.check_unchanged()


def test_error_contains_the_content_type(image_in_product: ImageInProduct) -> None:
    body = Body(PHOTO, "image/png")
    message = image_in_product.store.call(
        "POST", image_in_product.path, body, accept_language="en"
    ).json["error"]["message"]
    assert '"image/png"' in message


@pytest.mark.parametrize("content_type", ["image/jpeg", "application/octet-stream", "video/mp4"])
def test_large_photo_as_body(image_in_product: ImageInProduct, content_type: str) -> None:
    response = image_in_product.store.call(
        "POST", image_in_product.path, Body(LARGE, content_type), accept_language="en"
    )
    check_error(response, 400, "unsupported_content_type")
    assert "multipart/form-data" in response.json["error"]["message"]
    image_in_product.check_unchanged()


@pytest.mark.parametrize("photo", [PHOTO, LARGE], ids=["small", "large"])
def test_photo_as_body_of_a_form_type(image_in_product: ImageInProduct, photo: bytes) -> None:
    """Send a body as `curl --data-binary` does."""
    body = Body(photo, "application/x-www-form-urlencoded")
    check_error(image_in_product.store.update(image_in_product.id, body), 400, "body_is_photo")
    image_in_product.check_unchanged()


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_large_photo_as_body_of_another_type(
    image_in_product: ImageInProduct, content_type: str
) -> None:
    check_error(
        image_in_product.store.update(image_in_product.id, Body(LARGE, content_type)),
        400,
        "body_is_photo",
    )


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_base64_as_body(image_in_product: ImageInProduct, content_type: str) -> None:
    check_error(
        image_in_product.store.update(image_in_product.id, Body(b64encode(LARGE), content_type)),
        400,
        "body_is_photo",
    )


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,", "DATA:image/png;base64,\r\n"])
@pytest.mark.parametrize("name", ["photo", "original"])
@pytest.mark.parametrize("photo", [PHOTO, LARGE], ids=["small", "large"])
def test_base64_in_a_field(
    image_in_product: ImageInProduct, photo: bytes, name: str, prefix: str
) -> None:
    text = prefix + b64encode(photo).decode()
    bodies = [encode_json({"alt": "x", name: text}), encode_multipart(**{name: text})]
    bodies.append(encode_urlencoded(alt="x", **{name: text}))
    for body in bodies if name == "photo" else bodies[:2]:
        response = image_in_product.store.call(
            "POST", ATTACH_PATH.format(image_in_product.product_id), body
        )
        check_error(response, 422, "photo_encoded")
        assert list(response.json["error"]["fields"]) == [name]
    image_in_product.check_unchanged()


def test_base64_in_a_file(image_in_product: ImageInProduct) -> None:
    check_error(
        image_in_product.store.update(image_in_product.id, photo=b64encode(LARGE)),
        422,
        "photo_encoded",
    )


@pytest.mark.parametrize("length", ["5", "99999999", "-1", "x", "5\r\nContent-Length: 7"])
def test_content_length_of_a_part_is_ignored(image_in_product: ImageInProduct, length: str) -> None:
    head = f"{NAMED}\r\nContent-Length: {length}"
    assert (
        image_in_product.store.update(
            image_in_product.id, join_parts(encode_part(head, PHOTO))
        ).status
        == 201
    )


def test_content_length_of_a_part_in_characters_is_ignored(
    image_in_product: ImageInProduct,
) -> None:
    head = 'Content-Disposition: form-data; name="alt"\r\ncontent-length: 3'
    body = join_parts(encode_part(head, "كوب".encode()), encode_part(NAMED, PHOTO))
    assert image_in_product.store.update(image_in_product.id, body).data["alt_seo"] == "كوب"


@pytest.mark.parametrize(
    "second", [PHOTO, sample_photos.png(seed=32), b""], ids=["same", "other", "empty"]
)
@pytest.mark.parametrize("turn", [1, -1])
def test_two_photos_are_rejected(
    image_in_product: ImageInProduct, second: bytes, turn: int
) -> None:
    both = [encode_field("photo", PHOTO), encode_field("photo", second)][::turn]
    response = image_in_product.store.update(image_in_product.id, join_parts(*both))
    check_error(response, 422, "multiple_photos")
    assert list(response.json["error"]["fields"]) == ["photo"]
    image_in_product.check_unchanged()


def test_empty_file_input_next_to_a_photo_is_ignored(image_in_product: ImageInProduct) -> None:
    none = encode_part('Content-Disposition: form-data; name="photo"; filename=""')
    assert (
        image_in_product.store.update(
            image_in_product.id, join_parts(encode_field("photo", PHOTO), none)
        ).status
        == 201
    )
    assert (
        image_in_product.store.update(
            image_in_product.id, join_parts(none, encode_field("photo", PHOTO))
        ).status
        == 201
    )


STAR = "filename*=utf-8''%D9%83.bmp"


@pytest.mark.parametrize("more", [f"; {STAR}", f";{STAR.upper()}", ""])
def test_unsupported_format_without_a_plain_file_name(
    image_in_product: ImageInProduct, more: str
) -> None:
    head = f'Content-Disposition: form-data; name="photo"{more}'
    for content_type in ("bmp", "tiff"):
        response = image_in_product.store.update(
            image_in_product.id,
            join_parts(encode_part(head, sample_photos.unsupported_files()[content_type])),
        )
        check_error(response, 422, "photo_unsupported")


def test_quoted_file_name_that_looks_like_a_parameter(image_in_product: ImageInProduct) -> None:
    odd = encode_part(f'Content-Disposition: form-data; name="a; {STAR}"', b"x")
    assert (
        image_in_product.store.update(
            image_in_product.id, join_parts(odd, encode_field("photo", PHOTO))
        ).status
        == 201
    )


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_bodies_too_large_for_their_type(
    image_in_product: ImageInProduct, content_type: str
) -> None:
    check_error(
        image_in_product.store.update(image_in_product.id, Body(b" " * 65_537, content_type)),
        413,
        "payload_too_large",
    )
    image_in_product.check_unchanged()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_error_has_messages_in_both_languages(
    image_in_product: ImageInProduct, language: str
) -> None:
    sent = {"accept_language": language}
    response = image_in_product.store.call(
        "POST", image_in_product.path, Body(b"[", "application/json"), **sent
    )
    assert response.headers["content-language"] == language
    message = response.json["error"]["message"]
    assert any("\u0600" <= letter <= "\u06ff" for letter in message) is (language == "ar")
