"""Uploads whose client closes the connection before a decoder is free."""

from contextlib import ExitStack

from sqlalchemy import func, select

from fatrina.adapters.database import schema
from tests import sample_photos
from tests.client import encode_multipart
from tests.stores import ImageInProduct
from tests.waiting import wait_until

CLIENTS = 6


def count_versions(image_in_product: ImageInProduct) -> int:
    """Return the number of versions of the image."""
    column = schema.versions.c.image_id
    with image_in_product.store.service.services.database.reading() as conn:
        return conn.scalar(select(func.count()).where(column == image_in_product.id)) or 0


def test_uploads_of_disconnected_clients_are_not_decoded(image_in_product: ImageInProduct) -> None:
    decoders = image_in_product.store.service.services.decoders
    with ExitStack() as lent:
        for _ in decoders.pids:
            lent.enter_context(decoders.acquire())
        for seed in range(CLIENTS):
            form = encode_multipart(photo=sample_photos.png(seed=100 + seed))
            with image_in_product.store.connect() as connection:
                connection.send(
                    image_in_product.request_head(len(form.data), form.content_type) + form.data
                )
                wait_until(lambda wanted=seed + 1: decoders.waiting == wanted)
        wait_until(lambda: decoders.waiting == CLIENTS)
        # When the event loop responds to this request, it has noticed every disconnect.
        image_in_product.store.product_details(image_in_product.product_id)
    image_in_product.check_unchanged()
    wait_until(lambda: decoders.waiting == 0)
    assert count_versions(image_in_product) == 1
