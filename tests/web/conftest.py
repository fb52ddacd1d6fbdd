"""What tests of the way in share."""

import pytest

from tests import drawn
from tests.shop import Hung, Service, Shop


@pytest.fixture
def small(strict: Service) -> Hung:
    """An image where photos have 200,000 bytes at most and clients must hurry."""
    return Hung.up(Shop.open(strict), photo=drawn.png(seed=9))
