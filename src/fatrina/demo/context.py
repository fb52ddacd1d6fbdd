"""What every part of the demo needs: addresses, the store, tokens, received webhooks."""

from typing import NamedTuple

from fatrina.demo.origin_server import Received
from fatrina.demo.store import DemoStore


class DemoContext(NamedTuple):
    """The running service and its sample store."""

    address: str
    """URL of the service on this machine."""
    base: str
    """Beginning of all image URLs."""
    keep_days: float
    store: DemoStore
    link: str
    """URL of a photo on the origin server."""
    webhook_url: str
    """URL at which the origin server receives webhooks."""
    received: Received
    admin_token: str


class DemoError(Exception):
    """The service did not respond as expected."""
