"""`fatrina app`: the apps that merchants may let in."""

from typing import Annotated

import typer

from fatrina.actions import oauth
from fatrina.cli.common import CLOCK, DataOption, fail, open_database
from fatrina.domain import errors, messages, text
from fatrina.domain.oauth import is_allowed_redirect

_MAX_NAME_LENGTH = 100
app = typer.Typer(help="The apps that merchants may let in, by OAuth 2.0.", no_args_is_help=True)


@app.command("create")
def app_create(
    name: Annotated[str, typer.Option(help="What merchants see it is called.")],
    redirect: Annotated[
        list[str],
        typer.Option(
            help="Where merchants are sent back to: https, or http on this machine. May come "
            "several times; an app has to name exactly one of them."
        ),
    ],
    public: Annotated[
        bool, typer.Option("--public", help="It can keep no secret: it must use PKCE.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Register an app; print its client id and secret. The secret is shown this once."""
    for uri in redirect:
        if not is_allowed_redirect(uri):
            fail(f"“{uri}” is no place to send merchants: use https, or http://127.0.0.1 to try.")
    try:
        name = text.line("name", name, _MAX_NAME_LENGTH)
    except errors.FieldError as exc:
        fail(messages.render(exc, "en"))
    if not name:
        fail("An app needs a name that merchants know it by.")
    with open_database(data, make=True) as database:
        client_id, secret = oauth.create_app(database, name, redirect, public=public, now=CLOCK())
    typer.echo(f"client_id={client_id}")
    if secret is not None:
        typer.echo(f"client_secret={secret}")
    typer.echo("Next: fatrina merchant key CODE, then open /oauth2/auth in a browser.", err=True)


@app.command("list")
def app_list(data: DataOption = None) -> None:
    """List the apps: client id, kind, name, and where they send merchants back to."""
    with open_database(data) as database:
        rows = oauth.list_apps(database)
    for row in rows:
        kind = "public" if row.secret_hash is None else "confidential"
        typer.echo(f"{row.client_id}\t{kind}\t{row.name}\t{' '.join(row.redirect_uris)}")
    if not rows:
        typer.echo("No apps yet: fatrina app create --name NAME --redirect URL", err=True)


# A client id of an earlier version may begin with "-": it is an argument, not an unknown option.
@app.command("remove", context_settings={"ignore_unknown_options": True})
def app_remove(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="As `app list` shows it.")],
    data: DataOption = None,
) -> None:
    """Take an app away: all of its tokens stop working at once."""
    with open_database(data, reserve=True) as database:
        if not oauth.remove_app(database, client_id, CLOCK()):
            fail(f"There is no app “{client_id}”; see fatrina app list.")
    typer.echo(f"App {client_id} removed, and all it was granted.", err=True)
