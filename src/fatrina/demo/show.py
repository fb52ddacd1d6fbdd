"""The show: updates by file and by link over real HTTP, told line by line."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any, Final, NamedTuple

from fatrina.demo import pictures
from fatrina.demo.client import Answer, Client
from fatrina.demo.pictures import Drawn
from fatrina.demo.shop import Shop
from fatrina.demo.supplier import Heard

API: Final = "/admin/v2/products"
_CREATED: Final = 201
_WIDTH: Final = 78

Fields = Mapping[str, str | Drawn]


class Stage(NamedTuple):
    """Where the show takes place."""

    here: str
    """Where the service answers on this machine."""
    base: str
    """What its pictures' URLs begin with."""
    keep_days: float
    shop: Shop
    link: str
    """A photo on the supplier's site."""
    hook: str
    """Where the supplier hears of changes."""
    heard: Heard
    admin_token: str


class FailedError(Exception):
    """The service did not answer as it should."""


def say(*lines: str) -> None:
    """Print at once: whoever watches a file or a pipe sees it too."""
    for line in lines:
        print(line, flush=True)  # noqa: T201  it is a show


def play(stage: Stage, chance: Random) -> None:
    """Swap a picture by file and another by link, then have a broken one refused.

    Raises:
        FailedError: an answer is not what it should be.
        OSError, http.client.HTTPException: the service does not answer.
    """
    client = Client(stage.here, stage.shop.token)
    _by_file(stage, client, pictures.snapshot("dallah", chance))
    _by_link(stage, client)
    _broken(stage, client, pictures.snapshot("dallah", chance))


def _by_file(stage: Stage, client: Client, photo: Drawn) -> None:
    title("1. Update an image by file", "تحديث صورة بملف")
    old = _url(stage, client, "DALLAH")
    fields: Fields = {
        "photo": photo,
        "default": "1",
        "sort": "1",
        "alt": "دلّة قهوة عربية، لون جديد",
    }
    urls = _updated(stage, client, "DALLAH", fields)
    served = client.look(_path(stage, urls["original"]))
    say(f"The photo told:    {pictures.tells(photo.data)}")
    say(f"The original says: {pictures.tells(served.body)}")
    _still(stage, client, old)


def _by_link(stage: Stage, client: Client) -> None:
    title("2. Update an image by link", "تحديث صورة برابط")
    old = _url(stage, client, "LANTERN")
    fields: Fields = {"photo": stage.link, "alt": "Lantern, as the supplier shows it"}
    _updated(stage, client, "LANTERN", fields)
    _still(stage, client, old)


def _broken(stage: Stage, client: Client, photo: Drawn) -> None:
    title("3. Send half a photo: nothing changes", "نصف صورة لا يغيّر شيئًا")
    old = _url(stage, client, "DALLAH")
    half = photo._replace(data=photo.data[: len(photo.data) // 2], about="the first half of a JPEG")
    answer = _sent(stage, client, "DALLAH", {"photo": half, "alt": "غير موجود"})
    if answer.status == _CREATED or _url(stage, client, "DALLAH") != old:
        raise FailedError("half a photo was taken")
    say(f"The image shows what it showed: {old}")


def _updated(stage: Stage, client: Client, sku: str, fields: Fields) -> dict[str, str]:
    answer = _sent(stage, client, sku, fields)
    if answer.status != _CREATED:
        raise FailedError(f"an update was answered with {answer.status}")
    image: dict[str, Any] = answer.json["data"]["image"]
    urls = {role: picture["url"] for role, picture in image.items()}
    say("Its four pictures, fetched:")
    for role, url in urls.items():
        got = client.look(_path(stage, url))
        say(f"  {role:<20} {got.status} {got.kind:<10} {len(got.body):>9,} bytes  {url}")
    say("")
    return urls


def _sent(stage: Stage, client: Client, sku: str, fields: Fields) -> Answer:
    path = f"{API}/images/{stage.shop.images[sku]}"
    say(f"POST {stage.here}{path}")
    for name, value in fields.items():
        shown = value if isinstance(value, str) else f"{len(value.data):,} bytes: {value.about}"
        say(f"  {name:<8} {shown}")
    answer = client.update(path, fields)
    say("", f"→ {answer.status} in {answer.milliseconds} ms")
    say(json.dumps(answer.json, ensure_ascii=False, indent=2), "")
    return answer


def _url(stage: Stage, client: Client, sku: str) -> str:
    """What the first image of a product shows now."""
    shown = client.look(f"{API}/{stage.shop.products[sku]}").json["data"]["images"]
    mine = stage.shop.images[sku]
    return next(str(image["url"]) for image in shown if image["id"] == mine)


def _still(stage: Stage, client: Client, old: str) -> None:
    status = client.look(_path(stage, old)).status
    say(f"The old URL goes on working for {stage.keep_days:g} days: {status} {old}")


def _path(stage: Stage, url: str) -> str:
    return url.removeprefix(stage.base)


def title(english: str, arabic: str) -> None:
    """Announce a scene in both languages."""
    words = f"── {english} · {arabic} "
    say("", words + "─" * (_WIDTH - len(words)), "")
