"""The composition root: build the service from its settings and data directory."""

import resource
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from fatrina import __version__
from fatrina.actions import Services
from fatrina.actions.clock import Clock
from fatrina.actions.nightly_sweep import NightlySweep
from fatrina.actions.rate_limits import RateLimiter
from fatrina.actions.sweep import Sweeper
from fatrina.actions.webhooks.delivery import Deliverer
from fatrina.actions.webhooks.dispatcher import WebhookDispatcher
from fatrina.actions.webhooks.outbox import DatabaseOutbox
from fatrina.adapters.decoder import DecoderPool
from fatrina.adapters.http_client import Downloader, WebhookSender
from fatrina.adapters.leadership import Leadership
from fatrina.adapters.spool import Spool
from fatrina.adapters.storage import Storage
from fatrina.data_directory import DataDirectory, NotReadyError
from fatrina.domain.address_policy import AddressPolicy
from fatrina.domain.durations import DAY, HOUR, SECOND
from fatrina.domain.photo import Limits
from fatrina.domain.types import Millis
from fatrina.emulator import Emulator, stubs
from fatrina.emulator.stubs import StubError
from fatrina.settings import Settings
from fatrina.web import application
from fatrina.web.api import ApiOptions
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.telemetry import Metrics
from fatrina.web.image_fast_path import ImageFastPath
from fatrina.web.parsing.forms import FormReader
from fatrina.wire import Serializer

_USER_AGENT: Final = f"Fatrina/{__version__}"


@dataclass(frozen=True, slots=True)
class Service:
    """A built service: the ASGI application and the resources that it uses."""

    app: ASGIApp
    fast_path: ImageFastPath
    services: Services
    rate_limiter: RateLimiter
    dispatcher: WebhookDispatcher
    nightly_sweep: NightlySweep | None
    stack: ExitStack
    """Open resources; they are closed in reverse order."""

    def start(self) -> None:
        """Start the background delivery of webhooks, and the timer of the nightly sweep."""
        self.dispatcher.start()
        if self.nightly_sweep is not None:
            self.nightly_sweep.start()

    def close(self) -> None:
        """Close the processes, files and connections."""
        self.stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def build(settings: Settings, data_directory: DataDirectory) -> Service:
    """Build the service on a data directory that this process owns; the caller closes it.

    Raises:
        NotReadyError: the stubs are invalid, or the bucket cannot be written.
    """
    api_options = _api_options(settings)
    _raise_descriptor_limit()
    data_directory.reserve().create()
    with ExitStack() as stack:
        metrics = Metrics()
        policy = AddressPolicy.parse(settings.download_allow)
        clock = Clock(metrics.observe_stage)
        services = _build_services(settings, data_directory, clock, policy, stack)
        buckets = (
            stack.enter_context(data_directory.open_bucket_store(services.database, clock))
            if settings.rate_limits
            else None
        )
        rate_limiter = RateLimiter(buckets)
        sender = WebhookSender(
            policy=policy, seconds=settings.webhook_seconds, user_agent=_USER_AGENT
        )
        pause_ms = int(settings.webhook_pause * SECOND)
        deliverer = Deliverer(services.database, sender, clock, Millis(pause_ms))
        leadership = stack.enter_context(closing(data_directory.leadership(services.database)))
        dispatcher = stack.enter_context(
            closing(WebhookDispatcher(deliverer, metrics.count_attempt, leadership))
        )
        nightly = _build_nightly_sweep(settings, services, leadership)
        if nightly is not None:
            stack.callback(nightly.close)
        timeouts = BodyTimeouts(settings.upload_idle, settings.upload_seconds)
        form_reader = FormReader(services.spool.create_file, settings.photo_bytes, timeouts)
        emulator = Emulator(services, form_reader, rate_limiter) if settings.admin_token else None
        app = application.build(
            services,
            metrics,
            form_reader,
            Serializer(settings.base),
            api_options,
            rate_limiter,
            dispatcher,
            max_updates=settings.decoder_count + settings.decoder_queue,
            max_link_updates=settings.downloads,
            admin_token=settings.admin_token,
            log_images=settings.log_images,
            extension=emulator,
        )
        fast_path = ImageFastPath(
            services,
            metrics,
            urlsplit(settings.base).path,
            lambda: emulator is not None and emulator.has_faults,
            log_images=settings.log_images,
        )
        return Service(app, fast_path, services, rate_limiter, dispatcher, nightly, stack.pop_all())


def _api_options(settings: Settings) -> ApiOptions:
    try:
        find_stub = stubs.load(settings.stubs).find if settings.stubs else None
    except StubError as exc:
        raise NotReadyError(f"{settings.stubs}:\n{exc}") from exc
    return ApiOptions(
        alt_length=settings.alt_length,
        photo_required=settings.photo_required,
        contract_only=settings.contract_only,
        require_if_match=settings.require_if_match,
        retention_ms=retention_ms(settings),
        idempotency_ms=Millis(int(settings.idempotency_hours * HOUR)),
        find_stub=find_stub,
    )


def _build_services(
    settings: Settings,
    data_directory: DataDirectory,
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
    database = stack.enter_context(data_directory.open_database())
    spool = stack.enter_context(
        closing(Spool(data_directory.incoming_path(), settings.incoming_bytes))
    )
    spool.clear()
    decoders = DecoderPool(settings.decoder_count, limits, settings.decoder_queue)
    return Services(
        database=database,
        storage=_open_storage(settings, data_directory),
        housekeeping=data_directory.housekeeping(database),
        spool=spool,
        decoders=stack.enter_context(closing(decoders)),
        downloader=Downloader(
            policy=policy,
            seconds=settings.download_seconds,
            redirects=settings.download_redirects,
            limit=settings.photo_bytes,
            user_agent=_USER_AGENT,
        ),
        clock=clock,
        outbox=DatabaseOutbox(settings.base, clock),
    )


def _build_nightly_sweep(
    settings: Settings, services: Services, leadership: Leadership
) -> NightlySweep | None:
    if settings.sweep_hour < 0:
        return None
    sweeper = Sweeper(services.database, services.storage, services.housekeeping)
    keep = retention_ms(settings)
    return NightlySweep(sweeper, leadership, services.clock, settings.sweep_hour, keep)


def _open_storage(settings: Settings, data_directory: DataDirectory) -> Storage:
    storage = data_directory.storage(settings.base)
    if settings.bucket:
        try:
            storage.check_writable()
        except OSError as exc:
            raise NotReadyError(f"The bucket of FATRINA_BUCKET cannot be written: {exc}") from exc
    return storage


def retention_ms(settings: Settings) -> Millis:
    """Return how long a replaced or removed image is kept, in milliseconds."""
    return Millis(int(settings.keep_days * DAY))


def _raise_descriptor_limit() -> None:
    """Raise the limit on open files to the maximum allowed: each upload in progress uses two."""
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
