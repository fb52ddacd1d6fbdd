"""`fatrina token`: access tokens of API clients."""

import re
from typing import Annotated, Final

import typer

from fatrina.actions import access
from fatrina.adapters.database.tokens import TokenRow
from fatrina.cli.common import CLOCK, DataOption, fail, open_database
from fatrina.cli.help import command_group
from fatrina.cli.tables import JsonOption, format_time, print_rows
from fatrina.domain.access import READ, SCOPES, WRITE
from fatrina.domain.durations import DAY
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.types import Millis, TokenId

_DURATION_PATTERN: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MAX_MILLISECONDS: Final = 100 * 365 * DAY

token = command_group("Manage the access tokens of API clients.")


@token.command("create")
def token_create(
    merchant: Annotated[str, typer.Option(help="The merchant's code.")],
    scope: Annotated[
        str, typer.Option(help=f"Scope: {READ}, {WRITE}, or both separated by a space.")
    ] = WRITE,
    expires: Annotated[
        str, typer.Option(help="Lifetime: a number and s, m, h, d or w, such as 14d.")
    ] = "14d",
    data: DataOption = None,
) -> None:
    """Print a new token. It is only shown now: the database stores its hash."""
    unknown = [each for each in scope.split() if each not in SCOPES]
    if unknown or not scope.split():
        fail(f"“{scope}” is not a valid scope: use {' or '.join(SCOPES)}.")
    duration = _DURATION_PATTERN.fullmatch(expires)
    if duration is None:
        fail(f"“{expires}” is not a valid duration: use a number and s, m, h, d or w, such as 14d.")
    milliseconds = int(duration[1]) * _UNIT_SECONDS[duration[2]] * 1000
    if milliseconds > _MAX_MILLISECONDS:
        fail(f"“{expires}” is too long: the maximum is 100 years.")
    with open_database(data) as database:
        token = access.issue_token(database, merchant, scope, Millis(milliseconds), CLOCK())
    if token is None:
        fail(f"There is no merchant “{merchant}”: fatrina merchant create {merchant}")
    typer.echo(token)


@token.command("list")
def token_list(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List the tokens with their first characters, which identify them."""
    with open_database(data) as database:
        rows = access.list_tokens(database)
    now = CLOCK()
    columns = ("id", "merchant", "token", "scope", "created", "expires", "state")
    listed = [
        {
            "id": row.id,
            "merchant": row.merchant_code,
            "token": f"{row.hint}…",
            "scope": row.scope,
            "created": format_time(row.created_at),
            "expires": format_time(row.expires_at),
            "state": _state(row, now),
        }
        for row in rows
    ]
    empty = "No tokens yet: fatrina token create --merchant CODE"
    print_rows(listed, columns, as_json=as_json, empty=empty)


def _state(row: TokenRow, now: Millis) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "valid" if row.expires_at > now else "expired"


@token.command("revoke")
def token_revoke(
    identifier: Annotated[
        int,
        typer.Argument(metavar="ID", min=1, max=MAX_INT32, help="From `token list`."),
    ],
    data: DataOption = None,
) -> None:
    """Revoke a token at once."""
    with open_database(data, reserve=True) as database:
        if not access.revoke_token(database, TokenId(identifier), CLOCK()):
            fail(f"There is no token {identifier} that is not revoked; see fatrina token list.")
    typer.echo(f"Token {identifier} revoked.", err=True)
