"""The emulator's features: an injected error, the request journal, a webhook that arrives."""

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from queue import Empty
from random import Random
from typing import Any, Final

from fatrina.actions.random_text import SECRET_LENGTH, random_text
from fatrina.demo import sample_photos
from fatrina.demo.client import Client
from fatrina.demo.context import DemoContext, DemoError
from fatrina.demo.origin_server import Message
from fatrina.demo.output import say, title
from fatrina.demo.updates import API

ADMIN: Final = "/_fatrina"
_WEBHOOKS: Final = "/admin/v2/webhooks"
_CREATED, _UNAVAILABLE = 201, 503
_TIMEOUT: Final = 10.0


def present(context: DemoContext, random: Random) -> None:
    """Inject an error, repeat the update, show why it failed, and receive a webhook.

    Raises:
        DemoError: a response is not as expected, or no webhook arrives.
        OSError, http.client.HTTPException: the service does not respond.
    """
    client = Client(context.address, context.store.token)
    admin = Client(context.address, context.admin_token)
    title("4. Test: an injected error, a webhook", "اختبار: عطل مفتعل وإشعار")
    secret = random_text(SECRET_LENGTH)
    with _subscription(client, context, secret):
        _fail_once(context, client, admin, random)
        _print_journal(admin)
        _print_webhook(context, secret)


@contextmanager
def _subscription(client: Client, context: DemoContext, secret: str) -> Iterator[None]:
    subscription = {
        "name": "demo",
        "event": "product.image.updated",
        "url": context.webhook_url,
        "secret": secret,
    }
    response = client.request("POST", f"{_WEBHOOKS}/subscribe", subscription)
    number = response.json["data"]["id"]
    try:
        yield
    finally:
        client.request("DELETE", f"{_WEBHOOKS}/unsubscribe?id={number}")


def _fail_once(context: DemoContext, client: Client, admin: Client, random: Random) -> None:
    fault = {"what": str(_UNAVAILABLE), "path": f"{API}/images/*", "times": 1}
    say(f"POST {context.address}{ADMIN}/faults  {json.dumps(fault)}")
    admin.request("POST", f"{ADMIN}/faults", fault)
    path = f"{API}/images/{context.store.images['DALLAH']}"
    photo = sample_photos.camera_photo("dallah", random)
    for expected in (_UNAVAILABLE, _CREATED):
        response = client.post_form(path, {"photo": photo})
        say(f"POST {context.address}{path}  → {response.status}")
        if response.status != expected:
            raise DemoError(f"an update returned {response.status} instead of {expected}")


def _print_journal(admin: Client) -> None:
    say("", "The request journal explains why requests were rejected:")
    for entry in admin.request("GET", f"{ADMIN}/requests?limit=20").json["data"]:
        reasons = "; ".join(each["words"] for each in entry["refused"])
        injected = " (injected)" if entry["faults"] else ""
        if reasons:
            say(f"  {entry['status']} {entry['method']} {entry['path']}: {reasons}{injected}")


def _print_webhook(context: DemoContext, secret: str) -> None:
    try:
        message = context.received.get(timeout=_TIMEOUT)
    except Empty:
        raise DemoError("no webhook arrived") from None
    event: dict[str, Any] = json.loads(message.body)
    if not _is_signature_valid(message, secret):
        raise DemoError("a webhook's signature is wrong")
    image = event["data"]["main_image"]
    say("", f"A webhook arrived at {context.webhook_url}, and its signature is valid:")
    say(f"  {event['event']} · {event['created_at']} · image {image['id']} shows {image['url']}")


def _is_signature_valid(message: Message, secret: str) -> bool:
    expected = hmac.new(secret.encode(), message.body, sha256).hexdigest()
    return hmac.compare_digest(expected, message.headers.get("X-Salla-Signature", ""))
