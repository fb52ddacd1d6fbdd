"""Sessions of the console: sign in by the owner key or by a link that works once, extend, end.

Sessions and links are rows of `tokens`, so listing, revocation, dumps and resets include them.
"""

from hmac import compare_digest
from typing import NamedTuple

from sqlalchemy import Connection

from fatrina.actions import Services
from fatrina.actions import access as token_actions
from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.adapters.database import Database, apps, tokens
from fatrina.domain import access, errors, session
from fatrina.domain.access import Caller
from fatrina.domain.types import MerchantId, Millis


class SessionView(NamedTuple):
    """A session as its user sees it."""

    merchant_code: str
    store_name: str
    expires_at: Millis


def create_link(database: Database, merchant_code: str, now: Millis) -> str | None:
    """Return the secret of a new sign-in link; None if no merchant has this code."""
    secret = random_text(SECRET_LENGTH)
    _, row = token_actions.build_token("", Millis(session.LINK_MS), now, session.link_token(secret))
    with database.writing() as tx:
        merchant_id = tokens.find_merchant_id(tx, merchant_code)
        if merchant_id is None:
            return None
        tokens.add(tx, merchant_id, row | {"hint": session.LINK_HINT})
    return secret


def sign_in_by_key(services: Services, merchant_code: str, key: str) -> str:
    """Create a session and return the secret of its cookie.

    Raises:
        errors.SignInFailed: the merchant does not exist, or the owner key is wrong.
    """
    with services.database.writing() as tx:
        found = apps.find_owner_key(tx, merchant_code)
        if found is None or not compare_digest(found[1] or "", access.hash_token(key)):
            raise errors.SignInFailed
        return _create(tx, found[0], services.clock())


def sign_in_by_link(services: Services, secret: str) -> str:
    """Create a session and return the secret of its cookie; the link does not work again.

    Raises:
        errors.SignInLinkInvalid: the link is unknown, expired or used.
    """
    now = services.clock()
    with services.database.writing() as tx:
        link = tokens.find_caller(tx, access.hash_token(session.link_token(secret)), now)
        # Of several concurrent uses, one revokes the link.
        if link is None or not tokens.revoke(tx, link.token_id, now):
            raise errors.SignInLinkInvalid
        return _create(tx, link.merchant_id, now)


def extend(services: Services, token: str) -> SessionView:
    """Extend the session with this access token, because it is in use, and return it.

    Raises:
        errors.InvalidToken: there is no such session, or it has ended.
    """
    caller = _authenticate(services, token)
    now = services.clock()
    expires_at = session.extended_expiry(Millis(caller.token_created_at), now)
    with services.database.writing() as tx:
        if not tokens.extend(tx, caller.token_id, expires_at):
            raise errors.InvalidToken
    identity = token_actions.identify(services, caller)
    return SessionView(caller.merchant_code, identity.merchant.profile.name, expires_at)


def end(services: Services, token: str) -> None:
    """End the session with this access token, if it exists.

    Raises:
        errors.InvalidToken: there is no such session, or it has ended.
    """
    caller = _authenticate(services, token)
    with services.database.writing() as tx:
        tokens.revoke(tx, caller.token_id, services.clock())


def _authenticate(services: Services, token: str) -> Caller:
    if not session.is_session(token):
        raise errors.InvalidToken
    return token_actions.authenticate(services, token)


def _create(tx: Connection, merchant_id: MerchantId, now: Millis) -> str:
    secret = random_text(SECRET_LENGTH)
    lifetime = Millis(session.IDLE_MS)
    _, row = token_actions.build_token(access.WRITE, lifetime, now, session.session_token(secret))
    tokens.add(tx, merchant_id, row | {"hint": session.SESSION_HINT})
    return secret
