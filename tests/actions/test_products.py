"""Create products with all their images or not at all; list, change and remove them."""

import pytest

from fatrina.actions import galleries, images, products
from fatrina.actions.images import AttachImage
from fatrina.actions.receiving import PhotoLink
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.adapters.database.products import ProductRow
from fatrina.domain import errors
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.pagination import Page
from fatrina.domain.renditions import ROLES
from fatrina.domain.types import MerchantId, Millis, TokenId
from fatrina.domain.views import ProductView
from tests.actions.store import PhotoImage, Store, digest, photo

STRANGER = Caller(MerchantId(2), "shop2", TokenId(1), frozenset({WRITE}))
EVERYTHING = Page(1, 60)


def publish(store: Store, *photos: bytes) -> list[tuple[Change, PhotoLink]]:
    """Publish photos on the stub network and return links to them."""
    urls = [f"https://user.example/{at}.jpg" for at in range(len(photos))]
    store.downloader.pages |= dict(zip(urls, photos, strict=True))
    return [(Change(), PhotoLink(url, f"images.{at}.original")) for at, url in enumerate(urls)]


def row_of(product: ProductView) -> ProductRow:
    return ProductRow(product.id, product.name, product.sku)


def rows(store: Store) -> list[ProductRow]:
    listed = products.list_products(store.services, store.caller, EVERYTHING)
    return [row_of(product) for product in listed.products]


# Create with images


def test_product_is_created_with_its_images(store: Store) -> None:
    pictures = publish(store, photo(1), photo(2), photo(3))
    pictures[1] = (Change(default=True, sort=-1, alt="two"), pictures[1][1])
    made = products.create(store.services, store.caller, "Vase", "v-1", pictures)
    assert made == products.details(store.services, store.caller, made.id)
    assert [*store.image_states(made.id).values()] == [
        (-1, True, "two", digest(photo(2))),
        (1, False, None, digest(photo(1))),
        (2, False, None, digest(photo(3))),
    ]
    assert [row["link"] for row in store.version_rows()] == [link.url for _, link in pictures]
    assert len(store.stored_keys()) == 3 * len(ROLES)
    store.check_consistency()


def test_last_of_several_defaults_wins(store: Store) -> None:
    pictures = [(Change(default=True), link) for _, link in publish(store, photo(1), photo(2))]
    made = products.create(store.services, store.caller, "Vase", None, pictures)
    assert [image.entry.default for image in made.images] == [False, True]


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_one_invalid_photo_prevents_the_creation(store: Store, bad: int) -> None:
    before = rows(store)
    photos = [photo(1), photo(2), photo(3)]
    photos[bad] = b"no photo"
    with pytest.raises(errors.PhotoNotAnImage) as refused:
        products.create(store.services, store.caller, "Vase", "v-1", publish(store, *photos))
    assert refused.value.field == f"images.{bad}.original"
    assert rows(store) == before
    assert not store.stored_keys()
    store.check_consistency()
    assert products.create(store.services, store.caller, "Vase", "v-1").sku == "v-1"


def test_disk_error_leaves_no_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put, puts = store.services.storage.put, iter([True, False])

    def failing(files: object) -> None:
        if not next(puts):
            raise OSError(5, "broken")
        put(files)  # type: ignore[arg-type]

    monkeypatch.setattr(store.services.storage, "put", failing)
    before = rows(store)
    with pytest.raises(OSError, match="broken"):
        products.create(
            store.services, store.caller, "Vase", None, publish(store, photo(1), photo(2))
        )
    assert (rows(store), store.stored_keys()) == (before, set())
    store.check_consistency()


def test_taken_sku_is_rejected_before_downloads(store: Store) -> None:
    products.create(store.services, store.caller, "A", "v-1")
    never = [(Change(), PhotoLink("https://nowhere.example/"))]
    with pytest.raises(errors.ValidationFailed):
        products.create(store.services, store.caller, "B", "v-1", never)
    with pytest.raises(errors.ValidationFailed) as refused:
        products.create(store.services, store.caller, "B", None, never * 11)
    assert [problem.field for problem in refused.value.field_errors] == ["product"]


def test_sku_taken_meanwhile_leaves_no_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = store.downloader.fetch

    def slowly(link: str, write: object) -> None:
        fetch(link, write)  # type: ignore[arg-type]
        products.create(store.services, store.caller, "first", "v-1")

    monkeypatch.setattr(store.downloader, "fetch", slowly)
    with pytest.raises(errors.ValidationFailed):
        products.create(store.services, store.caller, "second", "v-1", publish(store, photo(1)))
    assert [row.name for row in rows(store) if row.sku] == ["first"]
    assert not store.stored_keys()
    store.check_consistency()


# Find


def test_list_has_products_of_one_merchant_newest_first(store: Store) -> None:
    products.create(store.services, STRANGER, "theirs", None)
    made = []
    for name in ("one", "two", "three"):
        store.clock.now = Millis(store.clock.now + 1)
        made.append(row_of(products.create(store.services, store.caller, name, None)))
    image = store.attach(photo(1), product=made[1].id)
    film = store.attach_video(product=made[1].id)
    found = products.list_products(store.services, store.caller, Page(1, 3))
    assert [*map(row_of, found.products)] == made[::-1]
    assert found.total == 4
    assert [*map(PhotoImage.of, found.products[1].images[:1])] == [image]
    assert found.products[1].images[1:] == (film,)
    last = products.list_products(store.services, store.caller, Page(2, 3))
    assert [each.id for each in last.products] == [store.product]
    assert products.list_products(store.services, store.caller, Page(3, 3)).products == ()


def test_product_is_found_by_sku(store: Store) -> None:
    made = products.create(store.services, store.caller, "x", "س.1").id
    assert products.find_by_sku(store.services, store.caller, "س.1") == made
    for caller, sku in ((STRANGER, "س.1"), (store.caller, "س"), (store.caller, "")):
        with pytest.raises(errors.NotFound):
            products.find_by_sku(store.services, caller, sku)


# Change and remove


def test_update_changes_the_given_fields(store: Store) -> None:
    store.attach(photo(1))
    change = [
        ("Vase", None, ("Vase", None)),
        (None, "v-1", ("Vase", "v-1")),
        (None, None, ("Vase", "v-1")),
        ("Pot", "v-1", ("Pot", "v-1")),
        (None, "", ("Pot", None)),
    ]
    for name, sku, after in change:
        updated = products.update(store.services, store.caller, store.product, name, sku)
        assert row_of(updated)[:3] == (store.product, *after)
        assert updated == products.details(store.services, store.caller, store.product)
        assert len(updated.images) == 1


def test_sku_of_another_product_is_rejected(store: Store) -> None:
    products.create(store.services, store.caller, "x", "v-1")
    with pytest.raises(errors.ValidationFailed):
        products.update(store.services, store.caller, store.product, "new", "v-1")
    assert products.details(store.services, store.caller, store.product).name == "Lamp"


def test_removed_product_is_not_found_and_its_rows_are_kept(store: Store) -> None:
    products.update(store.services, store.caller, store.product, None, "v-1")
    image, film = store.attach(photo(1), Change(alt="one")), store.attach_video()
    store.clock.now = Millis(store.clock.now + 9)
    products.remove(store.services, store.caller, store.product)
    with store.upload(photo(2)) as new:
        for act in (
            lambda: products.details(store.services, store.caller, store.product),
            lambda: products.check_exists(store.services, store.caller, store.product),
            lambda: products.update(store.services, store.caller, store.product, "x", None),
            lambda: products.remove(store.services, store.caller, store.product),
            lambda: products.find_by_sku(store.services, store.caller, "v-1"),
            lambda: galleries.check_image(store.services, store.caller, image.entry.id),
            lambda: galleries.check_image(store.services, store.caller, film.entry.id),
            lambda: images.attach(
                store.services, store.caller, store.product, AttachImage(Change(), new)
            ),
            store.attach_video,
        ):
            with pytest.raises(errors.NotFound):
                act()
    assert rows(store) == []
    (version,) = store.version_rows()
    assert (version["retired_at"], version["alt"]) == (store.clock.now, "one")
    assert set(image.original.keys().values()) <= store.stored_keys()
    store.check_consistency()
    assert products.create(store.services, store.caller, "again", "v-1").id != store.product
    broom = Sweeper(store.services.database, store.services.storage, store.services.housekeeping)
    assert broom.sweep(Millis(store.clock.now + 9), Millis(5)) == SweepResult(1, 0)
    assert not store.stored_keys()


def test_product_of_another_merchant_is_not_found(store: Store) -> None:
    for act in (
        lambda: products.check_exists(store.services, STRANGER, store.product),
        lambda: products.update(store.services, STRANGER, store.product, "x", None),
        lambda: products.remove(store.services, STRANGER, store.product),
    ):
        with pytest.raises(errors.NotFound):
            act()
    assert [row[:3] for row in rows(store)] == [(store.product, "Lamp", None)]
