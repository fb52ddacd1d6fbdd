"""What every command shares: options, settings, and words for what an operator can mend."""

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
    Path | None, typer.Option(help="Folder of the database and the pictures. [./data]")
]


def load_settings(**options: Any) -> Settings:
    """The settings, as the environment has them but for what was given; tells what is wrong."""
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as exc:
        for error in exc.errors():
            name = "_".join(str(part) for part in error["loc"])
            value = "" if name.lower() in SECRETS else f" (it is {error['input']!r})"
            typer.echo(f"FATRINA_{name.upper()}: {error['msg']}{value}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def open_database(
    data: Path | None, *, make: bool = False, reserve: bool = False
) -> Iterator[Database]:
    """The database of the data folder, closed at the end.

    With `reserve`, the command may use the space that is kept for a full disk.
    """
    with (
        exit_on_error(),
        lock_data_directory(load_settings(data=data).data, create=make) as folder,
        folder.reserve().release() if reserve else nullcontext(),
        folder.database() as database,
    ):
        yield database


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Say in a line what an operator can mend; leave a trace only for our own faults."""
    try:
        yield
    except NotReadyError as exc:
        fail(str(exc))
    except errors.ServiceError as exc:
        fail(f"{messages.render(exc, 'en')} fatrina doctor tells more.")
    except UnicodeEncodeError:
        fail("An argument is not text in UTF-8.")
    except OSError as exc:
        fail(f"{exc.strerror or exc}: {exc.filename or ''}")


def fail(message: str) -> NoReturn:
    """End with a line on standard error."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
