"""The row locks that each action takes on PostgreSQL, and their order."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Select, event
from sqlalchemy.dialects import postgresql, sqlite

from fatrina.actions import access, galleries, oauth, products, restoring
from fatrina.actions.oauth import AuthorizationRequest
from fatrina.actions.webhooks import subscriptions
from fatrina.adapters.database.apps import App
from fatrina.domain.access import WRITE
from fatrina.domain.gallery import Change
from fatrina.domain.oauth import OFFLINE_ACCESS, OAuthError
from fatrina.domain.types import ImageId, Millis, SubscriptionId
from fatrina.domain.webhook import PRODUCT_UPDATED, Subscription
from fatrina.emulator import seeding
from fatrina.emulator.seed_records import Seed, SeedMerchant, SeedProduct
from tests.actions.store import NOW, Store, photo

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
SQLITE = sqlite.dialect()
BACK = "https://app.test/back"
KINDS = (
    "merchants",
    "apps",
    "products",
    "versions",
    "subscriptions",
    "authorization_codes",
    "grants",
)
"""The tables whose rows are locked, in the required order."""


def locked(store: Store, action: Callable[[], object]) -> list[str]:
    """Return the tables whose rows `action` locks on PostgreSQL, in order."""
    seen: list[str] = []

    def note(_: object, statement: Any, *__: object) -> None:
        if not isinstance(statement, Select):
            return
        rendered = str(statement.compile(dialect=POSTGRESQL))
        assert " FOR " not in str(statement.compile(dialect=SQLITE))
        found = re.search(r" FOR NO KEY UPDATE(?: OF ([a-z_, ]+))?$", rendered)
        assert (" FOR " in rendered) == (found is not None), rendered
        if found:
            seen.extend((found[1] or re.findall(r"FROM ([a-z_]+)", rendered)[-1]).split(", "))

    writer = store.services.database.engines[-1]
    event.listen(writer, "before_execute", note)
    try:
        action()
    finally:
        event.remove(writer, "before_execute", note)
    order = [KINDS.index(each) for each in seen if each != "refresh_tokens"]
    assert order == sorted(order), seen
    return seen


@pytest.fixture
def app(store: Store) -> App:
    client_id, _ = oauth.create_app(store.services.database, "App", [BACK], public=True, now=NOW)
    found = oauth.find_app(store.services, client_id)
    assert found is not None
    return found


def approve(store: Store, app: App) -> str:
    key = oauth.rotate_owner_key(store.services.database, "shop1", Millis(1))
    assert key is not None
    asked = AuthorizationRequest(app, BACK, f"{WRITE} {OFFLINE_ACCESS}", None)
    code = oauth.approve(store.services, asked, "shop1", key, NOW)
    assert code is not None
    return code


def exchange(store: Store, app: App, code: str) -> oauth.TokenPair:
    return oauth.exchange(store.services, app, code=code, redirect=BACK, verifier="", now=NOW)


def test_images(store: Store) -> None:
    image = 0

    def attach() -> None:
        nonlocal image
        image = store.attach(photo(1)).entry.id

    assert locked(store, attach) == ["products"]
    assert locked(store, lambda: store.update(ImageId(image), photo(2))) == ["products"]
    assert locked(store, lambda: store.update(ImageId(image), None, Change(alt="x"))) == [
        "products"
    ]
    services, caller, product = store.services, store.caller, store.product
    image_id = ImageId(image)
    assert locked(store, lambda: galleries.check_image(services, caller, image_id)) == []
    assert locked(store, lambda: galleries.reorder(services, caller, product, [image_id])) == [
        "products"
    ]
    assert locked(store, lambda: restoring.restore_version(services, caller, image_id, 1)) == [
        *("products", "versions")
    ]
    assert locked(store, lambda: store.remove(image_id)) == ["products"]
    assert locked(store, lambda: restoring.restore_image(services, caller, image_id)) == [
        *("products", "versions")
    ]
    assert locked(store, store.attach_video) == ["products"]


def test_products(store: Store) -> None:
    services, caller, product = store.services, store.caller, store.product
    create = locked(store, lambda: products.create(services, caller, "Vase", "V"))
    assert create == ["merchants"]
    rename = locked(store, lambda: products.update(services, caller, product, "Lamp 2", None))
    assert rename == ["products"]
    sku = locked(store, lambda: products.update(services, caller, product, None, "L"))
    assert sku == ["merchants", "products"]
    assert locked(store, lambda: products.remove(services, caller, product)) == ["products"]
    seed = Seed([SeedMerchant("/", "shop1", products=[SeedProduct("/", "Vase", "W")])])
    assert locked(store, lambda: seeding.seed(services, seed, 1))[:1] == ["merchants"]


def test_subscriptions(store: Store) -> None:
    wanted = Subscription("n", PRODUCT_UPDATED, "https://store.test/")
    number = 0

    def subscribe() -> None:
        nonlocal number
        number = subscriptions.subscribe(store.services, store.caller, wanted)

    assert locked(store, subscribe) == ["merchants"]
    change = locked(
        store,
        lambda: subscriptions.update(
            store.services, store.caller, SubscriptionId(number), {"name": "m"}
        ),
    )
    assert change == ["subscriptions"]


def test_apps(store: Store, app: App) -> None:
    database, code = store.services.database, ""

    def approved() -> None:
        nonlocal code
        code = approve(store, app)

    assert locked(store, approved) == ["apps"]
    issued = oauth.TokenPair("", "", "")

    def exchanged() -> None:
        nonlocal issued
        issued = exchange(store, app, code)

    assert locked(store, exchanged) == ["apps", "authorization_codes"]
    refresh = locked(
        store, lambda: oauth.refresh(store.services, app, issued.refresh or "", "", NOW)
    )
    assert refresh == ["apps", "grants", "refresh_tokens"]
    assert locked(store, lambda: oauth.remove_app(database, app.client_id, NOW)) == ["apps"]


def test_app_removed_after_authentication_gets_no_tokens(store: Store, app: App) -> None:
    database, used, unused = store.services.database, approve(store, app), approve(store, app)
    issued = exchange(store, app, used)
    assert oauth.remove_app(database, app.client_id, NOW)
    for action in (
        lambda: approve(store, app),
        lambda: exchange(store, app, unused),
        lambda: oauth.refresh(store.services, app, issued.refresh or "", "", NOW),
    ):
        with pytest.raises(OAuthError) as refused:
            action()
        assert refused.value.error == "invalid_client"
    assert not [
        row for row in access.list_tokens(database) if row.id > 1 and row.revoked_at is None
    ]
