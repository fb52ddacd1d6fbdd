"""Demo: a sample store with generated photos, updates over real HTTP, then normal service."""

from http.client import HTTPException
from pathlib import Path
from random import Random
from threading import Thread
from typing import Final

from fatrina import app, server
from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.data_directory import NotReadyError
from fatrina.demo import emulator_tour, instructions, sample_photos, updates
from fatrina.demo.context import DemoContext, DemoError
from fatrina.demo.origin_server import Received, origin_server
from fatrina.demo.output import say
from fatrina.demo.sample_photos import SamplePhoto
from fatrina.demo.store import MERCHANT, DemoStore, create_store
from fatrina.domain import errors, messages
from fatrina.settings import Settings

_LINKED_PHOTOS: Final = ("lantern", "shirt", "cup")


def run(settings: Settings) -> None:
    """Create the sample store, show the updates, and serve until stopped.

    Raises:
        NotReadyError: the data directory or the machine does not permit it.
        OSError: the address or the data directory is not available.
    """
    random = Random()  # noqa: S311  colours
    photos = [sample_photos.webp_photo(name, random) for name in _LINKED_PHOTOS]
    received = Received()
    with origin_server({photo.file: photo.data for photo in photos}, received) as origin:
        settings = settings.model_copy(
            update={
                "download_allow": (*settings.download_allow, origin),
                "admin_token": settings.admin_token or random_text(SECRET_LENGTH),
            }
        )

        def on_ready(service: app.Service, settings: Settings) -> None:
            store = _store(service, random)
            sample = _write_sample(settings.data, sample_photos.camera_photo("cup", random))
            links = [f"http://{origin}/{photo.file}" for photo in photos]
            context = _context(settings, store, origin, links[0], received)
            args = (context, sample, links, random)
            Thread(target=_present, args=args, name="demo", daemon=True).start()

        server.serve(settings, on_ready)


def _store(service: app.Service, random: Random) -> DemoStore:
    try:
        return create_store(service.services, random)
    except errors.ServiceError as exc:
        raise NotReadyError(messages.render(exc, "en")) from exc


def _write_sample(directory: Path, photo: SamplePhoto) -> Path:
    path = directory.resolve() / "sample.jpg"
    path.write_bytes(photo.data)
    return path


def _context(
    settings: Settings, store: DemoStore, origin: str, link: str, received: Received
) -> DemoContext:
    say(
        "Fatrina · فترينة",
        f"A store with {len(store.products)} products is ready: merchant “{MERCHANT}”, "
        f"data directory {settings.data}, {settings.here}",
    )
    return DemoContext(
        address=settings.here,
        base=settings.base,
        keep_days=settings.keep_days,
        store=store,
        link=link,
        webhook_url=f"http://{origin}/hook",
        received=received,
        admin_token=settings.admin_token,
    )


def _present(context: DemoContext, sample: Path, links: list[str], random: Random) -> None:
    try:
        updates.present(context, random)
        emulator_tour.present(context, random)
    except (DemoError, OSError, HTTPException) as exc:
        say("", f"The demo stopped: {exc}")
    instructions.print_instructions(context, sample, links)
