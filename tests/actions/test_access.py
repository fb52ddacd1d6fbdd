"""Products, tokens, stored images and ids."""

import pytest

from fatrina.actions import access, ids, media, products
from fatrina.actions.random_text import random_text
from fatrina.domain import errors
from fatrina.domain.access import READ, WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.renditions import HANDLE_LENGTH, ORIGINAL
from fatrina.domain.types import MerchantId, Millis, TokenId
from tests.actions.store import NOW, Store, photo

STRANGER = Caller(MerchantId(2), "shop2", TokenId(1), frozenset({WRITE}))


def test_product_details_list_images_in_order(store: Store) -> None:
    first, second = store.attach(photo(1)), store.attach(photo(2))
    store.update(second.entry.id, None, Change(sort=-1))
    details = products.details(store.services, store.caller, store.product)
    assert details.name == "Lamp"
    assert [image.entry.id for image in details.images] == [second.entry.id, first.entry.id]


def test_sku_is_unique_per_merchant(store: Store) -> None:
    made = products.create(store.services, store.caller, "A", "sku-1")
    with pytest.raises(errors.ValidationFailed) as refused:
        products.create(store.services, store.caller, "B", "sku-1")
    assert [problem.field for problem in refused.value.field_errors] == ["sku"]
    other = products.create(store.services, STRANGER, "C", "sku-1")
    for caller, product in ((STRANGER, made), (store.caller, other)):
        with pytest.raises(errors.NotFound):
            products.details(store.services, caller, product.id)


def issue_token(store: Store, scope: str = WRITE, lifetime: int = 1000) -> str:
    token = access.issue_token(store.services.database, "shop1", scope, Millis(lifetime), NOW)
    assert token is not None
    return token


def test_token_authenticates_its_merchant_until_it_expires(store: Store) -> None:
    token = issue_token(store)
    assert access.authenticate(store.services, token).merchant_code == "shop1"
    store.clock.now = Millis(NOW + 1000)
    with pytest.raises(errors.InvalidToken):
        access.authenticate(store.services, token)


def test_revoked_token_is_rejected(store: Store) -> None:
    token = issue_token(store)
    row = access.list_tokens(store.services.database)[-1]
    assert token.startswith(row.hint)
    assert access.revoke_token(store.services.database, row.id, NOW)
    with pytest.raises(errors.InvalidToken):
        access.authenticate(store.services, token)
    assert not access.revoke_token(store.services.database, row.id, NOW)
    assert not access.revoke_token(store.services.database, TokenId(999), NOW)


@pytest.mark.parametrize("token", ["", "unknown", "x" * 10_000, "\0"])
def test_invalid_tokens_are_rejected(store: Store, token: str) -> None:
    with pytest.raises(errors.InvalidToken):
        access.authenticate(store.services, token)


def test_token_allows_only_its_scope(store: Store) -> None:
    with pytest.raises(errors.InsufficientScope):
        access.authenticate(store.services, issue_token(store, READ)).require_scope(WRITE)


def test_merchants(store: Store) -> None:
    assert access.create_merchant(store.services.database, "shop3", NOW)
    assert not access.create_merchant(store.services.database, "shop3", NOW)
    assert access.issue_token(store.services.database, "nobody", WRITE, Millis(1), NOW) is None


def test_stored_image_is_opened_by_its_name(store: Store) -> None:
    code, _, name = store.attach(photo(1)).original.key(ORIGINAL).partition("/")
    picture = media.open_image(store.services, code, name)
    assert b"".join(picture.chunks(0, 2)) == b"\xff\xd8"
    picture.close()
    for merchant, other in (("shop2", name), (code, f"x{name}"), ("nobody", name)):
        with pytest.raises(errors.NotFound):
            media.open_image(store.services, merchant, other)


def test_ids_are_unique_and_fit_into_31_bits() -> None:
    asked: list[int] = []

    def taken(identifier: int) -> bool:
        asked.append(identifier)
        return len(asked) < 3

    assert ids.new_id(taken) == asked[2]
    assert all(10_000_000 <= each < 2**31 for each in asked)


def test_random_names_contain_letters() -> None:
    made = {random_text(HANDLE_LENGTH) for _ in range(100)}
    assert len(made) == 100
    assert all(each.isascii() and each.isalnum() and len(each) == HANDLE_LENGTH for each in made)
