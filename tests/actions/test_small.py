"""Products, tokens, pictures and ids."""

import pytest

from fatrina.actions import access, ids, pictures, products
from fatrina.domain import errors
from fatrina.domain.access import READ, WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.random_text import random_text
from fatrina.domain.renditions import HANDLE, ORIGINAL
from tests.actions.shop import NOW, Shop, photo

STRANGER = Caller(2, "shop2", 1, frozenset({WRITE}))


def test_a_product_is_shown_with_its_images_in_order(shop: Shop) -> None:
    first, second = shop.attach(photo(1)), shop.attach(photo(2))
    shop.update(second.entry.id, None, Change(sort=-1))
    details = products.details(shop.parts, shop.caller, shop.product)
    assert details.row.name == "Lamp"
    assert [image.entry.id for image in details.images] == [second.entry.id, first.entry.id]


def test_a_sku_is_taken_once_a_merchant(shop: Shop) -> None:
    made = products.create(shop.parts, shop.caller, "A", "sku-1")
    with pytest.raises(errors.Invalid) as refused:
        products.create(shop.parts, shop.caller, "B", "sku-1")
    assert [problem.field for problem in refused.value.problems] == ["sku"]
    other = products.create(shop.parts, STRANGER, "C", "sku-1")
    for caller, product in ((STRANGER, made), (shop.caller, other)):
        with pytest.raises(errors.Missing):
            products.details(shop.parts, caller, product.row.id)


def issued(shop: Shop, scope: str = WRITE, milliseconds: int = 1000) -> str:
    token = access.issue(shop.parts.database, "shop1", scope, milliseconds, NOW)
    assert token is not None
    return token


def test_a_token_stands_for_its_merchant_until_it_expires(shop: Shop) -> None:
    token = issued(shop)
    assert access.identify(shop.parts, token).merchant == "shop1"
    shop.clock.now = NOW + 1000
    with pytest.raises(errors.TokenInvalid):
        access.identify(shop.parts, token)


def test_a_revoked_token_works_no_more(shop: Shop) -> None:
    token = issued(shop)
    row = access.listed(shop.parts.database)[-1]
    assert token.startswith(row.hint)
    assert access.revoke(shop.parts.database, row.id, NOW)
    with pytest.raises(errors.TokenInvalid):
        access.identify(shop.parts, token)
    assert not access.revoke(shop.parts.database, row.id, NOW)
    assert not access.revoke(shop.parts.database, 999, NOW)


@pytest.mark.parametrize("token", ["", "unknown", "x" * 10_000, "\0"])
def test_what_is_no_token(shop: Shop, token: str) -> None:
    with pytest.raises(errors.TokenInvalid):
        access.identify(shop.parts, token)


def test_a_token_reaches_its_scope_alone(shop: Shop) -> None:
    with pytest.raises(errors.ScopeMissing):
        access.identify(shop.parts, issued(shop, READ)).must(WRITE)


def test_merchants(shop: Shop) -> None:
    assert access.create_merchant(shop.parts.database, "shop3", NOW)
    assert not access.create_merchant(shop.parts.database, "shop3", NOW)
    assert access.issue(shop.parts.database, "nobody", WRITE, 1, NOW) is None


def test_a_picture_is_opened_by_its_name(shop: Shop) -> None:
    code, _, name = shop.attach(photo(1)).original.key(ORIGINAL).partition("/")
    picture = pictures.opened(shop.parts, code, name)
    assert b"".join(picture.pieces(0, 2)) == b"\xff\xd8"
    picture.close()
    for merchant, other in (("shop2", name), (code, f"x{name}"), ("nobody", name)):
        with pytest.raises(errors.Missing):
            pictures.opened(shop.parts, merchant, other)


def test_ids_are_new_and_fit_into_31_bits() -> None:
    asked: list[int] = []

    def taken(identifier: int) -> bool:
        asked.append(identifier)
        return len(asked) < 3

    assert ids.fresh(taken) == asked[2]
    assert all(10_000_000 <= each < 2**31 for each in asked)


def test_letters_make_names() -> None:
    made = {random_text(HANDLE) for _ in range(100)}
    assert len(made) == 100
    assert all(each.isascii() and each.isalnum() and len(each) == HANDLE for each in made)
