"""Fixtures of the tests of the HTTP interface."""

import pytest

from tests import sample_photos
from tests.stores import ImageInProduct, Service, Store


@pytest.fixture
def strict_image(strict_service: Service) -> ImageInProduct:
    """A product with an image in the service with small limits and short timeouts."""
    return ImageInProduct.create(Store.create(strict_service), photo=sample_photos.png(seed=9))
