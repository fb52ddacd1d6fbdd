"""Install an app for a merchant without a browser: the app receives its tokens by a webhook.

On the real API this is the default mode of authorization ("easy mode").
"""

from typing import Final

from sqlalchemy import Connection

from fatrina import wire_apps
from fatrina.actions import oauth
from fatrina.adapters.database import Database, apps, deliveries, installations, tokens
from fatrina.adapters.database.apps import App
from fatrina.domain import errors
from fatrina.domain.oauth import OFFLINE_ACCESS
from fatrina.domain.types import MerchantId, Millis, ProductId
from fatrina.wire_apps import AppTokens

_NO_PRODUCT: Final = ProductId(0)
"""The events of an app concern no product; they are delivered in order."""


def install(database: Database, client_id: str, merchant_code: str, now: Millis) -> None:
    """Grant an app access to a merchant, and queue `app.installed` and `app.store.authorize`.

    If the app is installed already, its earlier grants are revoked: it receives new tokens.

    Raises:
        errors.NotFound: there is no such app or merchant.
        errors.ValidationFailed: the app has no webhook URL.
    """
    with database.writing() as tx:
        app, merchant_id = _find(tx, client_id, merchant_code)
        for grant_id in installations.list_grants(tx, app.id, merchant_id):
            apps.revoke(tx, grant_id, now)
        scope = " ".join((*app.scopes, OFFLINE_ACCESS))
        grant = apps.add_grant(tx, app.id, merchant_id, scope, now)
        pair = oauth.issue_tokens(tx, grant, scope, now)
        authorized = AppTokens(pair.access, pair.refresh or "", pair.scope)
        _enqueue(tx, app, merchant_id, now, wire_apps.INSTALLED)
        _enqueue(tx, app, merchant_id, now, wire_apps.AUTHORIZED, authorized)


def uninstall(database: Database, client_id: str, merchant_code: str, now: Millis) -> None:
    """Revoke the grants of a merchant to an app, and queue `app.uninstalled`.

    Raises:
        errors.NotFound: there is no such app or merchant, or the app is not installed.
        errors.ValidationFailed: the app has no webhook URL.
    """
    with database.writing() as tx:
        app, merchant_id = _find(tx, client_id, merchant_code)
        grant_ids = installations.list_grants(tx, app.id, merchant_id)
        if not grant_ids:
            raise errors.NotFound
        for grant_id in grant_ids:
            apps.revoke(tx, grant_id, now)
        _enqueue(tx, app, merchant_id, now, wire_apps.UNINSTALLED)


def _find(tx: Connection, client_id: str, merchant_code: str) -> tuple[App, MerchantId]:
    """Return the app and the id of the merchant; lock both rows."""
    merchant_id = tokens.find_merchant_id(tx, merchant_code)
    if merchant_id is None:
        raise errors.NotFound
    tokens.lock_merchant(tx, merchant_id)
    app = apps.find(tx, client_id, lock=True)
    if app is None:
        raise errors.NotFound
    if app.webhook_url is None:
        raise errors.ValidationFailed(errors.Required("webhook_url"))
    return app, merchant_id


def _enqueue(  # noqa: PLR0913, PLR0917  the fields of an event
    tx: Connection,
    app: App,
    merchant_id: MerchantId,
    now: Millis,
    event: str,
    authorized: AppTokens | None = None,
) -> None:
    subscription_id = installations.upsert_subscription(tx, app, merchant_id, now)
    body = wire_apps.app_event(event, merchant_id, now, app.id, app.name, app.scopes, authorized)
    deliveries.enqueue(tx, subscription_id, _NO_PRODUCT, body, now)
