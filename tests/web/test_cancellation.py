"""Uploads whose client closes the connection before a decoder is free."""

from contextlib import ExitStack

from sqlalchemy import func, select

from fatrina.adapters.database import schema
from tests import sample_photos
from tests.client import multipart
from tests.stores import Hung, until

CLIENTS = 6


def versions(hung: Hung) -> int:
    """Count the versions that the image has had."""
    column = schema.versions.c.image_id
    with hung.shop.service.services.database.reading() as conn:
        return conn.scalar(select(func.count()).where(column == hung.id)) or 0


def test_uploads_of_clients_that_left_are_not_decoded(hung: Hung) -> None:
    decoders = hung.shop.service.services.decoders
    with ExitStack() as lent:
        for _ in decoders.pids:
            lent.enter_context(decoders.acquire())
        for seed in range(CLIENTS):
            form = multipart(photo=sample_photos.png(seed=100 + seed))
            with hung.shop.line() as line:
                line.send(hung.head(len(form.data), form.kind) + form.data)
                until(lambda wanted=seed + 1: decoders.waiting == wanted)
        until(lambda: decoders.waiting == CLIENTS)
        # The event loop has seen each end before this request, which it answers.
        hung.shop.details(hung.product)
    hung.must_be_whole()
    until(lambda: decoders.waiting == 0)
    assert versions(hung) == 1
