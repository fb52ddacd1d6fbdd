"""Read what seed data contains about access: tokens, owner keys, webhooks, apps."""

import re
from typing import Any, Final

from fatrina.domain import errors, messages
from fatrina.domain.access import SCOPES, WRITE
from fatrina.domain.durations import DAY
from fatrina.domain.oauth import is_allowed_redirect
from fatrina.domain.types import Millis
from fatrina.domain.webhook import Subscription
from fatrina.emulator.seed_records import SeedApp, SeedToken, SeedWebhook
from fatrina.emulator.seed_values import ValueReader
from fatrina.web.parsing import commands
from fatrina.web.parsing.forms import Form

_SECRET: Final = re.compile(r"[A-Za-z0-9._~+/=-]{8,512}")
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MAX_DAYS: Final = 36_500
_APP_NAMES: Final = ("id", "client_id", "client_secret", "name", "redirect_uris", "scopes")
_WEBHOOK_NAMES: Final = (
    "name",
    "event",
    "url",
    "version",
    "headers",
    "security_strategy",
    "secret",
)
_INVALID: Final = Subscription("", "", "")


class AccessReader(ValueReader):
    """Reads tokens, webhooks and apps."""

    def read_token(self, at: str, given: dict[str, Any]) -> SeedToken:
        """Return an access token."""
        self.check_names(at, given, ("token", "scope", "days"))
        scope, days = given.get("scope", WRITE), given.get("days", 3650)
        token = self.read_secret(f"{at}/token", given.get("token") or "")
        if not isinstance(scope, str) or not set(scope.split()) <= {*SCOPES} or not scope.split():
            self.add_problem(f"{at}/scope", f"must be one of {', '.join(SCOPES)}")
        if not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= _MAX_DAYS:
            self.add_problem(f"{at}/days", f"must be an integer from 1 to {_MAX_DAYS}")
            days = 1
        return SeedToken(str(token), str(scope), Millis(days * DAY))

    def read_secret(self, at: str, value: object) -> str | None:
        """Return a token, a key or a secret."""
        if value is None:
            return None
        if not isinstance(value, str) or not _SECRET.fullmatch(value):
            self.add_problem(at, "must be 8 or more letters, digits or ._~+/=-")
        return str(value)

    def read_webhook(self, at: str, given: dict[str, Any]) -> SeedWebhook:
        """Return a webhook; its fields are those of the endpoint Subscribe."""
        self.check_names(at, given, ("id", *_WEBHOOK_NAMES))
        subscription = _INVALID
        try:
            form = Form({name: given[name] for name in _WEBHOOK_NAMES if name in given})
            subscription = commands.parse_subscribe(form)
        except errors.ValidationFailed as exc:
            for each in exc.field_errors:
                self.add_problem(f"{at}/{each.field}", messages.render(each, "en"))
        return SeedWebhook(at, subscription, self.read_id(f"{at}/id", given.get("id"), "webhook"))

    def read_app(self, at: str, given: dict[str, Any]) -> SeedApp:
        """Return an app; without a secret, it is a public one."""
        self.check_names(at, given, _APP_NAMES)
        client_id, scopes = given.get("client_id"), given.get("scopes", [WRITE])
        uris: Any = given.get("redirect_uris")
        if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
            self.add_problem(f"{at}/client_id", "must be up to 64 letters, digits or ._-")
        if not _is_list(uris) or not all(is_allowed_redirect(str(uri)) for uri in uris):
            self.add_problem(
                f"{at}/redirect_uris", "must be a list of https URLs, or http on this machine"
            )
        if not _is_list(scopes) or not {*map(str, scopes)} <= {*SCOPES}:
            self.add_problem(f"{at}/scopes", f"must be a list of {', '.join(SCOPES)}")
        return SeedApp(
            at,
            str(client_id),
            self.read_line(f"{at}/name", given.get("name")) or str(client_id),
            [str(uri) for uri in uris] if _is_list(uris) else [],
            self.read_secret(f"{at}/client_secret", given.get("client_secret")),
            [str(scope) for scope in scopes] if _is_list(scopes) else [],
            self.read_id(f"{at}/id", given.get("id"), "app"),
        )


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)
