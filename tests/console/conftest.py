"""A real Chromium, signed in to a new store of the default service."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from fatrina.actions import sessions
from fatrina.actions.clock import Clock
from tests import sample_photos
from tests.browsers import ARGUMENTS, find_chromium
from tests.stores import Service, Store

LOCALES = {"ar": "ar-SA", "en": "en-GB"}
OpenConsole = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser that all tests of a process share."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium is installed: apt-get install chromium, or set CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class SampleStore:
    """A store with one product of three images, and its pages in a browser."""

    def __init__(self, service: Service) -> None:
        self.store = Store.create(service)
        self.sku = f"CUP-{self.store.merchant_code}"
        self.product_id = self.store.create_product(name="كوب قهوة · Coffee cup", sku=self.sku)
        self.image_ids = [
            self.store.attach(
                self.product_id, photo=sample_photos.png(seed=seed), alt=f"alt {seed}"
            )["id"]
            for seed in (1, 2, 3)
        ]

    def create_link(self) -> str:
        """Return the URL of a link that signs in."""
        database = self.store.service.services.database
        secret = sessions.create_link(database, self.store.merchant_code, Clock()())
        return f"{self.address}#link={secret}"

    @property
    def address(self) -> str:
        """The URL of the console."""
        return f"http://127.0.0.1:{self.store.service.port}/console"

    def image(self, position: int = 0) -> dict[str, object]:
        """Return an image of the product as Product Details shows it."""
        images: list[dict[str, object]] = self.store.product_details(self.product_id)["images"]
        return images[position]


@pytest.fixture
def sample(service: Service) -> SampleStore:
    """A new store."""
    return SampleStore(service)


@pytest.fixture
def open_console(chromium: Browser, sample: SampleStore) -> Iterator[OpenConsole]:
    """Open the console of the store, signed in; the page must not cause errors."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(
        language: str = "en", width: int = 1440, *, signed_in: bool = True, **options: str
    ) -> Page:
        context = chromium.new_context(
            locale=LOCALES[language],
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
            color_scheme="dark" if options.get("scheme") == "dark" else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: problems.append(message.text) if "Policy" in message.text else None,
        )
        page.goto(sample.create_link() if signed_in else sample.address)
        if signed_in:
            page.locator(".tile img").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        with contextlib.suppress(Exception):
            context.close()
    assert not problems
