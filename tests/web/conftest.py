"""What tests of the way in share."""

import pytest

from tests import sample_photos
from tests.stores import ImageInProduct, Service, Store


@pytest.fixture
def strict_image(strict_service: Service) -> ImageInProduct:
    """An image where photos have 200,000 bytes at most and clients must hurry."""
    return ImageInProduct.create(Store.create(strict_service), photo=sample_photos.png(seed=9))
