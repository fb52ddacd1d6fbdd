"""Bodies that break their own format: refused in the envelope, and the image stays whole."""

import json
from base64 import b64encode

import pytest

from tests import sample_photos
from tests.client import BOUNDARY, Body, as_json, field, multipart, part, parts, urlencoded
from tests.stores import ATTACH, PREFIX, Hung
from tests.web.error_responses import must_refuse

PHOTO = sample_photos.png(seed=31)
LARGE = PHOTO + b"\0" * 100_000
WHOLE = multipart(photo=PHOTO, alt="after")
KIND = WHOLE.kind
NAMED = 'Content-Disposition: form-data; name="photo"; filename="a.png"'


def multiparts() -> dict[str, Body]:
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
        "no disposition": parts(part("Content-Type: image/png", PHOTO)),
        "another disposition": parts(part(NAMED.replace("form-data", "attachment"), PHOTO)),
        "no colon": parts(part("Content-Disposition form-data", PHOTO)),
        "no head at all": parts(part("", PHOTO)),
        "head of 5,000 bytes": parts(part(NAMED + "\r\nX-Long: " + "y" * 5_000, PHOTO)),
        "endless head": Body(b"--" + end + b"\r\nX-Long: " + b"y" * 60_000, KIND),
        "twenty heads": parts(part(NAMED + headers, PHOTO)),
        "a hundred parts": parts(*(field(f"x{n}", "y") for n in range(100)), field("photo", PHOTO)),
        "text after a boundary": Body(data.replace(end + b"\r\n", end + b"x\r\n"), KIND),
        "nul in a head's name": parts(part(f"{NAMED}\r\nX\0: y", PHOTO)),
        "urlencoded in disguise": Body(b"photo=http%3A%2F%2Fa.test", KIND),
        "json in disguise": Body(b'{"photo":"http://a.test/b"}', KIND),
    }


@pytest.mark.parametrize("how", multiparts())
def test_broken_multipart(hung: Hung, how: str) -> None:
    must_refuse(hung.shop.update(hung.id, multiparts()[how]), 400, "malformed_multipart")
    hung.must_be_whole()


def soft_multiparts() -> dict[str, Body]:
    """Write bodies that are sound, and hold no photo for all that."""
    inner = parts(part(NAMED, PHOTO)).data.replace(BOUNDARY.encode(), b"inner")
    mixed = "Content-Type: multipart/mixed; boundary=inner"
    return {
        "no part": parts(),
        "no name": parts(part('Content-Disposition: form-data; filename="a.png"', PHOTO)),
        "empty name": parts(part('Content-Disposition: form-data; name=""; filename="a"', PHOTO)),
        "another name": parts(part(NAMED.replace("photo", "Photo"), PHOTO)),
        "name with a NUL": parts(part(NAMED.replace("photo", "photo\0"), PHOTO)),
        "nested": parts(part(f'Content-Disposition: form-data; name="files"\r\n{mixed}', inner)),
        "base64 in another field": parts(field("image", "aGVsbG8=")),
    }


@pytest.mark.parametrize("how", soft_multiparts())
def test_multipart_without_a_photo(hung: Hung, how: str) -> None:
    must_refuse(hung.shop.update(hung.id, soft_multiparts()[how]), 422, "required")
    hung.must_be_whole()


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


@pytest.mark.parametrize("how", JSONS)
def test_broken_json(hung: Hung, how: str) -> None:
    body = Body(JSONS[how], "application/json")
    must_refuse(hung.shop.update(hung.id, body), 400, "malformed_json")
    hung.must_be_whole()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_in_every_encoding_of_unicode(hung: Hung, encoding: str) -> None:
    text = json.dumps({"name": "ثوب"}, ensure_ascii=False)
    body = Body(text.encode(encoding), "application/json; charset=utf-8")
    assert hung.shop.call("POST", f"{PREFIX}/products", body).data["name"] == "ثوب"


def test_json_as_deep_as_the_limit(hung: Hung) -> None:
    text = '{"name": "[{[{[{", "x": ' + "[" * 63 + "]" * 63 + "}"
    body = Body(text.encode(), "application/json")
    assert hung.shop.call("POST", f"{PREFIX}/products", body).data["name"] == "[{[{[{"


FORMS = {
    "not utf-8": b"alt=\xff",
    "not utf-8 encoded": b"alt=%FF",
    "cp1256": "alt=نص".encode("cp1256"),
    "a hundred fields": b"&".join(b"x%d=y" % n for n in range(100)),
}


@pytest.mark.parametrize("how", FORMS)
def test_broken_urlencoded(hung: Hung, how: str) -> None:
    body = Body(FORMS[how], "application/x-www-form-urlencoded")
    must_refuse(hung.shop.update(hung.id, body), 400, "malformed_form")
    hung.must_be_whole()


@pytest.mark.parametrize("text", [b"", b"&", b"=", b"photo", b"photo=", b"%zz=%", b"photo%00=x"])
def test_urlencoded_without_a_photo(hung: Hung, text: bytes) -> None:
    body = Body(text, "application/x-www-form-urlencoded")
    must_refuse(hung.shop.update(hung.id, body), 422, "required")


KINDS = """
    text/plain image/png application/xml multipart/mixed multipart/related application/jsonp
    text/json application/json5 form-data ; / application/json,text/html
""".split()  # noqa: SIM905  the shorter by far


@pytest.mark.parametrize("kind", [*KINDS, "", "\xff\xfe"])
def test_unknown_types(hung: Hung, kind: str) -> None:
    must_refuse(hung.shop.update(hung.id, Body(PHOTO, kind)), 400, "unsupported_content_type")
    hung.must_be_whole()


def test_a_type_is_told_as_it_came(hung: Hung) -> None:
    body = Body(PHOTO, "image/png")
    told = hung.shop.call("POST", hung.path, body, accept_language="en").json["error"]["message"]
    assert '"image/png"' in told


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", "video/mp4"])
def test_a_large_photo_as_the_body(hung: Hung, kind: str) -> None:
    answer = hung.shop.call("POST", hung.path, Body(LARGE, kind), accept_language="en")
    must_refuse(answer, 400, "unsupported_content_type")
    assert "multipart/form-data" in answer.json["error"]["message"]
    hung.must_be_whole()


@pytest.mark.parametrize("photo", [PHOTO, LARGE], ids=["small", "large"])
def test_a_photo_as_the_body_of_a_form(hung: Hung, photo: bytes) -> None:
    """Send what `curl --data-binary` sends."""
    body = Body(photo, "application/x-www-form-urlencoded")
    must_refuse(hung.shop.update(hung.id, body), 400, "body_is_photo")
    hung.must_be_whole()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_a_large_photo_as_a_body_of_another_type(hung: Hung, kind: str) -> None:
    must_refuse(hung.shop.update(hung.id, Body(LARGE, kind)), 400, "body_is_photo")


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_base64_as_the_body(hung: Hung, kind: str) -> None:
    must_refuse(hung.shop.update(hung.id, Body(b64encode(LARGE), kind)), 400, "body_is_photo")


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,", "DATA:image/png;base64,\r\n"])
@pytest.mark.parametrize("name", ["photo", "original"])
@pytest.mark.parametrize("photo", [PHOTO, LARGE], ids=["small", "large"])
def test_base64_in_a_field(hung: Hung, photo: bytes, name: str, prefix: str) -> None:
    text = prefix + b64encode(photo).decode()
    bodies = [as_json({"alt": "x", name: text}), multipart(**{name: text})]
    bodies.append(urlencoded(alt="x", **{name: text}))
    for body in bodies if name == "photo" else bodies[:2]:
        answer = hung.shop.call("POST", ATTACH.format(hung.product), body)
        must_refuse(answer, 422, "photo_encoded")
        assert list(answer.json["error"]["fields"]) == [name]
    hung.must_be_whole()


def test_base64_in_a_file(hung: Hung) -> None:
    must_refuse(hung.shop.update(hung.id, photo=b64encode(LARGE)), 422, "photo_encoded")


@pytest.mark.parametrize("length", ["5", "99999999", "-1", "x", "5\r\nContent-Length: 7"])
def test_the_length_of_a_part_is_ignored(hung: Hung, length: str) -> None:
    head = f"{NAMED}\r\nContent-Length: {length}"
    assert hung.shop.update(hung.id, parts(part(head, PHOTO))).status == 201


def test_a_length_of_a_text_in_characters(hung: Hung) -> None:
    head = 'Content-Disposition: form-data; name="alt"\r\ncontent-length: 3'
    body = parts(part(head, "كوب".encode()), part(NAMED, PHOTO))
    assert hung.shop.update(hung.id, body).data["alt_seo"] == "كوب"


@pytest.mark.parametrize(
    "second", [PHOTO, sample_photos.png(seed=32), b""], ids=["same", "other", "empty"]
)
@pytest.mark.parametrize("turn", [1, -1])
def test_two_photos(hung: Hung, second: bytes, turn: int) -> None:
    both = [field("photo", PHOTO), field("photo", second)][::turn]
    answer = hung.shop.update(hung.id, parts(*both))
    must_refuse(answer, 422, "multiple_photos")
    assert list(answer.json["error"]["fields"]) == ["photo"]
    hung.must_be_whole()


def test_an_input_without_a_file_beside_a_photo(hung: Hung) -> None:
    none = part('Content-Disposition: form-data; name="photo"; filename=""')
    assert hung.shop.update(hung.id, parts(field("photo", PHOTO), none)).status == 201
    assert hung.shop.update(hung.id, parts(none, field("photo", PHOTO))).status == 201


STAR = "filename*=utf-8''%D9%83.bmp"


@pytest.mark.parametrize("more", [f"; {STAR}", f";{STAR.upper()}", ""])
def test_an_unsupported_format_without_a_plain_name(hung: Hung, more: str) -> None:
    head = f'Content-Disposition: form-data; name="photo"{more}'
    for kind in ("bmp", "tiff"):
        answer = hung.shop.update(hung.id, parts(part(head, sample_photos.refused()[kind])))
        must_refuse(answer, 422, "photo_unsupported")


def test_a_quoted_name_that_looks_like_an_option(hung: Hung) -> None:
    odd = part(f'Content-Disposition: form-data; name="a; {STAR}"', b"x")
    assert hung.shop.update(hung.id, parts(odd, field("photo", PHOTO))).status == 201


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_bodies_too_large_for_what_they_are(hung: Hung, kind: str) -> None:
    must_refuse(hung.shop.update(hung.id, Body(b" " * 65_537, kind)), 413, "payload_too_large")
    hung.must_be_whole()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_refusal_speaks_both_languages(hung: Hung, language: str) -> None:
    sent = {"accept_language": language}
    answer = hung.shop.call("POST", hung.path, Body(b"[", "application/json"), **sent)
    assert answer.headers["content-language"] == language
    message = answer.json["error"]["message"]
    assert any("\u0600" <= letter <= "\u06ff" for letter in message) is (language == "ar")
