"""`fatrina seed`, `reset`, `dump` and `restore`: a whole service at once."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from fatrina import app as root
from fatrina.actions import backup, rate_limits
from fatrina.actions.backup import DumpError
from fatrina.adapters.spool import Spool
from fatrina.cli.common import Data, exit_on_error, fail, settings
from fatrina.data_directory import lock_data_directory, open_shared
from fatrina.domain import json_text, messages
from fatrina.domain.json_text import JsonError
from fatrina.emulator.resetting import reset as reset_
from fatrina.emulator.seed_file import SeedFileError, read
from fatrina.emulator.seeding import SeedError, SeedMerchant
from fatrina.emulator.seeding import seed as sow

_TICK: Final = 0.5
_BUSY: Final = (
    "{} uses this folder: wait or stop it, or use the service's endpoints below /_fatrina."
)


def seed(
    file: Annotated[Path, typer.Argument(help="What to sow, as JSON; see docs/emulator.md.")],
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of the pictures. [where the JSON lies]")
    ] = None,
    data: Data = None,
) -> None:
    """Add merchants, tokens, products and pictures, all or nothing."""
    chosen = settings(data=data)
    with exit_on_error():
        merchants = _read(file, pictures or file.parent)
        total = sum(len(product.pictures) for each in merchants for product in each.products)
        with (
            lock_data_directory(chosen.data, create=True) as folder,
            _progress("pictures", total) as tick,
        ):
            if not folder.is_owner:
                fail(_BUSY.format(folder.owner))
            try:
                with root.build(chosen, folder) as service:
                    made = sow(service.services, merchants, chosen.decoder_count, tick)
            except SeedError as refused:
                why = " ".join(messages.render(each, "en") for each in refused.refusal.each())
                fail(f"{refused.at}: {why} Nothing was added.")
    products = sum(len(each.products) for each in merchants)
    typer.echo(f"merchants: {len(merchants)}, products: {products}, pictures: {made}")


def reset(
    keep_shops: Annotated[
        bool, typer.Option("--keep-shops", help="Keep merchants, tokens and apps.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Delete all products with their pictures, and the shops too unless kept."""
    chosen = settings(data=data)
    what = "all products and pictures" if keep_shops else "everything"
    if not yes and not typer.confirm(f"Delete {what} in {chosen.data}?"):
        raise typer.Exit(1)
    with exit_on_error(), lock_data_directory(chosen.data) as folder:
        with folder.database() as database:
            gone = reset_(
                *(database, folder.storage(), folder.housekeeping()), keep_shops=keep_shops
            )
        with folder.bucket_store() as buckets:
            rate_limits.reset(buckets)
    typer.echo(f"pictures deleted: {gone}")


def dump(
    file: Annotated[Path, typer.Argument(help="The file to write, a tar archive.")],
    data: Data = None,
) -> None:
    """Write everything into one file: every row and every picture, as of one moment."""
    chosen = settings(data=data)
    unfinished = file.with_name(file.name + ".unfinished")
    with exit_on_error(), _progress("pictures") as tick:
        folder = open_shared(chosen.data)
        try:
            with (
                folder.database() as database,
                open(unfinished, "wb", opener=_create_private) as out,
            ):
                count = backup.dump(database, folder.storage(), out, tick)
                out.flush()
                os.fsync(out.fileno())
            unfinished.replace(file)
        except DumpError as wrong:
            fail(str(wrong))
        finally:
            unfinished.unlink(missing_ok=True)
    typer.echo(f"pictures: {count}, bytes: {file.stat().st_size}")


def restore(
    file: Annotated[Path, typer.Argument(help="What `fatrina dump` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Put a dump in the place of everything there is; ids, URLs and bytes are as they were."""
    chosen = settings(data=data)
    if not yes and not typer.confirm(f"Replace everything in {chosen.data}?"):
        raise typer.Exit(1)
    with (
        exit_on_error(),
        lock_data_directory(chosen.data, create=True) as folder,
        _progress("files") as tick,
    ):
        if not folder.is_owner:
            fail(_BUSY.format(folder.owner))
        try:
            with (
                folder.database() as database,
                closing(Spool(folder.incoming(), chosen.incoming_bytes)) as spool,
                file.open("rb") as source,
            ):
                count = backup.restore(
                    *(database, folder.storage(), folder.housekeeping()), spool, source, tick
                )
        except DumpError as wrong:
            fail(f"{file}: {wrong} Nothing was changed.")
        with folder.bucket_store() as buckets:
            rate_limits.reset(buckets)
    typer.echo(f"pictures: {count}")


def _create_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read: a dump holds the receivers' secrets."""
    return os.open(path, flags, 0o600)


def _read(file: Path, pictures: Path) -> list[SeedMerchant]:
    try:
        return read(json_text.parse(file.read_bytes()), pictures)
    except SeedFileError as wrong:
        fail("\n".join(f"{file}{problem}" for problem in wrong.problems))
    except JsonError as broken:
        fail(f"{file} is not JSON: {broken}")


@contextmanager
def _progress(what: str, total: int = 0) -> Iterator[Callable[[], None]]:
    """Says on a terminal how far it is, from the first second on."""
    begun = shown = time.monotonic()
    count = 0

    def tick() -> None:
        nonlocal count, shown
        count += 1
        now = time.monotonic()
        if now - begun < 1 or now - shown < _TICK or not sys.stderr.isatty():
            return
        shown = now
        rate = count / (now - begun)
        left = f" of {total}, {(total - count) / rate:.0f} s left" if total else ""
        typer.echo(f"\r{count}{left} {what}, {rate:.0f} a second … ", nl=False, err=True)

    try:
        yield tick
    finally:
        if shown > begun:
            typer.echo("", err=True)
