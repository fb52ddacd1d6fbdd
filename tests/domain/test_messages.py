"""Error texts: complete in both languages, and literally those of the contract."""

import re
import time
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain import errors
from fatrina.domain.messages import MESSAGES, Language, negotiate_language, render
from fatrina.domain.photo import ImageFormat
from tests.domain.test_errors import LEAVES, documented, example

# The contract's own texts have no Arabic for these.
ENGLISH_ONLY = {"invalid_token", "insufficient_scope", "gallery_full", "validation_failed"}
BOTH: tuple[Language, Language] = ("ar", "en")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def allowed(leaf: type[errors.ServiceError]) -> set[str]:
    names = documented(leaf)
    if names >= {"width", "height"}:
        names |= {"pixels"}
    return names | {"field"} if issubclass(leaf, errors.FieldError) else names


def test_every_reason_has_a_text_and_no_other() -> None:
    assert list(MESSAGES) == [*(leaf.reason for leaf in LEAVES[1:]), "internal_error"]
    assert LEAVES[0].reason == "internal_error"


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.reason)
def test_texts_use_only_documented_params(leaf: type[errors.ServiceError]) -> None:
    ar, en = MESSAGES[leaf.reason]
    assert placeholders(ar) == placeholders(en)
    assert placeholders(ar) <= allowed(leaf)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.reason)
def test_every_error_renders_in_both_languages(leaf: type[errors.ServiceError]) -> None:
    for spoken in BOTH:
        said = render(example(leaf), spoken)
        assert said.strip()
        assert not set(said) & set("{}?")
    arabic = re.search(r"[\u0621-\u064a]", MESSAGES[leaf.reason].ar)
    assert bool(arabic) is (leaf.reason not in ENGLISH_ONLY)
    assert not re.search(r"[\u0600-\u06ff]", MESSAGES[leaf.reason].en)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.reason)
def test_a_missing_param_does_not_break_rendering(leaf: type[errors.ServiceError]) -> None:
    for spoken in BOTH:
        assert render(leaf(), spoken)


@pytest.mark.parametrize(
    ("error", "ar", "en"),
    [
        (errors.InvalidToken(), "The access token is invalid", "The access token is invalid"),
        (
            errors.InsufficientScope(scope="products.read_write"),
            "The access token should have access to one of those scopes: products.read_write",
            "The access token should have access to one of those scopes: products.read_write",
        ),
        (
            errors.NotFound(),
            "المحتوى الذي تحاول الوصول اليه غير متوفر",
            "The content you are trying to access is no longer available",
        ),
        (
            errors.ValidationFailed(errors.Required()),
            "alert.invalid_fields",
            "alert.invalid_fields",
        ),
        (
            errors.GalleryFull("product", limit=10),
            "The maximum allowed images are 10",
            "The maximum allowed images are 10",
        ),
        (errors.Required("photo"), "حقل photo مطلوب.", "The photo field is required."),
        (
            errors.RequiredWithout("photo", other="original_url"),
            "حقل photo مطلوب إذا لم يتوفّر original url.",
            "The photo field is required when original url is not present.",
        ),
        (
            errors.NotInteger("default"),
            "يجب أن يكون حقل default عددًا صحيحًا",
            "The default field must be a whole number.",
        ),
        (
            errors.NotNumber("sort"),
            "يجب على حقل sort أن يكون رقماً",
            "The sort field must be a number.",
        ),
        (
            errors.NotBoolean("main"),
            "يجب أن تكون قيمة حقل main إما true أو false ",
            "The main field must be true or false.",
        ),
        (
            errors.TextTooLong("alt", limit=1255),
            "يجب أن لا يتجاوز طول النّص alt 1255 حروفٍ/حرفًا",
            "The alt field must not be longer than 1255 characters.",
        ),
        (
            errors.LinkMalformed("video_url"),
            "صيغة الرابط video url غير صحيحة",
            "The video url field must hold a full link that begins with http:// or https://.",
        ),
        (
            errors.PhotoNotAnImage("photo"),
            "يجب أن يكون حقل photo صورةً من نوع JPEG أو PNG أو WebP أو GIF أو AVIF.",
            "The photo field must be a picture: JPEG, PNG, WebP, GIF or AVIF.",
        ),
        (
            errors.PhotoTooLarge("photo", limit=20_000_999),
            "يجب أن لا يتجاوز حجم الملف photo 20000 كيلوبايت",
            "The photo file must not be larger than 20000 kilobytes.",
        ),
    ],
    ids=lambda value: value.reason if isinstance(value, errors.ServiceError) else "",
)
def test_texts_of_the_contract_are_literal(error: errors.ServiceError, ar: str, en: str) -> None:
    assert render(error, "ar") == ar
    assert render(error, "en") == en


def test_text_of_too_many_pixels() -> None:
    refusal = errors.PhotoTooManyPixels(limit=100_000_000, width=12_000, height=9_000)
    assert render(refusal, "en") == (
        "The photo is 12,000 \N{MULTIPLICATION SIGN} 9,000 pixels (108 megapixels); the limit "
        "is 100 megapixels. Reduce its dimensions and send it again."
    )
    assert render(refusal, "ar") == (
        "عرض الصورة 12,000 بكسل وارتفاعها 9,000 بكسل (108 ميغابكسل)، والحد الأقصى "
        "100 ميغابكسل. صغّر أبعادها ثم أعد إرسالها."
    )


@pytest.mark.parametrize(
    ("width", "height", "limit", "shown"),
    [
        (10_000, 10_001, 100_000_000, "(100.1 megapixels); the limit is 100 megapixels"),
        (4_032, 3_024, 12_000_000, "(12.2 megapixels); the limit is 12 megapixels"),
        (4_032, 3_024, 12_190_000, "(12.2 megapixels); the limit is 12.1 megapixels"),
        (200, 100, 10_000, "(0.1 megapixels); the limit is 0.01 megapixels"),
    ],
)
def test_excess_pixels_never_round_down_to_the_limit(
    width: int, height: int, limit: int, shown: str
) -> None:
    refusal = errors.PhotoTooManyPixels(limit=limit, width=width, height=height)
    assert shown in render(refusal, "en")


@pytest.mark.parametrize(
    ("limit", "ar", "en"),
    [
        (20_000_000, "20 ميغابايت", "20 MB"),
        (20_999_999, "20.9 ميغابايت", "20.9 MB"),
        (1_000_000, "1 ميغابايت", "1 MB"),
        (999_999, "999.9 كيلوبايت", "999.9 kB"),
        (64_000, "64 كيلوبايت", "64 kB"),
        (512, "512 بايت", "512 bytes"),
        (5_000_000_000, "5,000 ميغابايت", "5,000 MB"),
    ],
)
def test_byte_limits_are_rounded_down(limit: int, ar: str, en: str) -> None:
    refusal = errors.PayloadTooLarge(limit=limit)
    assert render(refusal, "ar").startswith(f"حجم الطلب أكبر من الحد المسموح به هنا، وهو {ar}. ")
    assert f"larger than the limit of {en}. " in render(refusal, "en")


@pytest.mark.parametrize(
    ("retry", "ar", "en"),
    [
        (0, "0 ثانية", "0 seconds"),
        (1, "ثانية واحدة", "1 second"),
        (2, "ثانيتين", "2 seconds"),
        (3, "3 ثوانٍ", "3 seconds"),
        (8.0, "8 ثوانٍ", "8 seconds"),
        (8.5, "8.5 ثانية", "8.5 seconds"),
        (10, "10 ثوانٍ", "10 seconds"),
        (11, "11 ثانية", "11 seconds"),
        (30, "30 ثانية", "30 seconds"),
        (100, "100 ثانية", "100 seconds"),
        (105, "105 ثوانٍ", "105 seconds"),
        (1_800, "1,800 ثانية", "1,800 seconds"),
    ],
)
def test_plural_forms_of_seconds(retry: float, ar: str, en: str) -> None:
    assert render(errors.Busy(retry=retry), "ar").endswith(f" بعد {ar}.")
    assert render(errors.Busy(retry=retry), "en").endswith(f" in {en}.")


@given(st.text() | st.characters(categories=["Cs", "Cc", "Cf"]), st.sampled_from(BOTH))
def test_client_text_is_truncated_and_printable(sent: str, spoken: Language) -> None:
    before, after = render(errors.UnsupportedContentType(type="|"), spoken).split("|")
    said = render(errors.UnsupportedContentType(type=sent), spoken)
    shown = said.removeprefix(before).removesuffix(after)
    assert shown.isprintable()
    assert len(shown) <= 101
    if sent.isprintable() and len(sent) <= 100:
        assert shown == sent
    said.encode()


def test_arabic_texts_contain_no_english_details() -> None:
    malformed = errors.MalformedMultipart(problem="End boundary not found")
    assert "(End boundary not found)" in render(malformed, "en")
    assert "End" not in render(malformed, "ar")
    for operation in ("seed", "reset", "restore", "sweep"):
        busy = errors.HousekeepingBusy(operation=operation, retry=5)
        assert f"({operation})" in render(busy, "en")
        assert not re.search("[a-z]", render(busy, "ar"))


def test_braces_in_client_text_are_literal() -> None:
    assert '"{limit} {0.__class__}"' in render(
        errors.UnsupportedContentType(type="{limit} {0.__class__}"), "en"
    )


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.reason)
@given(data=st.data())
def test_any_param_value_renders(leaf: type[errors.ServiceError], data: st.DataObject) -> None:
    values = st.integers(0, 2**63) | st.floats() | st.text()
    seen: dict[str, errors.Params] = {name: data.draw(values) for name in allowed(leaf)}
    seen.pop("pixels", None)
    seen.pop("field", None)
    for spoken in BOTH:
        assert render(leaf(**seen), spoken)


def test_texts_list_every_accepted_format() -> None:
    for text in (*MESSAGES["photo_not_an_image"], *MESSAGES["photo_unsupported"]):
        offered = text.lower().replace("jpeg", "jpg")
        assert all(kind.served_as.value in offered for kind in ImageFormat)


def test_address_errors_reveal_nothing() -> None:
    for leaf in (errors.LinkAddressNotAllowed, errors.LinkUnresolved, errors.LinkUnreachable):
        assert all(placeholders(text) == set() for text in MESSAGES[leaf.reason])


@pytest.mark.parametrize(
    ("accept", "spoken"),
    [
        (None, "ar"),
        ("", "ar"),
        ("ar", "ar"),
        ("en", "en"),
        ("EN", "en"),
        ("en-US", "en"),
        ("en_GB", "en"),
        ("ar-SA", "ar"),
        ("*", "ar"),
        ("fr", "ar"),
        ("fr, de;q=0.5", "ar"),
        ("english", "ar"),
        ("en-US,en;q=0.9,ar;q=0.8", "en"),
        ("ar,en-US;q=0.7,en;q=0.3", "ar"),
        ("ar;q=0.7, en;q=0.8", "en"),
        ("ar;q=0.8, en;q=0.8", "ar"),
        ("en;q=0.8, ar;q=0.8", "en"),
        ("en, ar", "en"),
        ("fr, en;q=0.1", "en"),
        ("en;q=0.1, *;q=0.2", "ar"),
        ("ar;q=0.1, *;q=0.2", "en"),
        ("*, en", "en"),
        ("*;q=0.5, en;q=0.5", "en"),
        ("ar;q=0", "en"),
        ("en;q=0", "ar"),
        ("en;q=0, ar;q=0", "ar"),
        ("en;q=0.000, *", "ar"),
        ("ar;q=0, *", "en"),
        ("*;q=0", "ar"),
        ("en, *;q=0", "en"),
        ("en;q=0, en-GB;q=0.5", "en"),
        ("  en ; q = 0.5 ,\tar;Q=0.4", "en"),
        (",,en,,", "en"),
        ("en;q=.9, ar;q=0.8", "ar"),
        ("en;q=", "ar"),
        ("en;q=x, ar;q=0.1", "ar"),
        ("en;q=-1", "ar"),
        ("en;q=2", "ar"),
        ("en;q=nan", "ar"),
        ("en;level=1", "ar"),
        (";q=1", "ar"),
        ("en" * 1000, "ar"),
        ("en," + "fr," * 100_000, "en"),
        ("fr-" + "x" * 1000 + ",en", "ar"),
        ("fr," * 166 + "en;q=0.001,ar;q=0.002", "ar"),
    ],
)
def test_negotiate_language(accept: str | None, spoken: Language) -> None:
    assert negotiate_language(accept) == spoken


TAGS = st.sampled_from(["ar", "en", "ar-SA", "en-US", "*", "fr", "", "e n"])
WEIGHTS = st.sampled_from(["", ";q=0", ";q=0.5", ";q=1.000", ";q=", ";", " ; q=0.7", ";q=9"])
HEADERS = st.lists(st.builds(str.__add__, TAGS, WEIGHTS)).map(",".join)


@given(st.text() | HEADERS)
def test_any_header_yields_a_language(accept: str) -> None:
    assert negotiate_language(accept) in BOTH


@pytest.mark.parametrize("piece", ["en;q=0.5,", ";", " ", "-", "en;q=" + " " * 50, "q=0.", "*"])
def test_long_headers_take_constant_time(piece: str) -> None:
    header = piece * 1_000_000
    began = time.process_time()
    assert negotiate_language(header) in BOTH
    assert time.process_time() - began < 0.1
