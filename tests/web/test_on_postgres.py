"""Tests of galleries, products, updates and videos, on PostgreSQL.

`scripts/test tests/web --database=postgres` runs all tests of the HTTP interface on it.
"""
# ruff: noqa: F403 -- pytest collects the imported tests with the fixtures of this module

import pytest

from tests.stores import Service
from tests.web.test_gallery import *
from tests.web.test_products import *
from tests.web.test_update import *
from tests.web.test_videos import *


@pytest.fixture(scope="session")
def service(postgres_service: Service) -> Service:
    """The service on PostgreSQL, in which the imported tests create their stores."""
    return postgres_service
