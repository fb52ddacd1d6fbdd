"""The console in a real browser: replace, undo, order, describe and delete images."""

import re
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect
from playwright.sync_api import Response as PageResponse

from tests import client, sample_photos
from tests.console.conftest import OpenConsole, SampleStore
from tests.stores import UPDATE_PATH

TEXTS = {
    "ar": {
        "undo": "تراجع",
        "prepared": "استُبدلت",
        "close": "إغلاق",
        "delete": "حذف",
        "trash": "المهملات",
        "put_back": "إعادة",
        "restore": "استرجاع",
        "main": "اجعلها الصورة الرئيسية",
        "alt": "النص البديل",
        "theirs": "أبقِ الموجود",
        "mine": "طبّق تعديلي",
        "damaged": "الصورة",
    },
    "en": {
        "undo": "Undo",
        "prepared": "Replaced",
        "close": "Close",
        "delete": "Delete",
        "trash": "Trash",
        "put_back": "Put back",
        "restore": "Restore",
        "main": "Make main image",
        "alt": "Alternative text",
        "theirs": "Keep theirs",
        "mine": "Apply mine",
        "damaged": "photo",
    },
}
LANGUAGES = pytest.mark.parametrize("language", ["ar", "en"])
PHOTO = sample_photos.jpeg(seed=8)
HOSTILE = '<img src=x onerror="window.hacked=1">\'\u202e'


def file(name: str = "new.jpg", data: bytes = PHOTO) -> FilePayload:
    return FilePayload(name=name, mimeType="image/jpeg", buffer=data)


def tiles(page: Page) -> Locator:
    return page.locator(".tile")


def button(scope: Page | Locator, name: str) -> Locator:
    return scope.get_by_role("button", name=name, exact=True)


def replace(tile: Locator, **chosen: Any) -> None:
    tile.locator("input[type=file]").set_input_files([file(**chosen)])


def is_put(response: PageResponse) -> bool:
    return response.request.method == "PUT"


def order(page: Page) -> list[int]:
    return [int(each.get_attribute("data-id") or 0) for each in tiles(page).all()]


@LANGUAGES
def test_replace_and_undo(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    page, texts = open_console(language), TEXTS[language]
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    before = sample.image()["url"]
    tile = tiles(page).first
    expect(tile.locator(".facts")).to_contain_text("PNG")
    replace(tile)
    expect(tile.locator(".outcome")).to_contain_text(texts["prepared"])
    expect(tile.locator(".compare img")).to_have_count(2)
    assert sample.image()["url"] != before
    slider = tile.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_value("0")
    button(tile, texts["undo"]).click()
    expect(tile.locator(".compare")).to_have_count(0)
    assert sample.image()["url"] == before


@LANGUAGES
def test_rejected_photo_is_explained_and_the_old_one_stays(
    open_console: OpenConsole, sample: SampleStore, language: str
) -> None:
    page, before = open_console(language), sample.image()
    tile = tiles(page).first
    replace(tile, name=HOSTILE + ".jpg", data=b"not a photo")
    alert = tile.get_by_role("alert")
    expect(alert).to_be_visible()
    assert any("\u0621" <= char <= "\u064a" for char in alert.inner_text()) is (language == "ar")
    assert sample.image() == before
    button(alert, TEXTS[language]["close"]).click()
    expect(alert).to_have_count(0)
    expect(tile.locator(".photo > img")).to_be_visible()


def test_drop_and_paste(open_console: OpenConsole, sample: SampleStore, photos: str) -> None:
    page = open_console()
    script = """(element, [type, bytes, text]) => {
        const data = new DataTransfer();
        if (text) data.setData('text/plain', text);
        else data.items.add(new File([new Uint8Array(bytes)], 'x.jpg', { type: 'image/jpeg' }));
        const init = { bubbles: true, cancelable: true };
        element.dispatchEvent(type === 'paste'
            ? new ClipboardEvent(type, { ...init, clipboardData: data })
            : new DragEvent(type, { ...init, dataTransfer: data }));
    }"""
    urls = {sample.image()["url"]}
    dropped, tile = [*PHOTO], tiles(page).first
    tile.evaluate(script, ["dragover", dropped, ""])
    expect(tile).to_have_class(re.compile(r"\btarget\b"))
    for kind, data, text in (
        ("drop", dropped, ""),
        ("paste", [*sample_photos.jpeg(seed=12)], ""),
        ("paste", [], f"{photos}/a.png"),
    ):
        tile.focus()
        tile.evaluate(script, [kind, data, text])
        expect(tile.locator(".outcome")).to_be_visible()
        assert sample.image()["url"] not in urls
        urls.add(sample.image()["url"])
        button(tile, "Done").click()


@LANGUAGES
def test_order_by_keyboard(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    page, texts = open_console(language), TEXTS[language]
    first, second, third = sample.image_ids
    tiles(page).first.focus()
    forward = "ArrowLeft" if language == "ar" else "ArrowRight"
    with page.expect_response(is_put):
        page.keyboard.press(forward)
        page.keyboard.press(forward)
        expect(tiles(page).nth(2)).to_be_focused()
    assert sample.store.image_ids(sample.product_id) == order(page) == [second, third, first]
    with page.expect_response(is_put):
        button(page, texts["undo"]).click()
    expect(tiles(page).first).to_have_attribute("data-id", str(first))
    assert sample.store.image_ids(sample.product_id) == sample.image_ids


def test_order_that_someone_else_changed_is_kept(
    open_console: OpenConsole, sample: SampleStore
) -> None:
    page = open_console()
    first, second, third = sample.image_ids
    theirs = client.encode_json({"images": [third, second, first]})
    path = f"/admin/v2/products/{sample.product_id}/images/order"
    assert sample.store.call("PUT", path, theirs).status == 200
    tiles(page).first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".toast.error")).to_contain_text("Someone else")
    expect(tiles(page).first).to_have_attribute("data-id", str(third))
    assert sample.store.image_ids(sample.product_id) == [third, second, first]


@LANGUAGES
def test_order_by_mouse(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    page = open_console(language)
    boxes = [tiles(page).nth(each).locator(".photo").bounding_box() for each in (0, 2)]
    assert boxes[0]
    assert boxes[1]
    start, end = ({"x": box["x"] + 60, "y": box["y"] + 60} for box in boxes if box)
    page.mouse.move(start["x"], start["y"])
    page.mouse.down()
    page.mouse.move(start["x"] + 10, start["y"], steps=3)
    page.mouse.move(end["x"], end["y"], steps=12)
    dragged = page.locator(".tile:not(.sortable-fallback)").nth(2)
    for step in range(50):  # tiles move aside while the mouse moves
        page.mouse.move(end["x"] + step % 2 * 4, end["y"])
        if "sortable-ghost" in (dragged.get_attribute("class") or ""):
            break
    expect(dragged).to_have_class(re.compile("sortable-ghost"))
    with page.expect_response(is_put):
        page.mouse.up()
    first, second, third = sample.image_ids
    assert sample.store.image_ids(sample.product_id) == order(page) == [second, third, first]


@LANGUAGES
def test_main_image_and_alternative_text(
    open_console: OpenConsole, sample: SampleStore, language: str
) -> None:
    page, texts = open_console(language), TEXTS[language]
    tile = tiles(page).nth(1)
    field = tile.get_by_label(texts["alt"])
    for text, direction in (("كوب أزرق", "rtl"), (HOSTILE, "ltr")):
        field.fill(text)
        assert field.evaluate("each => getComputedStyle(each).direction") == direction
        with page.expect_response(lambda response: response.request.method == "POST"):
            field.press("Enter")
        assert str(sample.image(1)["alt"]).startswith(text[:10])
    assert page.evaluate("window.hacked") is None
    tile.locator("button.icon").click()
    button(page, texts["main"]).click()
    expect(tile.locator(".badge")).to_be_visible()
    assert sample.store.main_image_ids(sample.product_id) == [sample.image_ids[1]]


@LANGUAGES
def test_delete_and_put_back(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    page, texts = open_console(language), TEXTS[language]
    tiles(page).nth(2).locator("button.icon").click()
    button(page, texts["delete"]).click()
    expect(tiles(page)).to_have_count(2)
    assert sample.store.image_ids(sample.product_id) == sample.image_ids[:2]
    button(page, texts["trash"]).click()
    button(page.get_by_role("dialog"), texts["put_back"]).click()
    expect(tiles(page)).to_have_count(3)
    assert sample.store.image_ids(sample.product_id) == sample.image_ids


@LANGUAGES
def test_history(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    before = sample.image()["url"]
    assert sample.store.update(sample.image_ids[0], photo=PHOTO, reason=HOSTILE).status == 201
    page = open_console(language)
    tiles(page).first.locator("button.icon").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".strip li")).to_have_count(2)
    expect(dialog).to_contain_text(HOSTILE.rstrip("\u202e"))
    dialog.locator(".strip li").nth(1).locator(".thumb").click()
    expect(dialog.locator(".stage .compare")).to_be_visible()
    button(dialog, TEXTS[language]["restore"]).click()
    expect(dialog.locator(".strip li")).to_have_count(3)
    assert sample.image()["url"] == before
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert page.evaluate("window.hacked") is None


@LANGUAGES
def test_conflict(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    page, texts = open_console(language), TEXTS[language]
    tile, field = tiles(page).first, tiles(page).first.get_by_label(texts["alt"])
    assert sample.store.update(sample.image_ids[0], alt="theirs").status == 201
    replace(tile)
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("img")).to_have_count(2)
    button(dialog, texts["theirs"]).click()
    expect(field).to_have_value("theirs")
    before = sample.image()["url"]
    assert sample.store.update(sample.image_ids[0], alt="theirs again").status == 201
    replace(tile)
    button(dialog, texts["mine"]).click()
    expect(tile.locator(".outcome")).to_be_visible()
    assert sample.image()["url"] != before


# Connections and sessions


@LANGUAGES
def test_session_that_ends_in_the_middle(
    open_console: OpenConsole, sample: SampleStore, language: str
) -> None:
    from fatrina.actions import oauth  # noqa: PLC0415
    from fatrina.actions.clock import Clock  # noqa: PLC0415

    page, before = open_console(language), sample.image()["url"]
    database = sample.store.service.services.database
    key = oauth.rotate_owner_key(database, sample.store.merchant_code, Clock()())
    replace(tiles(page).first)
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=password]").fill("wrong")
    dialog.locator("form button").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    assert sample.image()["url"] == before
    dialog.locator("input[type=password]").fill(key or "")
    dialog.locator("form button").click()
    expect(tiles(page).first.locator(".outcome")).to_be_visible()
    assert sample.image()["url"] != before


@pytest.mark.parametrize("status", [429, 503, 0])
def test_busy_service_and_lost_connection(
    open_console: OpenConsole, sample: SampleStore, status: int
) -> None:
    page, attempts = open_console(), []

    def fail_once(route: Route) -> None:
        attempts.append(route.request.headers["idempotency-key"])
        if len(attempts) > 1:
            route.continue_()
        elif status:
            headers = {"Retry-After": "1", "Content-Type": "application/json"}
            route.fulfill(status=status, headers=headers, body="{}")
        else:
            route.abort("connectionreset")

    page.route(
        f"**{UPDATE_PATH.format(sample.image_ids[0])}",
        lambda route: fail_once(route) if route.request.method == "POST" else route.continue_(),
    )
    before = sample.image()["url"]
    replace(tiles(page).first)
    expect(tiles(page).first.locator(".outcome strong")).to_be_visible()
    assert len(attempts) == 2
    assert attempts[0] == attempts[1]
    assert sample.image()["url"] != before


def test_offline_change_is_made_later(open_console: OpenConsole, sample: SampleStore) -> None:
    page = open_console()
    page.context.set_offline(True)
    expect(page.locator(".banner")).to_be_visible()
    field = tiles(page).first.get_by_label("Alternative text")
    field.fill("later")
    field.press("Enter")
    page.wait_for_timeout(200)
    assert sample.image()["alt"] == "alt 1"
    page.context.set_offline(False)
    expect(page.locator(".toast")).to_be_visible()
    assert sample.image()["alt"] == "later"


def test_slow_upload_shows_progress_and_can_be_cancelled(
    open_console: OpenConsole, sample: SampleStore
) -> None:
    page, before = open_console(), sample.image()
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 40_000},
    )
    tile = tiles(page).first
    replace(tile, data=PHOTO + bytes(300_000))
    expect(tile.locator(".cover")).to_contain_text("of 3")
    button(tile, "Cancel").click()
    expect(tile.locator(".cover")).to_have_count(0)
    assert sample.image() == before
