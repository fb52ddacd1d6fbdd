"""The twin's controls: closed to all but the admin, and absent without one."""

import pytest

from tests.shop import ADMIN, Service, Shop
from tests.web.refusing import must_refuse

INDEX = "/_fatrina/"


def test_the_admin_sees_what_there_is_to_control(service: Service) -> None:
    answer = service.get(INDEX, authorization=f"Bearer {ADMIN}")
    assert (answer.status, answer.json["success"]) == (200, True)
    assert {"method": "GET", "path": INDEX, "summary": "What there is to control."} in answer.data


@pytest.mark.parametrize("token", ["", ADMIN[:-1], ADMIN + "s", "ü"])
def test_nobody_else_does(service: Service, token: str) -> None:
    must_refuse(service.get(INDEX, authorization=f"Bearer {token}"), 401, "token_invalid")


def test_a_shop_does_not(shop: Shop) -> None:
    must_refuse(shop.call("GET", INDEX), 401, "token_invalid")


def test_without_an_admin_token_there_are_no_controls(strict: Service) -> None:
    must_refuse(strict.get(INDEX, authorization=f"Bearer {ADMIN}"), 404, "missing")
