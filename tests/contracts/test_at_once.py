"""Every database: actions that check before they write, eight at once, as if one by one."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from fatrina.actions import Parts, access, oauth, products, seeding, subscriptions, videos
from fatrina.actions.clock import Clock
from fatrina.actions.oauth import Asked, Issued
from fatrina.actions.seeding import Merchant, Product, SeedError
from fatrina.actions.shown import Image
from fatrina.adapters.database import Database
from fatrina.adapters.database.apps import App
from fatrina.adapters.database.schema import grants, tokens
from fatrina.adapters.database.schema import products as product_table
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.storage import Storage
from fatrina.domain import errors, video
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.oauth import OFFLINE, RefusedError
from fatrina.domain.webhook import MOST, PRODUCT_UPDATED, Subscription
from tests.contracts.rows import PRODUCT

MANY = 8
NOW = 1_800_000_000_000
BACK = "https://app.test/back"
OWNER = Caller(1, "shop1", 1, frozenset({WRITE}))
FILM = "https://youtu.be/dQw4w9WgXcQ"
Act = Callable[[], object]


@pytest.fixture(params=range(3), autouse=True)
def _again() -> None:
    """Run each test three times: a race is not lost every time."""


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> Parts:
    """What these actions use: the database and the clock."""

    class Base:
        base = "http://test"

        def writing(self) -> AbstractContextManager[None]:
            return nullcontext()

    unused: Any = None
    return Parts(
        database=database,
        storage=cast("Storage", Base()),
        housekeeping=Housekeeping(tmp_path),
        spool=unused,
        decoders=unused,
        downloader=unused,
        clock=Clock(),
    )


def at_once(*acts: Act) -> list[object]:
    """What each returns, or the refusal that it raises; all begin at one moment."""
    barrier = threading.Barrier(len(acts))

    def begun(act: Act) -> object:
        barrier.wait()
        try:
            return act()
        except (errors.Refusal, RefusedError, SeedError) as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return [*pool.map(begun, acts)]


def is_taken(result: object) -> bool:
    """Whether an action was refused because the SKU is taken."""
    refusal = result.refusal if isinstance(result, SeedError) else result
    return isinstance(refusal, errors.Invalid) and [each.reason for each in refusal.each()] == [
        errors.SkuTaken.reason
    ]


def with_sku(parts: Parts, sku: str) -> int:
    with parts.database.reading() as look:
        query = select(func.count()).where(product_table.c.sku == sku)
        return look.scalar(query) or 0


def test_a_sku_is_given_once(parts: Parts) -> None:
    others = [products.create(parts, OWNER, f"p{n}", None).row.id for n in range(MANY)]
    seed = [Merchant("/", "shop1", products=[Product("/", "seeded", "S")])]
    create = partial(products.create, parts, OWNER, "new", "S")
    changes = [partial(products.update, parts, OWNER, each, None, "S") for each in others]
    results = at_once(
        *([create] * MANY), *changes, *([partial(seeding.seed, parts, seed, 1)] * MANY)
    )
    assert [is_taken(result) for result in results].count(False) == 1
    assert with_sku(parts, "S") == 1


def test_a_merchant_has_no_more_subscriptions_than_allowed(parts: Parts) -> None:
    wanted = Subscription("n", PRODUCT_UPDATED, "https://shop.test/")
    subscribe = partial(subscriptions.subscribe, parts, OWNER, wanted)
    for _ in range(MOST - 3):
        subscribe()
    results = at_once(*([subscribe] * MANY))
    assert sum(isinstance(result, errors.Invalid) for result in results) == MANY - 3
    assert len(subscriptions.listed(parts, OWNER)) == MOST


def test_changes_of_one_subscription_all_remain(parts: Parts) -> None:
    wanted = Subscription("n", PRODUCT_UPDATED, "https://shop.test/", secret="s")
    number = subscriptions.subscribe(parts, OWNER, wanted)
    changes: list[dict[str, object]] = [
        {"name": "m"},
        {"event": "product.image.updated"},
        {"url": "https://other.test/"},
        {"version": 2},
        {"headers": (("x", "y"),)},
        {"secret": "t"},
    ]
    at_once(*(partial(subscriptions.change, parts, OWNER, number, each) for each in changes))
    ((_, found),) = subscriptions.listed(parts, OWNER)
    for change in changes:
        for name, value in change.items():
            assert getattr(found, name) == value


def test_videos_of_one_product_take_places_of_their_own(parts: Parts) -> None:
    film = video.parse(FILM)
    attach = partial(videos.attach, parts, OWNER, PRODUCT, Change(default=True), film)
    results = at_once(*([attach] * MANY))
    assert all(isinstance(result, Image) for result in results)
    entries = [each.entry for each in products.details(parts, OWNER, PRODUCT).images]
    assert sorted(entry.age for entry in entries) == [*range(1, MANY + 1)]
    assert sum(entry.default for entry in entries) == 1


@pytest.fixture
def app(database: Database) -> App:
    client_id, _ = oauth.create_app(database, "App", [BACK], public=True, now=NOW)
    found = oauth.find_app(database, client_id)
    assert found is not None
    return found


def approve(database: Database, app: App, key: str) -> str | None:
    asked = Asked(app, BACK, f"{WRITE} {OFFLINE}", None)
    return oauth.approve(database, asked, "shop1", key, NOW)


def code_of(database: Database, app: App) -> str:
    key = oauth.new_key(database, "shop1")
    assert key is not None
    code = approve(database, app, key)
    assert code is not None
    return code


def exchange(database: Database, app: App, code: str) -> Issued:
    return oauth.exchange(database, app, code=code, redirect=BACK, verifier="", now=NOW)


def alive(database: Database, app: App) -> int:
    """How many grants and tokens of an app are not revoked."""
    with database.reading() as look:
        of_app = select(grants.c.id).where(grants.c.app_id == app.id)
        granted = of_app.where(grants.c.revoked_at.is_(None))
        issued = select(tokens.c.id).where(
            tokens.c.grant_id.in_(of_app), tokens.c.revoked_at.is_(None)
        )
        return len(look.execute(granted).all()) + len(look.execute(issued).all())


def test_a_refresh_token_works_once(database: Database, app: App) -> None:
    issued = exchange(database, app, code_of(database, app))
    assert issued.refresh is not None
    results = at_once(*([partial(oauth.refresh, database, app, issued.refresh, "", NOW)] * MANY))
    assert sum(isinstance(result, Issued) for result in results) == 1
    assert sum(isinstance(result, RefusedError) for result in results) == MANY - 1
    assert alive(database, app) == 0  # its second use revoked all that came of it


def test_a_code_works_once(database: Database, app: App) -> None:
    code = code_of(database, app)
    results = at_once(*([partial(exchange, database, app, code)] * MANY))
    assert sum(isinstance(result, Issued) for result in results) == 1
    assert sum(isinstance(result, RefusedError) for result in results) == MANY - 1
    assert alive(database, app) == 0


def test_nothing_granted_outlives_its_app(database: Database, app: App) -> None:
    key = oauth.new_key(database, "shop1")
    assert key is not None
    codes = [approve(database, app, key) or "" for _ in range(MANY)]
    issued = exchange(database, app, codes.pop())
    at_once(
        partial(oauth.remove_app, database, app.client_id, NOW),
        *(partial(exchange, database, app, code) for code in codes[1:]),
        partial(oauth.refresh, database, app, issued.refresh or "", "", NOW),
        *([partial(approve, database, app, key)] * 2),
    )
    assert alive(database, app) == 0
    with pytest.raises(RefusedError):
        exchange(database, app, codes[0])


def test_a_token_and_its_family_are_revoked_without_a_deadlock(
    database: Database, app: App
) -> None:
    families = [exchange(database, app, code_of(database, app)) for _ in range(3)]
    assert all(isinstance(each, Issued) for each in families)
    numbers = [row.id for row in access.listed(database)]
    results = at_once(
        *(partial(access.revoke, database, number, NOW) for number in numbers * 2),
        partial(oauth.remove_app, database, app.client_id, NOW),
    )
    assert not [result for result in results if isinstance(result, errors.Refusal)]
    assert alive(database, app) == 0
