"""Command line: the commands of the service itself; each group has its own module."""

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from fatrina import __version__, logs
from fatrina import app as root
from fatrina.actions.sweep import Sweeper
from fatrina.cli.apps import app
from fatrina.cli.common import (
    CLOCK,
    DataOption,
    HostOption,
    PortOption,
    exit_on_error,
    load_settings,
)
from fatrina.cli.console import console
from fatrina.cli.data import dump, migrate, reset, restore, seed
from fatrina.cli.faults import faults, requests
from fatrina.cli.help import Group, add_examples
from fatrina.cli.merchants import merchant
from fatrina.cli.serving import serve
from fatrina.cli.tls import tls
from fatrina.cli.tokens import token
from fatrina.cli.webhooks import webhook
from fatrina.data_directory import clean_incoming, lock_data_directory, open_shared

cli = typer.Typer(
    name="fatrina",
    help="Fatrina stores the product images of online stores and replaces them safely.\n\n"
    "Settings are read from environment variables FATRINA_…; see docs/settings.md.",
    no_args_is_help=True,
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
cli.add_typer(merchant, name="merchant")
cli.add_typer(token, name="token")
cli.add_typer(app, name="app")
cli.add_typer(webhook, name="webhook")
cli.add_typer(faults, name="fault")
cli.command("requests")(requests)
for command in (console, migrate, seed, reset, dump, restore):
    cli.command()(command)

cli.command()(serve)
cli.command()(tls)


@cli.command("demo")
def demo_(host: HostOption = None, port: PortOption = None, data: DataOption = None) -> None:
    """Create a sample store, replace photos by file and by link, then serve until stopped."""
    from fatrina import demo  # noqa: PLC0415  other commands start without it

    settings = load_settings(host=host, port=port, data=data or Path("data/demo"))
    logs.configure("warning")
    with exit_on_error():
        demo.run(settings)


@cli.command()
def sweep(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only report; delete nothing.")
    ] = False,
    trust_clock: Annotated[
        bool,
        typer.Option(
            "--trust-clock", help="Delete even if nothing was recorded in the last eight days."
        ),
    ] = False,
    data: DataOption = None,
) -> None:
    """Delete replaced images after their retention time, and files that crashes left."""
    settings = load_settings(data=data)
    started = time.monotonic()
    checked = 0

    def progress(more: int) -> None:
        nonlocal checked
        checked += more
        if time.monotonic() - started > 1 and sys.stderr.isatty():
            typer.echo(f"\r{checked} files checked …", nl=False, err=True)

    with exit_on_error(), ExitStack() as lock:
        directory = lock.enter_context(lock_data_directory(settings))
        unfinished = clean_incoming(directory, dry_run=dry_run)
        if dry_run:  # only reads, so a server may start meanwhile
            lock.close()
            directory = open_shared(settings)
        else:
            lock.enter_context(directory.reserve().release())
        with directory.open_database() as database:
            sweeper = Sweeper(
                database,
                directory.storage(),
                directory.housekeeping(database),
                dry_run,
                progress,
                trust_clock,
            )
            result = sweeper.sweep(CLOCK(), root.retention_ms(settings))
    verb = "to delete" if dry_run else "deleted"
    typer.echo(f"expired images {verb}: {result.versions}")
    typer.echo(f"orphaned files {verb}: {result.files}")
    if result.skipped:
        typer.echo(f"files not checked, because updates were always in progress: {result.skipped}")
    typer.echo(f"incomplete uploads {verb}: {unfinished}")


@cli.command("doctor")
def doctor_(
    deep: Annotated[bool, typer.Option("--deep", help="Decode every stored file.")] = False,
    data: DataOption = None,
) -> None:
    """Check the system, the data directory and the settings, and recommend actions."""
    from fatrina import doctor  # noqa: PLC0415  other commands start without it

    if not doctor.run_checks(load_settings(data=data), deep=deep):
        raise typer.Exit(1)


@cli.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Print the version for `fatrina --version`."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


add_examples(cli)


def main() -> None:
    """Run the command line interface."""
    cli()
