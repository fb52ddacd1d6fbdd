"""Every database: eight concurrent actions that check before they write are serialized."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import count
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
from fatrina.adapters.housekeeping import FileHousekeeping
from fatrina.adapters.storage import Storage
from fatrina.domain import errors, video
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.oauth import OFFLINE_ACCESS, OAuthError
from fatrina.domain.types import MerchantId, Millis, ProductId, TokenId
from fatrina.domain.views import ImageView
from fatrina.domain.webhook import MAX_SUBSCRIPTIONS, PRODUCT_UPDATED, Subscription
from fatrina.emulator import seeding
from fatrina.emulator.resetting import reset
from fatrina.emulator.seed_records import Seed, SeedError, SeedMerchant, SeedProduct
from tests.contracts.rows import PRODUCT

CONCURRENCY = 8
NOW = Millis(1_800_000_000_000)
REDIRECT_URI = "https://app.test/back"
OWNER = Caller(MerchantId(1), "shop1", TokenId(1), frozenset({WRITE}))
VIDEO_URL = "https://youtu.be/dQw4w9WgXcQ"
Action = Callable[[], object]


@pytest.fixture(params=range(3), autouse=True)
def _repeat() -> None:
    """Run each test three times, because a race does not occur every time."""


@pytest.fixture
def services(database: Database, tmp_path: Path) -> Services:
    """Return services with a real database and clock, which is all that these actions use."""

    class Base:
        base_url = "http://test"

        def writing(self) -> AbstractContextManager[None]:
            return nullcontext()

        def delete(self, keys: Iterable[str]) -> None:
            assert not [*keys]

    unused: Any = None
    clock = Clock()
    return Services(
        database=database,
        storage=cast("Storage", Base()),
        housekeeping=FileHousekeeping(tmp_path),
        spool=unused,
        decoders=unused,
        downloader=unused,
        clock=clock,
        outbox=DatabaseOutbox("http://test", clock),
    )


def run_concurrently(*actions: Action) -> list[object]:
    """Start all actions at the same time; return their results or the errors they raise."""
    barrier = threading.Barrier(len(actions))

    def run(action: Action) -> object:
        barrier.wait()
        try:
            return action()
        except (errors.ServiceError, OAuthError, SeedError) as exc:
            return exc

    with ThreadPoolExecutor(len(actions)) as pool:
        return [*pool.map(run, actions)]


def is_sku_taken(result: object) -> bool:
    """Return whether an action was rejected because the SKU is taken."""
    refusal = result.error if isinstance(result, SeedError) else result
    return isinstance(refusal, errors.ValidationFailed) and [
        each.reason for each in refusal.flatten()
    ] == [errors.SkuTaken.reason]


def count_with_sku(services: Services, sku: str) -> int:
    with services.database.reading() as conn:
        query = select(func.count()).where(product_table.c.sku == sku)
        return conn.scalar(query) or 0


def test_a_sku_is_assigned_once(services: Services) -> None:
    others = [products.create(services, OWNER, f"p{n}", None).id for n in range(CONCURRENCY)]
    seed = Seed([SeedMerchant("/", "shop1", products=[SeedProduct("/", "seeded", "S")])])
    create = partial(products.create, services, OWNER, "new", "S")
    changes = [partial(products.update, services, OWNER, each, None, "S") for each in others]
    results = run_concurrently(
        *([create] * CONCURRENCY),
        *changes,
        *([partial(seeding.seed, services, seed, 1)] * CONCURRENCY),
    )
    assert [is_sku_taken(result) for result in results].count(False) == 1
    assert count_with_sku(services, "S") == 1


def test_subscriptions_never_exceed_the_limit(services: Services) -> None:
    numbers = count()

    def subscribe() -> object:
        new = Subscription("n", PRODUCT_UPDATED, f"https://shop.test/{next(numbers)}")
        return subscriptions.subscribe(services, OWNER, new)

    for _ in range(MAX_SUBSCRIPTIONS - 3):
        subscribe()
    results = run_concurrently(*([subscribe] * CONCURRENCY))
    assert sum(isinstance(result, errors.ValidationFailed) for result in results) == CONCURRENCY - 3
    assert len(subscriptions.list_subscriptions(services, OWNER)) == MAX_SUBSCRIPTIONS


def test_an_event_is_subscribed_to_once_per_url(services: Services) -> None:
    subscription = Subscription("n", PRODUCT_UPDATED, "https://shop.test/")
    subscribe = partial(subscriptions.subscribe, services, OWNER, subscription)
    assert len({*run_concurrently(*([subscribe] * CONCURRENCY))}) == 1
    assert len(subscriptions.list_subscriptions(services, OWNER)) == 1


def test_concurrent_changes_of_a_subscription_are_all_kept(services: Services) -> None:
    subscription = Subscription("n", PRODUCT_UPDATED, "https://shop.test/", secret="s")
    subscription_id = subscriptions.subscribe(services, OWNER, subscription)
    changes: list[dict[str, object]] = [
        {"name": "m"},
        {"event": "product.image.updated"},
        {"url": "https://other.test/"},
        {"version": 2},
        {"headers": (("x", "y"),)},
        {"secret": "t"},
    ]
    run_concurrently(
        *(partial(subscriptions.update, services, OWNER, subscription_id, each) for each in changes)
    )
    ((_, stored),) = subscriptions.list_subscriptions(services, OWNER)
    for change in changes:
        for name, value in change.items():
            assert getattr(stored, name) == value


def test_videos_of_one_product_get_distinct_positions(services: Services) -> None:
    video_url = video.parse(VIDEO_URL)
    access.issue_token(services.database, "shop1", WRITE, Millis(1000), NOW)  # that of OWNER
    attach = partial(
        videos.attach, services, OWNER, ProductId(PRODUCT), Change(default=True), video_url
    )
    results = run_concurrently(*([attach] * CONCURRENCY))
    assert all(isinstance(result, ImageView) for result in results)
    entries = [each.entry for each in products.details(services, OWNER, ProductId(PRODUCT)).images]
    assert sorted(entry.age for entry in entries) == [*range(1, CONCURRENCY + 1)]
    assert sum(entry.default for entry in entries) == 1


@pytest.fixture
def app(services: Services) -> App:
    client_id, _ = oauth.create_app(services.database, "App", [REDIRECT_URI], public=True, now=NOW)
    found = oauth.find_app(services, client_id)
    assert found is not None
    return found


def approve(services: Services, app: App, key: str) -> str | None:
    request = AuthorizationRequest(app, REDIRECT_URI, f"{WRITE} {OFFLINE_ACCESS}", None)
    return oauth.approve(services, request, "shop1", key, NOW)


def issue_code(services: Services, app: App) -> str:
    key = oauth.rotate_owner_key(services.database, "shop1", Millis(1))
    assert key is not None
    code = approve(services, app, key)
    assert code is not None
    return code


def exchange(services: Services, app: App, code: str) -> TokenPair:
    return oauth.exchange(services, app, code=code, redirect=REDIRECT_URI, verifier="", now=NOW)


def count_valid(services: Services, app: App) -> int:
    """Return the number of grants and tokens of an app that are not revoked."""
    with services.database.reading() as conn:
        of_app = select(grants.c.id).where(grants.c.app_id == app.id)
        granted = of_app.where(grants.c.revoked_at.is_(None))
        issued = select(tokens.c.id).where(
            tokens.c.grant_id.in_(of_app), tokens.c.revoked_at.is_(None)
        )
        return len(conn.execute(granted).all()) + len(conn.execute(issued).all())


def test_a_refresh_token_is_accepted_once(services: Services, app: App) -> None:
    issued = exchange(services, app, issue_code(services, app))
    assert issued.refresh is not None
    results = run_concurrently(
        *([partial(oauth.refresh, services, app, issued.refresh, "", NOW)] * CONCURRENCY)
    )
    assert sum(isinstance(result, TokenPair) for result in results) == 1
    assert sum(isinstance(result, OAuthError) for result in results) == CONCURRENCY - 1
    assert count_valid(services, app) == 0  # its second use revoked the whole grant


def test_a_code_is_redeemed_once(services: Services, app: App) -> None:
    code = issue_code(services, app)
    results = run_concurrently(*([partial(exchange, services, app, code)] * CONCURRENCY))
    assert sum(isinstance(result, TokenPair) for result in results) == 1
    assert sum(isinstance(result, OAuthError) for result in results) == CONCURRENCY - 1
    assert count_valid(services, app) == 0


def test_removing_an_app_revokes_all_grants_and_tokens(services: Services, app: App) -> None:
    key = oauth.rotate_owner_key(services.database, "shop1", Millis(1))
    assert key is not None
    codes = [approve(services, app, key) or "" for _ in range(CONCURRENCY)]
    issued = exchange(services, app, codes.pop())
    run_concurrently(
        partial(oauth.remove_app, services.database, app.client_id, NOW),
        *(partial(exchange, services, app, code) for code in codes[1:]),
        partial(oauth.refresh, services, app, issued.refresh or "", "", NOW),
        *([partial(approve, services, app, key)] * 2),
    )
    assert count_valid(services, app) == 0
    with pytest.raises(OAuthError):
        exchange(services, app, codes[0])


def test_a_token_and_its_family_are_revoked_without_a_deadlock(
    services: Services, app: App
) -> None:
    families = [exchange(services, app, issue_code(services, app)) for _ in range(3)]
    assert all(isinstance(each, TokenPair) for each in families)
    token_ids = [row.id for row in access.list_tokens(services.database)]
    results = run_concurrently(
        *(
            partial(access.revoke_token, services.database, token_id, NOW)
            for token_id in token_ids * 2
        ),
        partial(oauth.remove_app, services.database, app.client_id, NOW),
    )
    assert not [result for result in results if isinstance(result, errors.ServiceError)]
    assert count_valid(services, app) == 0


def test_a_merchant_is_reset_during_changes(services: Services) -> None:
    adapters = services.database, services.storage, services.housekeeping
    reset_merchant = partial(reset, *adapters, keep_merchants=True, merchant_code="shop1")
    access.issue_token(services.database, "shop1", WRITE, Millis(1000), NOW)  # that of OWNER
    link = video.parse(VIDEO_URL)
    add_video = partial(videos.attach, services, OWNER, ProductId(PRODUCT), Change(), link)
    subscription = Subscription("n", PRODUCT_UPDATED, "https://hooks.example/")
    results = run_concurrently(
        reset_merchant,
        *[partial(products.create, services, OWNER, "p", f"S{n}") for n in range(3)],
        *[partial(subscriptions.subscribe, services, OWNER, subscription)] * 2,
        *[add_video] * 2,
    )
    unexpected = [each for each in results if isinstance(each, Exception)]
    assert all(isinstance(each, errors.NotFound) for each in unexpected), unexpected
    assert run_concurrently(reset_merchant) == [0]
    with services.database.reading() as conn:
        query = select(func.count()).select_from(product_table)
        assert conn.scalar(query.where(product_table.c.merchant_id == OWNER.merchant_id)) == 0
