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

from fatrina.actions import Services, access, oauth, products, videos
from fatrina.actions.clock import Clock
from fatrina.actions.oauth import AuthorizationRequest, TokenPair
from fatrina.actions.webhooks import subscriptions
from fatrina.actions.webhooks.outbox import DatabaseOutbox
from fatrina.adapters.database import Database
from fatrina.adapters.database.apps import App
from fatrina.adapters.database.schema import grants, tokens
from fatrina.adapters.database.schema import products as product_table
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.storage import Storage
from fatrina.domain import errors, video
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.oauth import OFFLINE_ACCESS, OAuthError
from fatrina.domain.views import ImageView
from fatrina.domain.webhook import MAX_SUBSCRIPTIONS, PRODUCT_UPDATED, Subscription
from fatrina.emulator import seeding
from fatrina.emulator.seeding import SeedError, SeedMerchant, SeedProduct
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
def services(database: Database, tmp_path: Path) -> Services:
    """What these actions use: the database and the clock."""

    class Base:
        base_url = "http://test"

        def writing(self) -> AbstractContextManager[None]:
            return nullcontext()

    unused: Any = None
    clock = Clock()
    return Services(
        database=database,
        storage=cast("Storage", Base()),
        housekeeping=Housekeeping(tmp_path),
        spool=unused,
        decoders=unused,
        downloader=unused,
        clock=clock,
        outbox=DatabaseOutbox("http://test", clock),
    )


def at_once(*acts: Act) -> list[object]:
    """What each returns, or the refusal that it raises; all begin at one moment."""
    barrier = threading.Barrier(len(acts))

    def begun(act: Act) -> object:
        barrier.wait()
        try:
            return act()
        except (errors.ServiceError, OAuthError, SeedError) as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return [*pool.map(begun, acts)]


def is_taken(result: object) -> bool:
    """Whether an action was refused because the SKU is taken."""
    refusal = result.error if isinstance(result, SeedError) else result
    return isinstance(refusal, errors.ValidationFailed) and [
        each.reason for each in refusal.flatten()
    ] == [errors.SkuTaken.reason]


def with_sku(services: Services, sku: str) -> int:
    with services.database.reading() as conn:
        query = select(func.count()).where(product_table.c.sku == sku)
        return conn.scalar(query) or 0


def test_a_sku_is_given_once(services: Services) -> None:
    others = [products.create(services, OWNER, f"p{n}", None).id for n in range(MANY)]
    seed = [SeedMerchant("/", "shop1", products=[SeedProduct("/", "seeded", "S")])]
    create = partial(products.create, services, OWNER, "new", "S")
    changes = [partial(products.update, services, OWNER, each, None, "S") for each in others]
    results = at_once(
        *([create] * MANY), *changes, *([partial(seeding.seed, services, seed, 1)] * MANY)
    )
    assert [is_taken(result) for result in results].count(False) == 1
    assert with_sku(services, "S") == 1


def test_a_merchant_has_no_more_subscriptions_than_allowed(services: Services) -> None:
    wanted = Subscription("n", PRODUCT_UPDATED, "https://shop.test/")
    subscribe = partial(subscriptions.subscribe, services, OWNER, wanted)
    for _ in range(MAX_SUBSCRIPTIONS - 3):
        subscribe()
    results = at_once(*([subscribe] * MANY))
    assert sum(isinstance(result, errors.ValidationFailed) for result in results) == MANY - 3
    assert len(subscriptions.list_subscriptions(services, OWNER)) == MAX_SUBSCRIPTIONS


def test_changes_of_one_subscription_all_remain(services: Services) -> None:
    wanted = Subscription("n", PRODUCT_UPDATED, "https://shop.test/", secret="s")
    number = subscriptions.subscribe(services, OWNER, wanted)
    changes: list[dict[str, object]] = [
        {"name": "m"},
        {"event": "product.image.updated"},
        {"url": "https://other.test/"},
        {"version": 2},
        {"headers": (("x", "y"),)},
        {"secret": "t"},
    ]
    at_once(*(partial(subscriptions.update, services, OWNER, number, each) for each in changes))
    ((_, found),) = subscriptions.list_subscriptions(services, OWNER)
    for change in changes:
        for name, value in change.items():
            assert getattr(found, name) == value


def test_videos_of_one_product_take_places_of_their_own(services: Services) -> None:
    film = video.parse(FILM)
    attach = partial(videos.attach, services, OWNER, PRODUCT, Change(default=True), film)
    results = at_once(*([attach] * MANY))
    assert all(isinstance(result, ImageView) for result in results)
    entries = [each.entry for each in products.details(services, OWNER, PRODUCT).images]
    assert sorted(entry.age for entry in entries) == [*range(1, MANY + 1)]
    assert sum(entry.default for entry in entries) == 1


@pytest.fixture
def app(services: Services) -> App:
    client_id, _ = oauth.create_app(services.database, "App", [BACK], public=True, now=NOW)
    found = oauth.find_app(services, client_id)
    assert found is not None
    return found


def approve(services: Services, app: App, key: str) -> str | None:
    asked = AuthorizationRequest(app, BACK, f"{WRITE} {OFFLINE_ACCESS}", None)
    return oauth.approve(services, asked, "shop1", key, NOW)


def code_of(services: Services, app: App) -> str:
    key = oauth.rotate_owner_key(services.database, "shop1")
    assert key is not None
    code = approve(services, app, key)
    assert code is not None
    return code


def exchange(services: Services, app: App, code: str) -> TokenPair:
    return oauth.exchange(services, app, code=code, redirect=BACK, verifier="", now=NOW)


def alive(services: Services, app: App) -> int:
    """How many grants and tokens of an app are not revoked."""
    with services.database.reading() as conn:
        of_app = select(grants.c.id).where(grants.c.app_id == app.id)
        granted = of_app.where(grants.c.revoked_at.is_(None))
        issued = select(tokens.c.id).where(
            tokens.c.grant_id.in_(of_app), tokens.c.revoked_at.is_(None)
        )
        return len(conn.execute(granted).all()) + len(conn.execute(issued).all())


def test_a_refresh_token_works_once(services: Services, app: App) -> None:
    issued = exchange(services, app, code_of(services, app))
    assert issued.refresh is not None
    results = at_once(*([partial(oauth.refresh, services, app, issued.refresh, "", NOW)] * MANY))
    assert sum(isinstance(result, TokenPair) for result in results) == 1
    assert sum(isinstance(result, OAuthError) for result in results) == MANY - 1
    assert alive(services, app) == 0  # its second use revoked all that came of it


def test_a_code_works_once(services: Services, app: App) -> None:
    code = code_of(services, app)
    results = at_once(*([partial(exchange, services, app, code)] * MANY))
    assert sum(isinstance(result, TokenPair) for result in results) == 1
    assert sum(isinstance(result, OAuthError) for result in results) == MANY - 1
    assert alive(services, app) == 0


def test_nothing_granted_outlives_its_app(services: Services, app: App) -> None:
    key = oauth.rotate_owner_key(services.database, "shop1")
    assert key is not None
    codes = [approve(services, app, key) or "" for _ in range(MANY)]
    issued = exchange(services, app, codes.pop())
    at_once(
        partial(oauth.remove_app, services.database, app.client_id, NOW),
        *(partial(exchange, services, app, code) for code in codes[1:]),
        partial(oauth.refresh, services, app, issued.refresh or "", "", NOW),
        *([partial(approve, services, app, key)] * 2),
    )
    assert alive(services, app) == 0
    with pytest.raises(OAuthError):
        exchange(services, app, codes[0])


def test_a_token_and_its_family_are_revoked_without_a_deadlock(
    services: Services, app: App
) -> None:
    families = [exchange(services, app, code_of(services, app)) for _ in range(3)]
    assert all(isinstance(each, TokenPair) for each in families)
    numbers = [row.id for row in access.list_tokens(services.database)]
    results = at_once(
        *(partial(access.revoke_token, services.database, number, NOW) for number in numbers * 2),
        partial(oauth.remove_app, services.database, app.client_id, NOW),
    )
    assert not [result for result in results if isinstance(result, errors.ServiceError)]
    assert alive(services, app) == 0
