"""Seeds with apps, owner keys, webhooks and ids for everything, and photos that are equal."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from fatrina.actions import oauth, rendering
from fatrina.actions.oauth import AuthorizationRequest
from fatrina.adapters.database import tokens, webhooks
from fatrina.domain.types import MerchantId, Millis, SubscriptionId
from fatrina.emulator import seeding
from fatrina.emulator.seed_file import SeedFileError, read
from fatrina.emulator.seed_records import SeedError
from fatrina.testing import inline_files
from tests.actions.store import Store, photo

REDIRECT = "http://127.0.0.1:9000/callback"
APP: dict[str, Any] = {
    "id": 5,
    "client_id": "my-app",
    "client_secret": "a-secret-by-heart",
    "name": "Mine",
    "redirect_uris": [REDIRECT],
}
WEBHOOK = {"id": 31, "name": "n", "event": "product.updated", "url": "https://hooks.example/x"}


def run_seed(store: Store, *merchants: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return seeding.seed(store.services, read({"merchants": [*merchants], **more}), 2)


def test_a_seed_has_apps_owner_keys_and_webhooks(store: Store) -> None:
    merchant = {"code": "shop7", "id": 700, "owner_key": "the-key-of-shop7", "webhooks": [WEBHOOK]}
    (created,) = run_seed(store, merchant, apps=[APP])
    assert created == {"code": "shop7", "id": 700, "products": [], "webhooks": [31]}
    app = oauth.authenticate(store.services, "my-app", "a-secret-by-heart")
    assert (app.id, app.name, app.redirect_uris) == (5, "Mine", (REDIRECT,))
    request = AuthorizationRequest(app, REDIRECT, "products.read", None)
    now = store.services.clock()
    assert oauth.approve(store.services, request, "shop7", "another-key", now) is None
    assert oauth.approve(store.services, request, "shop7", "the-key-of-shop7", now)
    with store.services.database.reading() as conn:
        subscription = webhooks.find(conn, MerchantId(700), SubscriptionId(31))
    assert subscription is not None
    assert subscription.url == WEBHOOK["url"]


def test_new_rows_get_ids_above_the_seeded_ones(store: Store) -> None:
    run_seed(store, {"code": "shop7", "id": 700, "webhooks": [WEBHOOK]}, apps=[APP])
    with store.services.database.writing() as tx:
        assert tokens.add_merchant(tx, "shop8", Millis(1)) > 700
    (created,) = run_seed(store, {"code": "shop9", "webhooks": [{**WEBHOOK, "id": None}]})
    assert created["webhooks"][0] > 31
    client_id, _ = oauth.create_app(
        store.services.database, "b", [REDIRECT], public=True, now=Millis(1)
    )
    found = oauth.find_app(store.services, client_id)
    assert found is not None
    assert found.id > 5


def test_an_app_that_exists_is_updated(store: Store) -> None:
    run_seed(store, apps=[APP])
    public = {name: value for name, value in APP.items() if name not in {"client_secret", "id"}}
    run_seed(store, apps=[public | {"name": "New", "scopes": ["products.read"]}])
    (app,) = [each for each in oauth.list_apps(store.services.database) if each.id == 5]
    assert (app.name, app.secret_hash, app.scopes) == ("New", None, ("products.read",))
    oauth.remove_app(store.services.database, "my-app", Millis(9))
    run_seed(store, apps=[APP])
    assert oauth.authenticate(store.services, "my-app", "a-secret-by-heart").id == 5


@pytest.mark.parametrize(
    ("merchant", "apps", "pointer"),
    [
        ({"code": "shop9", "id": 700}, [], "/merchants/0"),
        ({"code": "shop7", "id": 701}, [], "/merchants/0"),
        ({"code": "shop9", "webhooks": [WEBHOOK]}, [], "/merchants/0/webhooks/0"),
        ({"code": "shop9"}, [{**APP, "client_id": "other"}], "/apps/0"),
        ({"code": "shop9"}, [{**APP, "id": 6}], "/apps/0"),
    ],
)
def test_a_taken_id_is_rejected(
    store: Store, merchant: dict[str, Any], apps: list[dict[str, Any]], pointer: str
) -> None:
    run_seed(store, {"code": "shop7", "id": 700, "webhooks": [WEBHOOK]}, apps=[APP])
    with pytest.raises(SeedError) as raised:
        run_seed(store, merchant, apps=apps)
    assert raised.value.pointer == pointer
    with store.services.database.reading() as conn:
        assert tokens.find_merchant_id(conn, "shop9") is None


def test_all_problems_of_access_are_reported() -> None:
    webhook = {"id": 0, "event": "product.moved", "url": "nowhere", "colour": "red"}
    app = {"client_id": "a b", "redirect_uris": [], "scopes": ["orders.read"], "secret": "x"}
    merchant = {"code": "shop7", "id": "x", "owner_key": "short", "webhooks": [webhook]}
    with pytest.raises(SeedFileError) as raised:
        read({"merchants": [merchant], "apps": [app], "shops": []})
    assert {problem.partition(":")[0] for problem in raised.value.problems} == {
        "/shops",
        "/merchants/0/id",
        "/merchants/0/owner_key",
        "/merchants/0/webhooks/0/colour",
        "/merchants/0/webhooks/0/event",
        "/merchants/0/webhooks/0/id",
        "/merchants/0/webhooks/0/name",
        "/merchants/0/webhooks/0/url",
        "/apps/0/client_id",
        "/apps/0/redirect_uris",
        "/apps/0/scopes",
        "/apps/0/secret",
    }


def test_equal_photos_are_decoded_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    decode = rendering._decode_once

    def count(*args: Any, **kwargs: Any) -> Any:
        decoded.append(1)
        return decode(*args, **kwargs)

    monkeypatch.setattr(rendering, "_decode_once", count)
    first, second = (b64encode(photo(seed)).decode() for seed in (71, 72))
    images = [{"data": first, "alt": "a"}, {"data": second}, {"data": first, "alt": "b"}]
    products = [{"name": "p", "images": images}, {"name": "q", "images": images[:1]}]
    created = run_seed(
        store, {"code": "shop7", "products": products}, {"code": "shop8", "products": products}
    )
    assert len(decoded) == 2
    ids = [image for each in created for product in each["products"] for image in product["images"]]
    assert len(set(ids)) == 8
    keys = store.stored_keys()
    assert len(keys) == 8 * 4
    by_content: dict[bytes, int] = {}
    for key in keys:
        blob = store.services.storage.open(key)
        content = b"".join(blob.chunks(0, blob.size))
        blob.close()
        by_content[content] = by_content.get(content, 0) + 1
    assert (min(by_content.values()), max(by_content.values()) >= 6) == (2, True)
    assert not store.services.spool.count_leftovers()


def test_files_are_inlined_to_be_sent(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(photo(1))
    image = {"file": "a.png", "alt": "x"}
    value = {"merchants": [{"code": "shop7", "products": [{"name": "p", "images": [image]}]}]}
    sent = inline_files(value, tmp_path)
    (image_sent,) = sent["merchants"][0]["products"][0]["images"]
    assert image_sent == {"alt": "x", "data": b64encode(photo(1)).decode()}
    assert image == {"file": "a.png", "alt": "x"}
    assert read(json.loads(json.dumps(sent))).count_photos() == 1
