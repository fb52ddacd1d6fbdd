"""The demonstration: a small shop, drawn on the spot, whose pictures are swapped as you watch."""

import shlex
from http.client import HTTPException
from pathlib import Path
from random import Random
from secrets import token_urlsafe
from threading import Thread
from typing import Final

from fatrina import app, serving
from fatrina.demo import pictures, rehearsal, show
from fatrina.demo.pictures import Drawn
from fatrina.demo.rehearsal import CONTROLS
from fatrina.demo.shop import MERCHANT, Shop, opened
from fatrina.demo.show import API, Stage, say
from fatrina.demo.supplier import Heard, supplier
from fatrina.domain import errors, messages
from fatrina.settings import Settings

_LINKED: Final = ("lantern", "shirt", "cup")


def run(settings: Settings) -> None:
    """Open the shop, play the show, and go on serving until stopped.

    Raises:
        app.NotReadyError: the folder or the machine is not fit for it.
        OSError: the address or the folder cannot be had.
    """
    chance = Random()  # noqa: S311  colours
    photos = [pictures.shop_photo(name, chance) for name in _LINKED]
    heard = Heard()
    with supplier({photo.file: photo.data for photo in photos}, heard) as site:
        settings = settings.model_copy(
            update={
                "download_allow": (*settings.download_allow, site),
                "admin_token": settings.admin_token or token_urlsafe(),
            }
        )

        def ready(service: app.Service, settings: Settings) -> None:
            shop = _shop(service, chance)
            sample = _sample(settings.data, pictures.snapshot("cup", chance))
            links = [f"http://{site}/{photo.file}" for photo in photos]
            args = (_stage(settings, shop, site, links[0], heard), sample, links, chance)
            Thread(target=_perform, args=args, name="show", daemon=True).start()

        serving.serve(settings, ready)


def _shop(service: app.Service, chance: Random) -> Shop:
    try:
        return opened(service.parts, chance)
    except errors.Refusal as refusal:
        raise app.NotReadyError(messages.word(refusal, "en")) from refusal


def _sample(folder: Path, photo: Drawn) -> Path:
    path = folder.resolve() / "sample.jpg"
    path.write_bytes(photo.data)
    return path


def _stage(settings: Settings, shop: Shop, site: str, link: str, heard: Heard) -> Stage:
    say(
        "Fatrina · فترينة",
        f"A shop of {len(shop.products)} products is open: merchant “{MERCHANT}”, "
        f"folder {settings.data}, {settings.here}",
    )
    return Stage(
        here=settings.here,
        base=settings.base,
        keep_days=settings.keep_days,
        shop=shop,
        link=link,
        hook=f"http://{site}/hook",
        heard=heard,
        admin_token=settings.admin_token,
    )


def _perform(stage: Stage, sample: Path, links: list[str], chance: Random) -> None:
    try:
        show.play(stage, chance)
        rehearsal.play(stage, chance)
    except (show.FailedError, OSError, HTTPException) as fault:
        say("", f"The show broke off: {fault}")
    _invite(stage, sample, links)


def _invite(stage: Stage, sample: Path, links: list[str]) -> None:
    say("", "── Your turn · دورك " + "─" * 58, "")
    for title, sku, fields in (
        ("Swap the vase's picture by file:", "VASE", (_file(sample), "alt=كوب قهوة")),
        ("Swap the shirt's picture by link:", "SHIRT", (f"photo={links[1]}", "default=1")),
    ):
        say(title, "", _curl(stage, f"/images/{stage.shop.images[sku]}", fields), "")
    say("See a product with its images:", "")
    say(_curl(stage, f"/{stage.shop.products['VASE']}", ()), "")
    say("Have the next update refused, and read why:", "")
    say(_control(stage, "/faults", ("what=503", f"path={API}/images/*")), "")
    say(_control(stage, "/requests?status=503", ()), "")
    say(
        "Bytes that an image shows already keep its URLs; any picture of yours will do as well.",
        f"The token works for a day. The API is described at {stage.here}/docs",
        "",
        f"Fatrina goes on serving at {stage.here} until you press Ctrl-C.",
    )


def _curl(stage: Stage, path: str, fields: tuple[str, ...]) -> str:
    return _asked(stage.here + API + path, stage.shop.token, fields)


def _control(stage: Stage, path: str, fields: tuple[str, ...]) -> str:
    return _asked(stage.here + CONTROLS + path, stage.admin_token, fields)


def _asked(url: str, token: str, fields: tuple[str, ...]) -> str:
    lines = [
        f"curl -sS {shlex.quote(url)}",
        f"-H {shlex.quote(f'Authorization: Bearer {token}')}",
        *(f"-F {shlex.quote(field)}" for field in fields),
    ]
    return " \\\n     ".join(lines) + " | python3 -m json.tool --no-ensure-ascii"


def _file(path: Path) -> str:
    """A file as curl's -F reads it, whatever its path holds."""
    name = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'photo=@"{name}"'
