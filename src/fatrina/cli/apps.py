"""`fatrina app`: the OAuth apps to which merchants can grant access."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from fatrina.actions import oauth
from fatrina.cli.common import CLOCK, DataOption, fail, open_database
from fatrina.cli.help import command_group
from fatrina.cli.tables import JsonOption, format_time, print_rows
from fatrina.domain import errors, messages, text
from fatrina.domain.access import SCOPES, WRITE
from fatrina.domain.oauth import is_allowed_redirect

_MAX_NAME_LENGTH = 100
app = command_group("Manage the apps to which merchants can grant access (OAuth 2.0).")


@app.command("create")
def app_create(
    name: Annotated[str, typer.Option(help="Name shown to merchants.")],
    redirect: Annotated[
        list[str],
        typer.Option(
            help="Redirect URI: https, or http on this machine. Can be repeated; an authorization "
            "request must use exactly one of them."
        ),
    ],
    scope: Annotated[
        list[str],
        typer.Option(
            help=f"Scope that merchants grant to the app: {' or '.join(SCOPES)}. Can be repeated; "
            "an authorization request without one of these scopes gets all of them."
        ),
    ] = [WRITE],  # noqa: B006  typer copies it
    public: Annotated[
        bool, typer.Option("--public", help="The app cannot keep a secret: it must use PKCE.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Register an app; print its client id and secret. The secret is only shown now."""
    for uri in redirect:
        if not is_allowed_redirect(uri):
            fail(f"“{uri}” is not a valid redirect URI: use https, or http://127.0.0.1 for tests.")
    for each in scope:
        if each not in SCOPES:
            fail(f"“{each}” is not a scope: use {' or '.join(SCOPES)}.")
    try:
        name = text.normalize_line("name", name, _MAX_NAME_LENGTH)
    except errors.FieldError as exc:
        fail(messages.render(exc, "en"))
    if not name:
        fail("The name is empty: use a name that merchants recognize.")
    with open_database(data, create=True) as database:
        client_id, secret = oauth.create_app(
            database, name, redirect, scopes=scope, public=public, now=CLOCK()
        )
    typer.echo(f"client_id={client_id}")
    if secret is not None:
        typer.echo(f"client_secret={secret}")
    typer.echo("Next: fatrina merchant key CODE, then open /oauth2/auth in a browser.", err=True)


@app.command("list")
def app_list(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List the apps."""
    with open_database(data) as database:
        rows = oauth.list_apps(database)
    apps = [
        {
            "client_id": row.client_id,
            "type": "public" if row.secret_hash is None else "confidential",
            "name": row.name,
            "redirect_uris": [*row.redirect_uris],
            "scopes": [*row.scopes],
            "created": format_time(row.created_at),
        }
        for row in rows
    ]
    columns = ("client_id", "type", "created", "name", "redirect_uris", "scopes")
    empty = "No apps yet: fatrina app create --name NAME --redirect URL"
    print_rows(apps, columns, as_json=as_json, empty=empty)


class _Remove(TyperCommand):
    """A command whose only short option is `-h`, alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; a client id that begins with `-h` is an argument."""
        return super().parse_args(ctx, ["--help"] if args == ["-h"] else args)


# A client id of an earlier version may begin with "-": parse it as an argument, not as an option.
@app.command(
    "remove",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    cls=_Remove,
)
def app_remove(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="From `app list`.")],
    data: DataOption = None,
) -> None:
    """Remove an app; all of its tokens are revoked at once."""
    with open_database(data, reserve=True) as database:
        if not oauth.remove_app(database, client_id, CLOCK()):
            fail(f"There is no app “{client_id}”; see fatrina app list.")
    typer.echo(f"App {client_id} removed, and its grants and tokens are revoked.", err=True)
