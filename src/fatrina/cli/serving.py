"""`fatrina serve`: run the service, with an ephemeral store for tests if requested."""

import json
import os
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from fatrina import app, logs
from fatrina.actions.access import generate_token
from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.cli.common import (
    DataOption,
    HostOption,
    PortOption,
    exit_on_error,
    fail,
    load_settings,
)
from fatrina.cli.data import load_seed, read_seed
from fatrina.cli.ephemeral import stop_with_parent, temporary_directory
from fatrina.domain.access import WRITE, token_hint
from fatrina.domain.durations import DAY
from fatrina.domain.types import Millis
from fatrina.emulator.seed_records import Seed, SeedMerchant, SeedToken
from fatrina.settings import Settings

_AUTO: Final = "auto"
_DEFAULT_MERCHANT: Final = "store1"
_LOCAL: Final = ("127.0.0.1", "::1", "localhost")
"""Addresses that photo links and webhooks of an ephemeral service may use."""

_OUTSIDE: Final = ("database", "bucket")
"""Prefixes of the settings that place data outside the data directory."""


def serve(  # noqa: PLR0913, PLR0917  an option each
    host: HostOption = None,
    port: PortOption = None,
    ephemeral: Annotated[
        bool,
        typer.Option(
            "--ephemeral",
            help="Use a new data directory, and delete it at the end. Photo links and webhooks may "
            "use addresses of this machine.",
        ),
    ] = False,
    seed: Annotated[
        Path | None,
        typer.Option(
            help="Seed data as JSON, with --ephemeral. [one merchant, store1, with a new token]"
        ),
    ] = None,
    stubs: Annotated[
        Path | None, typer.Option(help="Directory of canned responses; see docs/testing.md.")
    ] = None,
    tls: Annotated[
        Path | None,
        typer.Option(help="Serve HTTPS with the certificate in this directory; see fatrina tls."),
    ] = None,
    admin_token: Annotated[
        str | None,
        typer.Option(help="Token of the admin endpoints; “auto” generates and prints one."),
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(help="File to write when the service is ready, with what is printed."),
    ] = None,
    exit_with_parent: Annotated[
        bool,
        typer.Option(
            "--exit-with-parent", help="Stop when the parent process ends, even if it is killed."
        ),
    ] = False,
    data: DataOption = None,
) -> None:
    """Serve the API and the images until Ctrl-C or SIGTERM; requests in progress are finished.

    When the service is ready, one line of JSON on standard output has its URL.
    """
    from fatrina import server  # noqa: PLC0415  other commands start without it

    if seed is not None and not ephemeral:
        fail("--seed needs --ephemeral: to seed a data directory, use fatrina seed.")
    if ephemeral and data is not None:
        fail("--ephemeral and --data exclude each other.")
    if exit_with_parent:
        stop_with_parent()
    content = _read_content(seed) if ephemeral else None
    secret = random_text(SECRET_LENGTH) if admin_token == _AUTO else admin_token
    with ExitStack() as stack:
        options: dict[str, Any] = {"host": host, "port": port, "data": data, "stubs": stubs}
        options["tls"] = tls
        if ephemeral:
            options["data"] = stack.enter_context(temporary_directory())
            options |= _ephemeral_options()
        settings = load_settings(**options, admin_token=secret)
        logs.configure(settings.log_level)

        def on_ready(service: app.Service, settings: Settings) -> None:
            if content is not None:
                load_seed(service.services, content, settings.decoder_count)
            report = _report(settings, content, secret if admin_token == _AUTO else None)
            _announce(report, ready_file)
            if ephemeral or sys.stderr.isatty():
                typer.echo("\n".join(_instructions(report, content)), err=True)

        with exit_on_error():
            server.serve(settings, on_ready)


def _ephemeral_options() -> dict[str, Any]:
    """Return settings for a test: nothing outside the directory, and what the environment lacks."""
    options = {"download_allow": _LOCAL, "log_level": "warning"}
    return {
        name: field.get_default()
        for name, field in Settings.model_fields.items()
        if name.startswith(_OUTSIDE)
    } | {
        name: value
        for name, value in options.items()
        if f"FATRINA_{name.upper()}" not in os.environ
    }


def _read_content(file: Path | None) -> Seed:
    if file is not None:
        with exit_on_error():
            return read_seed(file, file.parent)
    token = SeedToken(generate_token(), WRITE, Millis(DAY))
    return Seed([SeedMerchant("/merchants/0", _DEFAULT_MERCHANT, tokens=[token])])


def _report(settings: Settings, content: Seed | None, admin_token: str | None) -> dict[str, Any]:
    """Return what programs need to use the service."""
    report: dict[str, Any] = {
        "url": settings.here,
        "api_url": f"{settings.here}/admin/v2",
        "docs_url": f"{settings.here}/docs",
        "pid": os.getpid(),
    }
    if admin_token is not None:
        report["admin_token"] = admin_token
    if content is not None:
        report["merchants"] = [
            {"code": each.code, "tokens": [token.text for token in each.tokens]}
            for each in content.merchants
        ]
    return report


def _announce(report: dict[str, Any], ready_file: Path | None) -> None:
    """Write the report to a file, which appears complete, and then print it as one line."""
    line = json.dumps(report, ensure_ascii=False)
    if ready_file is not None:
        unfinished = ready_file.with_name(f"{ready_file.name}.{os.getpid()}")
        unfinished.touch(0o600)  # it contains tokens
        unfinished.write_text(f"{line}\n", encoding="utf-8")
        unfinished.replace(ready_file)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _instructions(report: dict[str, Any], content: Seed | None) -> Iterable[str]:
    """Yield the lines for people."""
    yield f"Fatrina is serving at {report['url']}"
    yield f"  API      {report['api_url']}"
    yield f"  docs     {report['docs_url']}"
    for merchant in content.merchants if content else ():
        hints = ", ".join(f"{token_hint(token.text)}…" for token in merchant.tokens)
        yield f"  merchant {merchant.code}, tokens: {hints or 'none'}"
    if "admin_token" in report:
        yield f"  admin    {token_hint(report['admin_token'])}…, below /_fatrina"
    if content:
        yield "Standard output has the complete tokens. All data is deleted at the end."
    yield "Press Ctrl-C to stop."
