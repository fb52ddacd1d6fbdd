"""The operator's commands."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from pydantic import ValidationError

from fatrina import __version__, logs
from fatrina import app as root
from fatrina.actions import access
from fatrina.actions.clock import Clock
from fatrina.actions.sweep import Broom
from fatrina.adapters.database import Database
from fatrina.domain import errors, messages
from fatrina.domain.access import READ, SCOPES, WRITE
from fatrina.settings import Settings

_CODE: Final = re.compile(r"[A-Za-z0-9]{4,6}")
_SPAN: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_CLOCK: Final = Clock()
_LONGEST: Final = 100 * 365 * 86_400_000

cli = typer.Typer(
    name="fatrina",
    help="Fatrina keeps the pictures of a shop's products and swaps them safely and at once.\n\n"
    "Every setting can also be given in the environment as FATRINA_…; see docs/settings.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
merchant = typer.Typer(help="The shops that use this service.", no_args_is_help=True)
token = typer.Typer(help="The tokens that clients carry.", no_args_is_help=True)
cli.add_typer(merchant, name="merchant")
cli.add_typer(token, name="token")

Host = Annotated[str | None, typer.Option(help="Address to listen on. [127.0.0.1]")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one. [8000]")]
Data = Annotated[
    Path | None, typer.Option(help="Folder of the database and the pictures. [./data]")
]


@cli.command()
def serve(host: Host = None, port: Port = None, data: Data = None) -> None:
    """Serve the API and the pictures until stopped (Ctrl-C or SIGTERM; requests are finished)."""
    from fatrina import serving  # noqa: PLC0415  other commands start without it

    settings = _settings(host=host, port=port, data=data)
    logs.configure(settings.log_level)
    with _told():
        serving.serve(settings)


@cli.command("demo")
def demo_(host: Host = None, port: Port = None, data: Data = None) -> None:
    """Draw a small shop, swap pictures by file and by link before your eyes, and go on serving."""
    from fatrina import demo  # noqa: PLC0415  other commands start without it

    settings = _settings(host=host, port=port, data=data or Path("data/demo"))
    logs.configure("warning")
    with _told():
        demo.run(settings)


@merchant.command("create")
def merchant_create(
    code: Annotated[str, typer.Argument(help="4 to 6 letters and digits; part of every URL.")],
    data: Data = None,
) -> None:
    """Add a merchant."""
    if not _CODE.fullmatch(code):
        _fail(f"“{code}” is no merchant code: use 4 to 6 letters and digits, such as shop1.")
    with _database(data, make=True) as database:
        if not access.create_merchant(database, code, _CLOCK()):
            _fail(f"There is a merchant “{code}” already.")
    typer.echo(f"Merchant {code} created. Next: fatrina token create --merchant {code}", err=True)


@token.command("create")
def token_create(
    merchant: Annotated[str, typer.Option(help="The merchant's code.")],
    scope: Annotated[
        str, typer.Option(help=f"What it may do: {READ}, {WRITE}, or both with a blank between.")
    ] = WRITE,
    expires: Annotated[
        str, typer.Option(help="How long it works: a number and s, m, h, d or w, such as 14d.")
    ] = "14d",
    data: Data = None,
) -> None:
    """Print a new token. It is shown this once: only its hash is kept."""
    unknown = [each for each in scope.split() if each not in SCOPES]
    if unknown or not scope.split():
        _fail(f"“{scope}” is no scope: use {' or '.join(SCOPES)}.")
    span = _SPAN.fullmatch(expires)
    if span is None:
        _fail(f"“{expires}” is no time span: use a number and s, m, h, d or w, such as 14d.")
    milliseconds = int(span[1]) * _SECONDS[span[2]] * 1000
    if milliseconds > _LONGEST:
        _fail(f"“{expires}” is too long: a token works for 100 years at most.")
    with _database(data) as database:
        made = access.issue(database, merchant, scope, milliseconds, _CLOCK())
    if made is None:
        _fail(f"There is no merchant “{merchant}”: fatrina merchant create {merchant}")
    typer.echo(made)


@token.command("list")
def token_list(data: Data = None) -> None:
    """List the tokens: id, merchant, first letters, scope, and until when they work."""
    with _database(data) as database:
        rows = access.listed(database)
    now = _CLOCK()
    for row in rows:
        state = "works" if row.expires_at > now else "expired"
        state = "revoked" if row.revoked_at is not None else state
        until = datetime.fromtimestamp(row.expires_at / 1000, UTC).isoformat(timespec="seconds")
        typer.echo(f"{row.id}\t{row.merchant}\t{row.hint}…\t{row.scope}\t{until}\t{state}")
    if not rows:
        typer.echo("No tokens yet: fatrina token create --merchant CODE", err=True)


@token.command("revoke")
def token_revoke(
    identifier: Annotated[int, typer.Argument(metavar="ID", help="As `token list` shows it.")],
    data: Data = None,
) -> None:
    """Make a token stop working at once."""
    with _database(data) as database:
        if not access.revoke(database, identifier, _CLOCK()):
            _fail(f"There is no token {identifier} that still works; see fatrina token list.")
    typer.echo(f"Token {identifier} revoked.", err=True)


@cli.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell; delete nothing.")] = False,
    data: Data = None,
) -> None:
    """Delete pictures that were kept long enough, and what crashes left behind."""
    settings = _settings(data=data)
    begun = time.monotonic()
    seen = 0

    def progress(more: int) -> None:
        nonlocal seen
        seen += more
        if time.monotonic() - begun > 1 and sys.stderr.isatty():
            typer.echo(f"\r{seen} files looked at …", nl=False, err=True)

    with _told(), root.held(settings.data) as folder:
        arrivals = root.stranded(folder, dry_run=dry_run)
        database = folder.database()
        broom = Broom(database, folder.storage(), dry_run, progress)
        swept = broom.sweep(_CLOCK(), root.keep(settings), folder.settled())
        database.close()
    verb = "to delete" if dry_run else "deleted"
    typer.echo(f"pictures past their time {verb}: {swept.versions}")
    typer.echo(f"files no picture owns {verb}: {swept.files}")
    typer.echo(f"unfinished arrivals {verb}: {arrivals}")


@cli.command("doctor")
def doctor_(data: Data = None) -> None:
    """Check this machine and the data folder; tell what is wrong and what to do."""
    from fatrina import doctor  # noqa: PLC0415  other commands start without it

    if not doctor.examine(_settings(data=data)):
        raise typer.Exit(1)


@cli.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Answer `fatrina --version`."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    cli()


def _settings(**given: Any) -> Settings:
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as fault:
        for each in fault.errors():
            name = "FATRINA_" + "_".join(str(part) for part in each["loc"]).upper()
            typer.echo(f"{name}: {each['msg']} (it is {each['input']!r})", err=True)
        raise typer.Exit(2) from None


@contextmanager
def _database(data: Path | None, *, make: bool = False) -> Iterator[Database]:
    with _told(), root.held(_settings(data=data).data, make=make) as folder:
        database = folder.database()
        try:
            yield database
        finally:
            database.close()


@contextmanager
def _told() -> Iterator[None]:
    """Say in a line what an operator can mend; leave a trace only for our own faults."""
    try:
        yield
    except root.NotReadyError as fault:
        _fail(str(fault))
    except errors.Refusal as refusal:
        _fail(f"{messages.word(refusal, 'en')} fatrina doctor tells more.")
    except OSError as fault:
        _fail(f"{fault.strerror or fault}: {fault.filename or ''}")


def _fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(1)
