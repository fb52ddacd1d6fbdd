"""Products, tokens, pictures and ids."""

import pytest

from fatrina.actions import access, ids, media, products
from fatrina.actions.random_text import random_text
from fatrina.domain import errors
from fatrina.domain.access import READ, WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.renditions import HANDLE_LENGTH, ORIGINAL
from tests.actions.store import NOW, Shop, photo

STRANGER = Caller(2, "shop2", 1, frozenset({WRITE}))


def test_a_product_is_shown_with_its_images_in_order(shop: Shop) -> None:
    first, second = shop.attach(photo(1)), shop.attach(photo(2))
    shop.update(second.entry.id, None, Change(sort=-1))
    details = products.details(shop.services, shop.caller, shop.product)
    assert details.name == "Lamp"
    assert [image.entry.id for image in details.images] == [second.entry.id, first.entry.id]


def test_a_sku_is_taken_once_a_merchant(shop: Shop) -> None:
    made = products.create(shop.services, shop.caller, "A", "sku-1")
    with pytest.raises(errors.ValidationFailed) as refused:
        products.create(shop.services, shop.caller, "B", "sku-1")
    assert [problem.field for problem in refused.value.field_errors] == ["sku"]
    other = products.create(shop.services, STRANGER, "C", "sku-1")
    for caller, product in ((STRANGER, made), (shop.caller, other)):
        with pytest.raises(errors.NotFound):
            products.details(shop.services, caller, product.id)


def issued(shop: Shop, scope: str = WRITE, milliseconds: int = 1000) -> str:
    token = access.issue_token(shop.services.database, "shop1", scope, milliseconds, NOW)
    assert token is not None
    return token


def test_a_token_stands_for_its_merchant_until_it_expires(shop: Shop) -> None:
    token = issued(shop)
    assert access.authenticate(shop.services, token).merchant_code == "shop1"
    shop.clock.now = NOW + 1000
    with pytest.raises(errors.InvalidToken):
        access.authenticate(shop.services, token)


def test_a_revoked_token_works_no_more(shop: Shop) -> None:
    token = issued(shop)
    row = access.list_tokens(shop.services.database)[-1]
    assert token.startswith(row.hint)
    assert access.revoke_token(shop.services.database, row.id, NOW)
    with pytest.raises(errors.InvalidToken):
        access.authenticate(shop.services, token)
    assert not access.revoke_token(shop.services.database, row.id, NOW)
    assert not access.revoke_token(shop.services.database, 999, NOW)


@pytest.mark.parametrize("token", ["", "unknown", "x" * 10_000, "\0"])
def test_what_is_no_token(shop: Shop, token: str) -> None:
    with pytest.raises(errors.InvalidToken):
        access.authenticate(shop.services, token)


def test_a_token_reaches_its_scope_alone(shop: Shop) -> None:
    with pytest.raises(errors.InsufficientScope):
        access.authenticate(shop.services, issued(shop, READ)).require_scope(WRITE)


def test_merchants(shop: Shop) -> None:
    assert access.create_merchant(shop.services.database, "shop3", NOW)
    assert not access.create_merchant(shop.services.database, "shop3", NOW)
    assert access.issue_token(shop.services.database, "nobody", WRITE, 1, NOW) is None


def test_a_picture_is_opened_by_its_name(shop: Shop) -> None:
    code, _, name = shop.attach(photo(1)).original.key(ORIGINAL).partition("/")
    picture = media.open_image(shop.services, code, name)
    assert b"".join(picture.chunks(0, 2)) == b"\xff\xd8"
    picture.close()
    for merchant, other in (("shop2", name), (code, f"x{name}"), ("nobody", name)):
        with pytest.raises(errors.NotFound):
            media.open_image(shop.services, merchant, other)


def test_ids_are_new_and_fit_into_31_bits() -> None:
    asked: list[int] = []

    def taken(identifier: int) -> bool:
        asked.append(identifier)
        return len(asked) < 3

    assert ids.new_id(taken) == asked[2]
    assert all(10_000_000 <= each < 2**31 for each in asked)


def test_letters_make_names() -> None:
    made = {random_text(HANDLE_LENGTH) for _ in range(100)}
    assert len(made) == 100
    assert all(each.isascii() and each.isalnum() and len(each) == HANDLE_LENGTH for each in made)
