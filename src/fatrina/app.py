"""The composition root: settings in, one wired service out."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from starlette.types import ASGIApp

from fatrina import __version__
from fatrina.actions import Services
from fatrina.actions.clock import Clock
from fatrina.actions.rate_limits import RateLimiter
from fatrina.actions.webhooks.delivery import Deliverer
from fatrina.actions.webhooks.dispatcher import WebhookDispatcher
from fatrina.actions.webhooks.outbox import DatabaseOutbox
from fatrina.adapters.database import Database
from fatrina.adapters.decoder import Decoders
from fatrina.adapters.housekeeping import Housekeeping
from fatrina.adapters.http_client import Downloader, WebhookSender
from fatrina.adapters.rate_limits import BucketStore
from fatrina.adapters.reserve import Reserve
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import LocalStorage, Storage
from fatrina.directory_lock import Owner, locked
from fatrina.domain.address_policy import AddressPolicy
from fatrina.domain.photo import Limits
from fatrina.emulator import Emulator
from fatrina.settings import Settings
from fatrina.web import application
from fatrina.web.api import ApiOptions
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.telemetry import Metrics
from fatrina.web.parsing.forms import FormReader
from fatrina.wire import Serializer

_MILLISECONDS: Final = 1000
_DAY: Final = 86_400 * _MILLISECONDS
_AGENT: Final = f"Fatrina/{__version__}"


class NotReadyError(Exception):
    """The service cannot run here now; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Service:
    """One running Fatrina."""

    app: ASGIApp
    services: Services
    rate_limiter: RateLimiter
    dispatcher: WebhookDispatcher
    stack: ExitStack
    """What is open, to be closed in the opposite order."""

    def start(self) -> None:
        """Begin what is done beside answering: delivering events."""
        self.dispatcher.start()

    def close(self) -> None:
        """Close processes, files and connections."""
        self.stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The data folder, held by a server or looked into by a command."""

    path: Path
    owner: bool
    """Whether this process holds it: then no server runs on it, or this is the server."""
    owner_description: Owner
    """The process that holds it."""

    @property
    def since(self) -> float:
        """When the holder began, in seconds since the epoch; 0 when that is not known."""
        return self.owner_description.since

    def database(self) -> Database:
        """The embedded database, brought up to date where this process owns it; to be closed.

        Raises:
            errors.DatabaseUnavailable: its tables cannot be brought up to date.
        """
        with ExitStack() as on_failure:
            database = on_failure.enter_context(
                Database(self.path / "fatrina.sqlite3", owner=self.owner)
            )
            if self.owner:
                database.migrate()
            on_failure.pop_all()
        return database

    def buckets(self) -> BucketStore:
        """How much each merchant has asked lately; to be closed."""
        return BucketStore(self.path / "limits.sqlite3")

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
def lock_data_directory(
    path: Path, *, make: bool = False, patience: float = 0.0
) -> Iterator[DataDirectory]:
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
        yield DataDirectory(path, mine, owner)


def shared(path: Path) -> DataDirectory:
    """The data folder, not held: for what only reads, and may take long.

    Its tables are brought up to date first, where no other process holds it.

    Raises:
        NotReadyError: there is no such folder.
        errors.DatabaseUnavailable: its tables cannot be brought up to date.
    """
    with lock_data_directory(path) as folder:
        folder.database().close()
        return DataDirectory(path, owner=False, owner_description=folder.owner_description)


def _must_exist(path: Path) -> None:
    if not path.is_dir():
        message = f"There is no data folder {path}: fatrina merchant create CODE makes one."
        raise NotReadyError(message)


def clean_incoming(folder: DataDirectory, *, dry_run: bool) -> int:
    """Delete unfinished arrivals, where no server is at work on any; how many there were."""
    if not folder.owner:
        return 0
    spool = Spool(folder.incoming(), limit=0)
    return spool.count_leftovers() if dry_run else spool.clear()


def build(settings: Settings, folder: DataDirectory) -> Service:
    """Wire one service over a data folder that this process holds; to be closed."""
    _raise_descriptor_limit()
    folder.reserve().create()
    with ExitStack() as stack:
        metrics = Metrics()
        policy = AddressPolicy.parse(settings.download_allow)
        clock = Clock(metrics.observe_stage)
        services = _build_services(settings, folder, clock, policy, stack)
        buckets = stack.enter_context(folder.buckets()) if settings.rate_limits else None
        rate_limiter = RateLimiter(buckets, clock)
        sender = WebhookSender(policy=policy, seconds=settings.webhook_seconds, user_agent=_AGENT)
        pause = int(settings.webhook_pause * _MILLISECONDS)
        deliverer = Deliverer(services.database, sender, clock, pause)
        dispatcher = stack.enter_context(closing(WebhookDispatcher(deliverer, metrics.attempted)))
        timeouts = BodyTimeouts(settings.upload_idle, settings.upload_seconds)
        form_reader = FormReader(services.spool.new, settings.photo_bytes, timeouts)
        emulator = Emulator(services, form_reader, rate_limiter) if settings.admin_token else None
        app = application.build(
            services,
            metrics,
            form_reader,
            Serializer(settings.base),
            ApiOptions(settings.alt_length, settings.photo_optional),
            rate_limiter,
            dispatcher,
            changes=settings.decoder_count + settings.decoder_queue,
            links=settings.downloads,
            admin_token=settings.admin_token,
            extension=emulator,
        )
        return Service(app, services, rate_limiter, dispatcher, stack.pop_all())


def _build_services(
    settings: Settings,
    folder: DataDirectory,
    clock: Clock,
    policy: AddressPolicy,
    stack: ExitStack,
) -> Services:
    """Open the adapters of the service; `stack` closes them."""
    limits = Limits(
        bytes=settings.photo_bytes,
        pixels=settings.photo_pixels,
        pixels_buffered=settings.photo_pixels_whole,
        pixels_heic=settings.photo_pixels_heic,
        side=settings.photo_side,
        frames=settings.photo_frames,
        seconds=settings.decoder_seconds,
        memory=settings.decoder_memory,
    )
    database = stack.enter_context(folder.database())
    spool = stack.enter_context(closing(Spool(folder.incoming(), settings.incoming_bytes)))
    spool.clear()
    decoders = Decoders(settings.decoder_count, limits, settings.decoder_queue)
    return Services(
        database=database,
        storage=folder.storage(settings.base),
        housekeeping=folder.housekeeping(),
        spool=spool,
        decoders=stack.enter_context(closing(decoders)),
        downloader=Downloader(
            policy=policy,
            seconds=settings.download_seconds,
            redirects=settings.download_redirects,
            limit=settings.photo_bytes,
            user_agent=_AGENT,
        ),
        clock=clock,
        outbox=DatabaseOutbox(settings.base, clock),
    )


def retention(settings: Settings) -> int:
    """How long a retired picture is kept, in milliseconds."""
    return int(settings.keep_days * _DAY)


def _raise_descriptor_limit() -> None:
    """An upload under way holds two descriptors: take as many as the system grants."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
