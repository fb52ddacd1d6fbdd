"""Photograph the console of the demo in Arabic and English: `docs/images/console-*.png`.

Start the demo on a free port with a new data directory, add photos by the API, replace one in the
console, and photograph the page in both languages and in both colour schemes.
"""

import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

from fatrina.demo import sample_photos

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.browsers import ARGUMENTS, find_chromium  # noqa: E402  needs the path above

FOLDER: Final = ROOT / "docs" / "images"
_SIZE: Final = (1280, 860)
_LINK: Final = re.compile(r"(http://\S+)/console#link=\w+")
_TOKEN: Final = re.compile(r"export TOKEN=(\S+)")
_READY: Final = "Press Ctrl-C to stop"
_BOUNDARY: Final = "photo-boundary"
_RANDOM: Final = Random(7)  # noqa: S311  colours


class Demo(NamedTuple):
    """A running demo."""

    link: str
    base: str
    token: str


def main(arguments: Sequence[str]) -> int:
    """Write the screenshots into the folder in the arguments, or `docs/images`."""
    folder = Path(arguments[0]) if arguments else FOLDER
    path = find_chromium()
    if path is None:
        print("No Chromium is installed: apt-get install chromium, or set CHROMIUM.")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, run_demo() as demo:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        photograph(browser, demo, folder)
        browser.close()
    return 0


@contextmanager
def run_demo() -> Iterator[Demo]:
    """Start the demo, add a few photos to its products, and stop it at the end."""
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "fatrina", "demo", "--port", "0", "--data", data]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            output = _read_until_ready(process)
            link, token = _LINK.search(output), _TOKEN.search(output)
            if link is None or token is None:
                raise RuntimeError(output)
            demo = Demo(link[0], link[1], token[1])
            add_photos(demo)
            yield demo
            process.terminate()


def _read_until_ready(process: subprocess.Popen[str]) -> str:
    lines: list[str] = []
    for line in process.stdout or ():
        lines.append(line)
        if _READY in line:
            break
    return "".join(lines)


def add_photos(demo: Demo) -> None:
    """Attach photos to the products of the demo by the API."""
    for sku, drawings in (
        ("DALLAH", ("cup", "vase", "lantern")),
        ("LANTERN", ("dallah", "cup")),
        ("VASE", ("lantern", "shirt", "cup", "dallah")),
        ("SHIRT", ("cup", "vase")),
    ):
        for number, drawing in enumerate(drawings):
            photo = sample_photos.webp_photo(drawing, _RANDOM).data
            alt = "" if number == 1 else "صورة من زاوية أخرى"
            body = _form(alt=alt.encode(), photo=photo)
            request = urllib.request.Request(  # noqa: S310  the demo's address
                f"{demo.base}/admin/v2/products/sku/{sku}/images",
                body,
                {
                    "Authorization": f"Bearer {demo.token}",
                    "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
                },
            )
            urllib.request.urlopen(request).close()  # noqa: S310


def _form(**fields: bytes) -> bytes:
    parts = (
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name={name}"
        + ("; filename=photo.webp" if name == "photo" else "")
        for name in fields
    )
    lines = (
        f"{head}\r\n\r\n".encode() + data for head, data in zip(parts, fields.values(), strict=True)
    )
    return b"\r\n".join((*lines, f"--{_BOUNDARY}--\r\n".encode()))


def photograph(browser: Browser, demo: Demo, folder: Path) -> None:
    """Photograph the page in Arabic on a light page, then in English on a dark one."""
    page = browser.new_context(
        locale="ar-SA", viewport={"width": _SIZE[0], "height": _SIZE[1]}, reduced_motion="reduce"
    ).new_page()
    page.goto(demo.link)
    _wait_for_images(page)
    replace_photo(page)
    page.screenshot(path=folder / "console-ar.png")
    page.locator("nav .plain").first.click()
    _photograph_scheme(page, "dark", folder / "console-en.png")


def replace_photo(page: Page) -> None:
    """Replace the second photo on the page, and wait for the comparison."""
    photo = sample_photos.webp_photo("dallah", _RANDOM).data
    tile = page.locator(".tile").nth(1)
    payload = FilePayload(name="new.webp", mimeType="image/webp", buffer=photo)
    tile.locator("input[type=file]").set_input_files([payload])
    tile.locator(".compare").wait_for()
    _wait_for_images(page)


def _photograph_scheme(page: Page, scheme: Literal["light", "dark"], path: Path) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    _wait_for_images(page)
    page.screenshot(path=path)


def _wait_for_images(page: Page) -> None:
    page.locator(".tile img").first.wait_for()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
