"""Outgoing HTTP: download linked photos and send webhooks, to allowed addresses only."""

from fatrina.adapters.http_client.downloader import Downloader, Sink
from fatrina.adapters.http_client.webhook_sender import WebhookSender

__all__ = ["Downloader", "Sink", "WebhookSender"]
