"""What tests of the way in share."""

import pytest

from tests import sample_photos
from tests.stores import Hung, Service, Shop


@pytest.fixture
def small(strict: Service) -> Hung:
    """An image where photos have 200,000 bytes at most and clients must hurry."""
    return Hung.up(Shop.open(strict), photo=sample_photos.png(seed=9))
