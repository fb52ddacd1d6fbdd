"""Shared by all commands: options, settings, the database, and error output."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from pydantic import ValidationError

from fatrina.actions.clock import Clock
from fatrina.adapters.database import Database
from fatrina.data_directory import NotReadyError, lock_data_directory
from fatrina.domain import errors, messages
from fatrina.settings import SECRETS, Settings

CLOCK: Final = Clock()
DataOption = Annotated[
    Path | None, typer.Option(help="Data directory: database and image files. [./data]")
]

HostOption = Annotated[str | None, typer.Option(help="Address to listen on. [127.0.0.1]")]
PortOption = Annotated[
    int | None, typer.Option(help="Port to listen on; 0 selects a free one. [8000]")
]


def load_settings(**options: Any) -> Settings:
    """Return the settings from the environment, overridden by `options` that are not None.

    If a setting is invalid, print its variable and the reason, and exit with 2.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as exc:
        for error in exc.errors():
            name = "_".join(str(part) for part in error["loc"])
            value = "" if name.lower() in SECRETS else f" (it is {error['input']!r})"
            reason = error["msg"].removeprefix("Value error, ")
            typer.echo(f"FATRINA_{name.upper()}: {reason}{value}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def open_database(
    data: Path | None, *, create: bool = False, reserve: bool = False
) -> Iterator[Database]:
    """Open the database of the data directory; close it at the end.

    With `create`, a missing data directory is created. With `reserve`, the command may use the
    disk space that is reserved for a full disk.
    """
    with (
        exit_on_error(),
        lock_data_directory(load_settings(data=data), create=create) as directory,
        directory.reserve().release() if reserve else nullcontext(),
        directory.open_database() as database,
    ):
        yield database


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Print operator errors as one line and exit with 1; let unexpected exceptions propagate."""
    try:
        yield
    except NotReadyError as exc:
        fail(str(exc))
    except errors.ServiceError as exc:
        fail(f"{messages.render(exc, 'en')} Run fatrina doctor for details.")
    except UnicodeEncodeError:
        fail("An argument is not valid UTF-8.")
    except OSError as exc:
        fail(f"{exc.strerror or exc}: {exc.filename or ''}")


def fail(message: str) -> NoReturn:
    """Print a line on standard error and exit with 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
