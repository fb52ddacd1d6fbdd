"""The console in a real browser: sign-in, search, import, layout and accessibility."""

import io
import json
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from fatrina.actions import oauth
from fatrina.actions.clock import Clock
from tests import sample_photos
from tests.console.conftest import OpenConsole, SampleStore
from tests.console.test_images import HOSTILE, LANGUAGES, PHOTO, button, file, tiles


def violations(page: Page) -> list[str]:
    """Return what axe-core finds on the page."""
    spec = find_spec("axe_playwright_python")
    assert spec
    assert spec.origin
    page.evaluate(Path(spec.origin).with_name("axe.min.js").read_text())
    found = page.evaluate("axe.run().then(each => each.violations)")
    return [f"{each['id']}: {[node['html'] for node in each['nodes']][:3]}" for each in found]


def check_width(page: Page) -> None:
    """Check that nothing is wider than the window."""
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth") <= page.evaluate(f"{root}.clientWidth")


@LANGUAGES
def test_sign_in_and_out(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    database = sample.store.service.services.database
    key = oauth.rotate_owner_key(database, sample.store.merchant_code, Clock()())
    page = open_console(language, signed_in=False)
    expect(page.get_by_role("heading")).to_be_visible()
    assert violations(page) == []
    code, password = page.locator("input").all()
    code.fill(sample.store.merchant_code)
    password.fill("wrong")
    password.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    password.fill(key or "")
    password.press("Enter")
    expect(tiles(page)).to_have_count(3)
    page.reload()
    expect(tiles(page)).to_have_count(3)
    page.locator("nav .plain").last.click()
    expect(page.locator("input[type=password]")).to_be_visible()
    page.goto(f"{sample.address}#link=used")
    page.reload()
    expect(page.get_by_role("alert")).to_be_visible()


@LANGUAGES
def test_search(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    other = sample.store.create_product(name=HOSTILE[:-1], sku="OTHER")
    page = open_console(language)
    expect(page.locator(".product")).to_have_count(2)
    page.get_by_role("searchbox").fill("othe")
    expect(page.locator(".product")).to_have_count(1)
    expect(page.locator(f"#product-{other}")).to_have_text(HOSTILE[:-1])
    page.get_by_role("searchbox").fill("nothing like this")
    expect(page.locator(".empty h2")).to_contain_text("nothing like this")
    assert page.evaluate("window.hacked") is None
    page.route("**/admin/v2/products?**", lambda route: route.fulfill(status=500, body="<html>"))
    page.get_by_role("searchbox").fill("x")
    expect(page.get_by_role("alert")).to_be_visible()


@LANGUAGES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_and_widths(
    open_console: OpenConsole, sample: SampleStore, language: str, scheme: str
) -> None:
    assert sample.image_ids
    page = open_console(language, scheme=scheme)
    assert violations(page) == []
    for width in (390, 820, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        check_width(page)
    tiles(page).first.locator("button.icon").click()
    expect(page.locator(".strip li").first).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    check_width(page)
    page.keyboard.press("Escape")
    page.locator("nav .primary").click()
    assert violations(page) == []


@LANGUAGES
def test_import_of_files(open_console: OpenConsole, sample: SampleStore, language: str) -> None:
    page = open_console(language)
    before = [sample.image(each)["url"] for each in range(3)]
    page.locator("nav .primary").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").first.set_input_files(
        [
            file(f"{sample.sku}.jpg"),
            file(f"{sample.sku}_2.jpg", sample_photos.jpeg(seed=21)),
            file(f"{sample.sku}_4.jpg", sample_photos.jpeg(seed=22)),
            file(f"{HOSTILE}.jpg"),
            file(f"{sample.sku}_3.jpg", b"not a photo"),
        ]
    )
    rows = dialog.locator("tbody tr")
    expect(rows).to_have_count(5)
    assert violations(page) == []
    assert rows.locator("nth=3").locator(".path").inner_text() == f"{HOSTILE}.jpg"
    assert [sample.image(each)["url"] for each in range(3)] == before  # nothing has changed yet
    dialog.locator(".summary .primary").click()
    expect(dialog.locator("tr.good")).to_have_count(3)
    expect(dialog.locator("tr.bad")).to_have_count(2)
    assert len(sample.store.image_ids(sample.product_id)) == 4
    assert sample.image(0)["url"] != before[0]
    with page.expect_download() as download:
        dialog.locator(".summary button").nth(1).click()
    report = Path(download.value.path()).read_text("utf-8-sig")
    assert report.count(sample.sku) >= 3
    dialog.locator(".summary button").nth(0).click()
    expect(page.locator(".toast")).to_contain_text("3")
    assert [sample.image(each)["url"] for each in range(3)] == before
    assert sample.store.image_ids(sample.product_id) == sample.image_ids
    assert page.evaluate("window.hacked") is None


def test_import_of_a_zip_with_a_spreadsheet(open_console: OpenConsole, sample: SampleStore) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("photos/first.jpg", PHOTO)
        writer.writestr(f"{sample.sku}/2.png", sample_photos.png(seed=31))
        rows = f"sku;position;file;alt\n{sample.sku};1;first.jpg;كوب\n{sample.sku};3;none.jpg;x\n"
        writer.writestr("list.csv", rows.encode("windows-1256"))
    page = open_console()
    page.locator("nav .primary").click()
    dialog = page.get_by_role("dialog")
    zipped = FilePayload(name="a.zip", mimeType="application/zip", buffer=archive.getvalue())
    dialog.locator("input[type=file]").first.set_input_files([zipped])
    expect(dialog.locator("tbody tr")).to_have_count(3)
    expect(dialog.locator("tr.bad")).to_contain_text("The file is missing")
    dialog.locator(".summary .primary").click()
    expect(dialog.locator("tr.good")).to_have_count(2)
    assert sample.image()["alt"] == "كوب"


def test_import_continues_after_an_error(open_console: OpenConsole, sample: SampleStore) -> None:
    page = open_console()
    path = f"**/admin/v2/products/images/{sample.image_ids[0]}"
    body = json.dumps({"success": False, "error": {"message": "out of order"}})
    page.route(
        path,
        lambda route: (
            route.fulfill(status=500, body=body)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.locator("nav .primary").click()
    dialog = page.get_by_role("dialog")
    names = (f"{sample.sku}.jpg", f"{sample.sku}_2.jpg")
    dialog.locator("input[type=file]").first.set_input_files([file(name) for name in names])
    dialog.locator(".summary .primary").click()
    expect(dialog.locator("tr.bad")).to_contain_text("out of order")
    expect(dialog.locator("tr.good")).to_have_count(1)
    page.unroute(path)
    button(dialog, "Retry failed rows").click()
    expect(dialog.locator("tr.good")).to_have_count(2)
