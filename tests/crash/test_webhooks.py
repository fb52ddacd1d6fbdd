"""A service killed between the response to an update and the delivery of its event."""

import socket
from pathlib import Path
from typing import Final

from tests import sample_photos
from tests.endurance.service import Client, Server, command
from tests.waiting import wait_until
from tests.webhook_receiver import run_receiver

SETTINGS: Final = {
    "download_allow": "127.0.0.1",
    "webhook_pause": "0",
    "decoders": "1",
}
COUNT: Final = 12


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_events_are_delivered_in_order_after_kills(tmp_path: Path) -> None:
    data, log, port = tmp_path / "data", tmp_path / "log", free_port()
    command(data, "merchant", "create", "shop1")
    client = Client(port, command(data, "token", "create", "--merchant", "shop1"))
    with run_receiver() as receiver:
        receiver.delay_seconds = 0.05
        server = Server(data, port, log, **SETTINGS)
        product_id = client.send("products", name="cup").data["id"]
        image_id = client.send(f"products/{product_id}/images", sample_photos.png()).data["id"]
        subscription = {"name": "n", "event": "product.image.updated", "url": receiver.url}
        assert client.send("webhooks/subscribe", None, **subscription).status == 200
        for number in range(COUNT):
            response = client.send(f"products/images/{image_id}", alt=f"text {number:02}")
            assert response.status == 201
            if number % 4 == 3:
                server.kill()
                server = Server(data, port, log, **SETTINGS)
        receiver.wait_for(1)
        wait_until(lambda: _alt_text(receiver.received[-1].json) == f"text {COUNT - 1:02}", 20)
        assert server.stop() == 0
        texts = [_alt_text(event.json) for event in receiver.received]
    assert list(dict.fromkeys(texts)) == [f"text {number:02}" for number in range(COUNT)]
    assert texts == sorted(texts)


def _alt_text(message: dict[str, dict[str, list[dict[str, str]]]]) -> str:
    return message["data"]["images"][0]["alt"]
