"""`fatrina app`: the OAuth apps to which merchants can grant access."""

from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from fatrina.actions import installation, oauth
from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.cli.common import CLOCK, DataOption, fail, open_database
from fatrina.cli.help import command_group
from fatrina.cli.tables import JsonOption, format_time, print_rows
from fatrina.domain import errors, link, messages, text
from fatrina.domain.access import SCOPES, WRITE
from fatrina.domain.oauth import is_allowed_redirect

_MAX_NAME_LENGTH = 100
app = command_group("Manage the apps to which merchants can grant access (OAuth 2.0).")


@app.command("create")
def app_create(  # noqa: PLR0913, PLR0917  the options of the command
    name: Annotated[str, typer.Option(help="Name shown to merchants.")],
    redirect: Annotated[
        list[str],
        typer.Option(
            help="Redirect URI: https, or http on this machine. Can be repeated; an authorization "
            "request must use exactly one of them."
        ),
    ] = [],  # noqa: B006  typer copies it
    webhook_url: Annotated[
        str, typer.Option(help="URL at which the app receives its own events, with its tokens.")
    ] = "",
    webhook_secret: Annotated[
        str, typer.Option(help="Secret that signs these events. [a random one]")
    ] = "",
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
    _check_uris(redirect, webhook_url)
    _check_scopes(scope)
    name = _check_name(name)
    webhook = _parse_webhook(webhook_url, webhook_secret)
    with open_database(data, create=True) as database:
        client_id, secret = oauth.create_app(
            *(database, name, redirect),
            scopes=scope,
            public=public,
            webhook=webhook,
            now=CLOCK(),
        )
    typer.echo(f"client_id={client_id}")
    if secret is not None:
        typer.echo(f"client_secret={secret}")
    if webhook is not None:
        typer.echo(f"webhook_secret={webhook[1]}")
        typer.echo(f"Next: fatrina app install {client_id} --merchant CODE", err=True)
    if redirect:
        typer.echo(
            "Next: fatrina merchant key CODE, then open /oauth2/auth in a browser.", err=True
        )


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


@app.command("install", context_settings={"ignore_unknown_options": True})
def app_install(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="From `app list`.")],
    merchant: Annotated[str, typer.Option(help="Code of the merchant.")],
    data: DataOption = None,
) -> None:
    """Install an app for a merchant without a browser: it receives its tokens by its webhook.

    The service delivers the events app.installed and app.store.authorize, signed with the secret
    of the app's webhook. An app that is installed already receives new tokens.
    """
    with open_database(data) as database:
        try:
            installation.install(database, client_id, merchant, CLOCK())
        except (errors.NotFound, errors.ValidationFailed) as exc:
            _fail_installation(exc, client_id, merchant)
    typer.echo(f"App {client_id} is installed for {merchant}.", err=True)
    typer.echo("Its events app.installed and app.store.authorize will be delivered.", err=True)


@app.command("uninstall", context_settings={"ignore_unknown_options": True})
def app_uninstall(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="From `app list`.")],
    merchant: Annotated[str, typer.Option(help="Code of the merchant.")],
    data: DataOption = None,
) -> None:
    """Uninstall an app for a merchant: its tokens are revoked, and it receives app.uninstalled."""
    with open_database(data, reserve=True) as database:
        try:
            installation.uninstall(database, client_id, merchant, CLOCK())
        except (errors.NotFound, errors.ValidationFailed) as exc:
            _fail_installation(exc, client_id, merchant)
    typer.echo(f"App {client_id} is uninstalled for {merchant}.", err=True)


def _check_uris(redirects: list[str], webhook_url: str) -> None:
    if not redirects and not webhook_url:
        fail("The app cannot receive tokens: use --redirect, or --webhook-url for app install.")
    for uri in redirects:
        if not is_allowed_redirect(uri):
            fail(f"“{uri}” is not a valid redirect URI: use https, or http://127.0.0.1 for tests.")


def _check_scopes(scopes: list[str]) -> None:
    for each in scopes:
        if each not in SCOPES:
            fail(f"“{each}” is not a scope: use {' or '.join(SCOPES)}.")


def _check_name(name: str) -> str:
    try:
        name = text.normalize_line("name", name, _MAX_NAME_LENGTH)
    except errors.FieldError as exc:
        fail(messages.render(exc, "en"))
    return name or fail("The name is empty: use a name that merchants recognize.")


def _parse_webhook(url: str, secret: str) -> tuple[str, str] | None:
    if not url:
        return None
    try:
        webhook_url = str(link.parse(url))
        return webhook_url, text.validate("secret", secret, _MAX_NAME_LENGTH) or random_text(
            SECRET_LENGTH
        )
    except errors.FieldError as exc:
        fail(messages.render(exc, "en"))


def _fail_installation(exc: errors.ServiceError, client_id: str, merchant: str) -> NoReturn:
    if isinstance(exc, errors.NotFound):
        fail(
            f"There is no app “{client_id}” or no merchant “{merchant}”, or the app is not "
            "installed; see fatrina app list and fatrina merchant list."
        )
    fail(f"App {client_id} has no webhook: create one with fatrina app create --webhook-url URL.")
