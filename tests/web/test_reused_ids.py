"""Requests in progress while a reset and a new seed assign their ids to another merchant."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import client, sample_photos
from tests.client import Body, Connection, encode_json, encode_multipart
from tests.stores import ADMIN_TOKEN, run_service

PRODUCT, IMAGE = 77, 901
FIRST, SECOND = "a-token-of-the-first", "a-token-of-the-second"
FORM = encode_multipart(photo=sample_photos.png(seed=61), alt="of the first merchant")
NAME = encode_json({"name": "of the first merchant"})
HOOK = encode_json({"name": "first", "event": "product.updated", "url": "https://first.example/"})
VIDEO_BODY = encode_json(
    {"video_url": "https://youtu.be/dQw4w9WgXcQ", "alt": "of the first merchant"}
)
NONE = Body(b"", "application/json")
REQUESTS: dict[str, tuple[str, str, Body]] = {
    "update": ("POST", f"/products/images/{IMAGE}", FORM),
    "attach": ("POST", f"/products/{PRODUCT}/images", FORM),
    "video": ("POST", f"/products/{PRODUCT}/video", VIDEO_BODY),
    "create": ("POST", "/products", NAME),
    "rename": ("PUT", f"/products/{PRODUCT}", NAME),
    "subscribe": ("POST", "/webhooks/subscribe", HOOK),
}


def seed_body(code: str, token: str, alt: str) -> Body:
    photo = base64.b64encode(sample_photos.png(seed=len(alt))).decode()
    product = {
        "id": PRODUCT,
        "name": alt,
        "sku": "A",
        "images": [{"id": IMAGE, "data": photo, "alt": alt}],
    }
    merchant = {
        "code": code,
        "tokens": [{"token": token, "scope": "products.read_write", "days": 1}],
        "products": [product],
    }
    return encode_json({"merchants": [merchant]})


def visible_data(call: Callable[..., Any], token: str) -> list[Any]:
    """Return everything that the new merchant can see."""
    return [
        call("GET", path, None, token).data
        for path in ("/admin/v2/products", f"/admin/v2/products/{PRODUCT}", "/admin/v2/webhooks")
    ]


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("again", ["another", "the same"])
def test_request_in_progress_does_not_change_the_new_merchant(
    tmp_path: Path, name: str, again: str
) -> None:
    method, path, body = REQUESTS[name]
    with run_service(tmp_path, admin_token=ADMIN_TOKEN) as service:

        def call(verb: str, target: str, sent: Body | None, token: str = ADMIN_TOKEN) -> Any:
            return client.request(service.port, verb, target, sent, authorization=f"Bearer {token}")

        assert call("POST", "/_fatrina/seed", seed_body("first", FIRST, "first")).status == 201
        head = client.encode_head(
            method,
            "/admin/v2" + path,
            {
                "Authorization": f"Bearer {FIRST}",
                "Content-Type": body.content_type,
                "Content-Length": str(len(body.data)),
                "Expect": "100-continue",
            },
        )
        with Connection(service.port) as connection:
            connection.send(head)
            # The service requests the body after it has authorized the request.
            assert connection.socket.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert call("POST", "/_fatrina/reset", NONE).status == 202
            code, token = ("second", SECOND) if again == "another" else ("first", FIRST)
            assert call("POST", "/_fatrina/seed", seed_body(code, token, "second")).status == 201
            before = visible_data(call, token)
            connection.send(body.data)
            assert connection.read_response(method).status in {401, 404}
        assert visible_data(call, token) == before
