"""The composition root: settings in, one wired service out."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from starlette.types import ASGIApp

from fatrina import __version__
from fatrina.actions import Parts
from fatrina.actions.clock import Clock
from fatrina.actions.courier import Courier
from fatrina.actions.deliver import Deliverer
from fatrina.actions.limits import Counter
from fatrina.adapters.buckets import Buckets
from fatrina.adapters.database import Database
from fatrina.adapters.decoder import Decoders
from fatrina.adapters.download import Downloader, Messenger
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.reserve import Reserve
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import LocalStorage, Storage
from fatrina.directory_lock import Owner, locked
from fatrina.domain.address import Allow
from fatrina.domain.photo import Limits
from fatrina.settings import Settings
from fatrina.web import server
from fatrina.web.api import Rules
from fatrina.web.body import Pace
from fatrina.web.forms import Reader
from fatrina.web.observe import Metrics
from fatrina.wire import Writer

_MILLISECONDS: Final = 1000
_DAY: Final = 86_400 * _MILLISECONDS
_AGENT: Final = f"Fatrina/{__version__}"


class NotReadyError(Exception):
    """The service cannot run here now; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Service:
    """One running Fatrina."""

    app: ASGIApp
    parts: Parts
    counter: Counter
    courier: Courier
    opened: ExitStack
    """What is open, to be closed in the opposite order."""

    def start(self) -> None:
        """Begin what is done beside answering: delivering events."""
        self.courier.start()

    def close(self) -> None:
        """Close processes, files and connections."""
        self.opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Folder:
    """The data folder, held by a server or looked into by a command."""

    path: Path
    owner: bool
    """Whether this process holds it: then no server runs on it, or this is the server."""
    holder: Owner
    """The process that holds it."""

    @property
    def since(self) -> float:
        """When the holder began, in seconds since the epoch; 0 when that is not known."""
        return self.holder.since

    def database(self) -> Database:
        """The embedded database, brought up to date where this process owns it; to be closed.

        Raises:
            errors.DatabaseDown: its tables cannot be brought up to date.
        """
        with ExitStack() as on_failure:
            database = on_failure.enter_context(
                Database(self.path / "fatrina.sqlite3", owner=self.owner)
            )
            if self.owner:
                database.migrate()
            on_failure.pop_all()
        return database

    def buckets(self) -> Buckets:
        """How much each merchant has asked lately; to be closed."""
        return Buckets(self.path / "limits.sqlite3")

    def storage(self, base: str = "") -> Storage:
        """Where the pictures lie, to be served below `base`."""
        return LocalStorage(self.path / "media", base)

    def incoming(self) -> Path:
        """Where photos on their way lie."""
        return self.path / "incoming"

    def reserve(self) -> Reserve:
        """Space for the commands that make room or lock somebody out."""
        return Reserve(self.path)

    def housekeeping(self) -> Housekeeping:
        """The lock of what concerns all data."""
        return Housekeeping(self.path)


@contextmanager
def held(path: Path, *, make: bool = False, patience: float = 0.0) -> Iterator[Folder]:
    """The data folder, held by this process unless another holds it already.

    For `patience` seconds it waits for a command that holds it.

    Raises:
        NotReadyError: there is no such folder, and it is not to be made.
        OSError: the folder cannot be made or written.
    """
    if make:
        path.mkdir(0o700, parents=True, exist_ok=True)
    _must_exist(path)
    with locked(path, patience) as (mine, owner):
        yield Folder(path, mine, owner)


def shared(path: Path) -> Folder:
    """The data folder, not held: for what only reads, and may take long.

    Its tables are brought up to date first, where no other process holds it.

    Raises:
        NotReadyError: there is no such folder.
        errors.DatabaseDown: its tables cannot be brought up to date.
    """
    with held(path) as folder:
        folder.database().close()
        return Folder(path, owner=False, holder=folder.holder)


def _must_exist(path: Path) -> None:
    if not path.is_dir():
        message = f"There is no data folder {path}: fatrina merchant create CODE makes one."
        raise NotReadyError(message)


def stranded(folder: Folder, *, dry_run: bool) -> int:
    """Delete unfinished arrivals, where no server is at work on any; how many there were."""
    if not folder.owner:
        return 0
    spool = Spool(folder.incoming(), limit=0)
    return spool.left() if dry_run else spool.empty()


def build(settings: Settings, folder: Folder) -> Service:
    """Wire one service over a data folder that this process holds; to be closed."""
    _raise_descriptor_limit()
    folder.reserve().make()
    with ExitStack() as opened:
        metrics = Metrics()
        allow = Allow.parse(settings.download_allow)
        parts = _parts(settings, folder, Clock(metrics.staged), allow, opened)
        buckets = opened.enter_context(folder.buckets()) if settings.rate_limits else None
        counter = Counter(buckets, parts.clock)
        messenger = Messenger(allow=allow, seconds=settings.webhook_seconds, user_agent=_AGENT)
        pause = int(settings.webhook_pause * _MILLISECONDS)
        deliverer = Deliverer(parts.database, messenger, parts.clock, pause)
        courier = opened.enter_context(closing(Courier(deliverer, metrics.attempted)))
        pace = Pace(settings.upload_idle, settings.upload_seconds)
        app = server.build(
            parts,
            metrics,
            Reader(parts.spool.new, settings.photo_bytes, pace),
            Writer(settings.base),
            Rules(settings.alt_length, settings.photo_optional),
            counter,
            courier,
            changes=settings.decoder_count + settings.decoder_queue,
            links=settings.downloads,
            admin_token=settings.admin_token,
        )
        return Service(app, parts, counter, courier, opened.pop_all())


def _parts(
    settings: Settings, folder: Folder, clock: Clock, allow: Allow, opened: ExitStack
) -> Parts:
    """The outside world of the service; what has to be closed is put on `opened`."""
    limits = Limits(
        bytes=settings.photo_bytes,
        pixels=settings.photo_pixels,
        pixels_whole=settings.photo_pixels_whole,
        pixels_heic=settings.photo_pixels_heic,
        side=settings.photo_side,
        frames=settings.photo_frames,
        seconds=settings.decoder_seconds,
        memory=settings.decoder_memory,
    )
    database = opened.enter_context(folder.database())
    spool = opened.enter_context(closing(Spool(folder.incoming(), settings.incoming_bytes)))
    spool.empty()
    decoders = Decoders(settings.decoder_count, limits, settings.decoder_queue)
    return Parts(
        database=database,
        storage=folder.storage(settings.base),
        housekeeping=folder.housekeeping(),
        spool=spool,
        decoders=opened.enter_context(closing(decoders)),
        downloader=Downloader(
            allow=allow,
            seconds=settings.download_seconds,
            redirects=settings.download_redirects,
            limit=settings.photo_bytes,
            user_agent=_AGENT,
        ),
        clock=clock,
    )


def keep(settings: Settings) -> int:
    """How long a retired picture is kept, in milliseconds."""
    return int(settings.keep_days * _DAY)


def _raise_descriptor_limit() -> None:
    """An upload under way holds two descriptors: take as many as the system grants."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
