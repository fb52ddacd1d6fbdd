"""`fatrina migrate`, `seed`, `reset`, `dump` and `restore`: commands on all data of a service."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from fatrina import app as root
from fatrina.actions import Services, backup, rate_limits
from fatrina.actions.backup import DumpError
from fatrina.adapters.database.schema import REVISION
from fatrina.adapters.spool import Spool
from fatrina.cli.admin_client import UrlOption, upload
from fatrina.cli.common import CLOCK, DataOption, exit_on_error, fail, load_settings
from fatrina.data_directory import DataDirectory, lock_data_directory, open_shared
from fatrina.domain import json_text, messages
from fatrina.domain.json_text import JsonError
from fatrina.emulator.resetting import reset as reset_
from fatrina.emulator.seed_file import SeedFileError, read
from fatrina.emulator.seed_records import Seed, SeedError
from fatrina.emulator.seeding import seed as seed_
from fatrina.settings import Settings
from fatrina.testing import inline_files

_PROGRESS_SECONDS: Final = 0.5
_IN_USE: Final = (
    "{} uses this directory: wait for it, stop it, or set FATRINA_ADMIN_TOKEN to its admin token."
)


def migrate(data: DataOption = None) -> None:
    """Create or migrate the tables, also if FATRINA_MIGRATE is check."""
    settings = load_settings(data=data, migrate="auto")
    with exit_on_error(), lock_data_directory(settings, create=True) as directory:
        if not (directory.is_owner or settings.database):
            fail(_IN_USE.format(directory.owner))
        directory.open_database().close()
    typer.echo(f"revision: {REVISION}")


def seed(
    file: Annotated[Path, typer.Argument(help="Seed data as JSON; see docs/emulator.md.")],
    images: Annotated[
        Path | None, typer.Option(help="Directory of the images. [that of the JSON file]")
    ] = None,
    pictures: Annotated[Path | None, typer.Option(hidden=True)] = None,
    data: DataOption = None,
    url: UrlOption = "",
) -> None:
    """Add apps, merchants, products and images; if anything is invalid, add nothing."""
    settings = load_settings(data=data)
    folder = images or pictures or file.parent
    with exit_on_error():
        content = read_seed(file, folder)
        total = content.count_photos()
        with (
            lock_data_directory(settings, create=True) as directory,
            _progress("images", total) as tick,
        ):
            if directory.is_owner:
                with root.build(settings, directory) as service:
                    load_seed(service.services, content, settings.decoder_count, tick)
            else:
                _check_endpoint(settings, directory)
                value = inline_files(json_text.parse(file.read_bytes()), folder)
                body = json.dumps(value).encode()
                upload(url, "/seed", body, len(body), "application/json")
    products = sum(len(each.products) for each in content.merchants)
    typer.echo(f"merchants: {len(content.merchants)}, products: {products}, images: {total}")


def reset(
    keep_merchants: Annotated[
        bool, typer.Option("--keep-merchants", help="Keep merchants, tokens and apps.")
    ] = False,
    keep_shops: Annotated[bool, typer.Option("--keep-shops", hidden=True)] = False,
    merchant: Annotated[
        str, typer.Option(help="Delete only what belongs to the merchant with this code.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    data: DataOption = None,
) -> None:
    """Delete all products and images, and the merchants as well unless they are kept."""
    settings = load_settings(data=data)
    keep = keep_merchants or keep_shops
    what = "all products and images" if keep else "everything"
    what = f"{what} of {merchant}" if merchant else what
    if not yes and not typer.confirm(f"Delete {what} in {settings.data}?"):
        raise typer.Exit(1)
    with (
        exit_on_error(),
        lock_data_directory(settings) as directory,
        directory.open_database() as database,
    ):
        housekeeping = directory.housekeeping(database)
        count = reset_(
            *(database, directory.storage(), housekeeping),
            keep_merchants=keep,
            merchant_code=merchant,
        )
        if not merchant:
            with directory.open_bucket_store(database, CLOCK) as buckets:
                rate_limits.reset(buckets)
    typer.echo(f"images deleted: {count}")


def dump(
    file: Annotated[Path, typer.Argument(help="Output file, a tar archive.")],
    data: DataOption = None,
) -> None:
    """Write all rows and images, as of one point in time, to one file."""
    settings = load_settings(data=data)
    unfinished = file.with_name(file.name + ".unfinished")
    with exit_on_error(), _progress("images") as tick:
        directory = open_shared(settings)
        try:
            with (
                directory.open_database() as database,
                open(unfinished, "wb", opener=_create_private) as out,
            ):
                count = backup.dump(database, directory.storage(), out, tick)
                out.flush()
                os.fsync(out.fileno())
            unfinished.replace(file)
        except DumpError as exc:
            fail(str(exc))
        finally:
            unfinished.unlink(missing_ok=True)
    typer.echo(f"images: {count}, bytes: {file.stat().st_size}")


def restore(
    file: Annotated[Path, typer.Argument(help="A file written by `fatrina dump`.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    data: DataOption = None,
    url: UrlOption = "",
) -> None:
    """Replace all data by a dump; ids, URLs and files are as they were."""
    settings = load_settings(data=data)
    if not yes and not typer.confirm(f"Replace everything in {settings.data}?"):
        raise typer.Exit(1)
    with (
        exit_on_error(),
        lock_data_directory(settings, create=True) as directory,
        _progress("files") as tick,
    ):
        if directory.is_owner:
            count = _restore(settings, directory, file, tick)
        else:
            _check_endpoint(settings, directory)
            with file.open("rb") as source:
                size = file.stat().st_size
                count = upload(url, "/restore", source, size, "application/x-tar")["pictures"]
    typer.echo(f"images: {count}")


def _restore(
    settings: Settings, directory: DataDirectory, file: Path, tick: Callable[[], None]
) -> int:
    try:
        with (
            directory.open_database() as database,
            closing(Spool(directory.incoming_path(), settings.incoming_bytes)) as spool,
            file.open("rb") as source,
        ):
            housekeeping = directory.housekeeping(database)
            count = backup.restore(
                *(database, directory.storage(), housekeeping), spool, source, tick
            )
            with directory.open_bucket_store(database, CLOCK) as buckets:
                rate_limits.reset(buckets)
    except DumpError as exc:
        fail(f"{file}: {exc} Nothing was changed.")
    return count


def _check_endpoint(settings: Settings, directory: DataDirectory) -> None:
    """Exit unless the owner of the directory is a server whose admin endpoints can be used."""
    if not directory.owner.is_server or not settings.admin_token:
        fail(_IN_USE.format(directory.owner))


def load_seed(
    services: Services, content: Seed, workers: int, progress: Callable[[], None] = lambda: None
) -> None:
    """Seed a service; print the errors and exit if the seed violates a rule."""
    try:
        seed_(services, content, workers, progress)
    except SeedError as exc:
        reasons = " ".join(messages.render(each, "en") for each in exc.error.flatten())
        fail(f"{exc.pointer}: {reasons} Nothing was added.")


def _create_private(path: str, flags: int) -> int:
    """Open a file that only its owner can read: a dump contains webhook secrets."""
    return os.open(path, flags, 0o600)


def read_seed(file: Path, images: Path) -> Seed:
    """Return the content of a seed file; print its problems and exit if it is invalid."""
    try:
        return read(json_text.parse(file.read_bytes()), images)
    except SeedFileError as exc:
        fail("\n".join(f"{file}{problem}" for problem in exc.problems))
    except JsonError as exc:
        fail(f"{file} is not JSON: {exc}")


@contextmanager
def _progress(unit: str, total: int = 0) -> Iterator[Callable[[], None]]:
    """Yield a function that counts a step and, after one second, prints progress to a terminal."""
    started = shown = time.monotonic()
    count = 0

    def tick() -> None:
        nonlocal count, shown
        count += 1
        now = time.monotonic()
        if now - started < 1 or now - shown < _PROGRESS_SECONDS or not sys.stderr.isatty():
            return
        shown = now
        rate = count / (now - started)
        rest = f" of {total}, {(total - count) / rate:.0f} s left" if total else ""
        typer.echo(f"\r{count}{rest} {unit}, {rate:.0f} a second … ", nl=False, err=True)

    try:
        yield tick
    finally:
        if shown > started:
            typer.echo("", err=True)
