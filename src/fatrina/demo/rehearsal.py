"""The rehearsal: a fault on order, the journal that tells why, and a webhook that arrives."""

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from queue import Empty
from random import Random
from secrets import token_urlsafe
from typing import Any, Final

from fatrina.demo import pictures
from fatrina.demo.client import Client
from fatrina.demo.show import API, FailedError, Stage, say, title
from fatrina.demo.supplier import Message

CONTROLS: Final = "/_fatrina"
_HOOKS: Final = "/admin/v2/webhooks"
_CREATED, _BUSY = 201, 503
_PATIENCE: Final = 10.0


def play(stage: Stage, chance: Random) -> None:
    """Have an update refused on order and tried again; read why, and hear of the change.

    Raises:
        FailedError: an answer is not what it should be, or nothing is heard.
        OSError, http.client.HTTPException: the service does not answer.
    """
    client, admin = Client(stage.here, stage.shop.token), Client(stage.here, stage.admin_token)
    title("4. Rehearse: a fault on order, a webhook", "عطل بالطلب وإشعار")
    secret = token_urlsafe()
    with _subscribed(client, stage, secret):
        _refused_once(stage, client, admin, chance)
        _why(admin)
        _heard(stage, secret)


@contextmanager
def _subscribed(client: Client, stage: Stage, secret: str) -> Iterator[None]:
    wanted = {
        "name": "demo",
        "event": "product.image.updated",
        "url": stage.hook,
        "secret": secret,
    }
    number = client.ask("POST", f"{_HOOKS}/subscribe", wanted).json["data"]["id"]
    try:
        yield
    finally:
        client.ask("DELETE", f"{_HOOKS}/unsubscribe?id={number}")


def _refused_once(stage: Stage, client: Client, admin: Client, chance: Random) -> None:
    fault = {"what": str(_BUSY), "path": f"{API}/images/*", "times": 1}
    say(f"POST {stage.here}{CONTROLS}/faults  {json.dumps(fault)}")
    admin.ask("POST", f"{CONTROLS}/faults", fault)
    path = f"{API}/images/{stage.shop.images['DALLAH']}"
    photo = pictures.snapshot("dallah", chance)
    for expected in (_BUSY, _CREATED):
        answer = client.update(path, {"photo": photo})
        say(f"POST {stage.here}{path}  → {answer.status}")
        if answer.status != expected:
            raise FailedError(f"a rehearsed update was answered with {answer.status}")


def _why(admin: Client) -> None:
    say("", "The journal knows why requests were refused:")
    for entry in admin.ask("GET", f"{CONTROLS}/requests?limit=20").json["data"]:
        words = "; ".join(each["words"] for each in entry["refused"])
        ordered = " (on order)" if entry["faults"] else ""
        if words:
            say(f"  {entry['status']} {entry['method']} {entry['path']}: {words}{ordered}")


def _heard(stage: Stage, secret: str) -> None:
    try:
        message = stage.heard.get(timeout=_PATIENCE)
    except Empty:
        raise FailedError("no webhook arrived") from None
    told: dict[str, Any] = json.loads(message.body)
    if not _is_genuine(message, secret):
        raise FailedError("a webhook's signature is wrong")
    image = told["data"]["main_image"]
    say("", f"A webhook arrived at {stage.hook}, its signature is genuine:")
    say(f"  {told['event']} · {told['created_at']} · image {image['id']} shows {image['url']}")


def _is_genuine(message: Message, secret: str) -> bool:
    expected = hmac.new(secret.encode(), message.body, sha256).hexdigest()
    return hmac.compare_digest(expected, message.headers.get("X-Salla-Signature", ""))
