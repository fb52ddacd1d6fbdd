"""Create what a seed contains about access: merchants, tokens, owner keys, webhooks, apps."""

from collections.abc import Sequence

from sqlalchemy import Connection

from fatrina.actions import access
from fatrina.adapters.database import apps, tokens, webhooks
from fatrina.adapters.database.apps import App
from fatrina.domain import errors
from fatrina.domain.access import hash_token
from fatrina.domain.types import AppId, MerchantId, Millis, SubscriptionId
from fatrina.emulator.seed_records import SeedApp, SeedError, SeedMerchant, SeedWebhook


def find_or_add_merchant(conn: Connection, merchant: SeedMerchant, now: Millis) -> MerchantId:
    """Return the id of the merchant with this code; insert it if it does not exist.

    Raises:
        errors.ValidationFailed: the requested id is that of another merchant, or the merchant
            has another id.
    """
    merchant_id = tokens.find_merchant_id(conn, merchant.code)
    wanted = None if merchant.id is None else MerchantId(merchant.id)
    if merchant_id is None:
        if wanted is not None and tokens.find_details(conn, wanted) is not None:
            raise errors.ValidationFailed(errors.IdTaken("id", id=wanted))
        return tokens.add_merchant(conn, merchant.code, now, merchant.plan, wanted)
    if wanted not in {None, merchant_id}:
        raise errors.ValidationFailed(errors.IdTaken("id", id=wanted or 0))
    return merchant_id


def upsert_tokens(
    conn: Connection, merchant_id: MerchantId, merchant: SeedMerchant, now: Millis
) -> None:
    """Insert or update the tokens of a merchant, and set its owner key."""
    for token in merchant.tokens:
        _, row = access.build_token(token.scope, token.lifetime, now, token.text)
        tokens.upsert(conn, merchant_id, row)
    if merchant.owner_key is not None:
        apps.set_owner_key(conn, merchant.code, hash_token(merchant.owner_key))


def add_webhook(
    conn: Connection, merchant_id: MerchantId, webhook: SeedWebhook, now: Millis
) -> SubscriptionId:
    """Insert a subscription and return its id.

    Raises:
        errors.ValidationFailed: its id is taken.
    """
    wanted = None if webhook.id is None else SubscriptionId(webhook.id)
    if wanted is not None and webhooks.exists(conn, wanted):
        raise errors.ValidationFailed(errors.IdTaken("id", id=wanted))
    return webhooks.add(conn, merchant_id, webhook.subscription, now, wanted)


def upsert_apps(conn: Connection, seed_apps: Sequence[SeedApp], now: Millis) -> None:
    """Insert apps, or update those whose client ids exist.

    Raises:
        SeedError: an id is taken.
    """
    for each in seed_apps:
        secret_hash = None if each.client_secret is None else hash_token(each.client_secret)
        app = App(
            id=AppId(each.id or 0),
            client_id=each.client_id,
            name=each.name,
            secret_hash=secret_hash,
            redirect_uris=tuple(each.redirect_uris),
            scopes=tuple(each.scopes),
        )
        if not apps.upsert(conn, app, now):
            error = errors.ValidationFailed(errors.IdTaken("id", id=each.id or 0))
            raise SeedError(each.pointer, error)
