"""Products: made with all their images or not at all, listed, changed, removed."""

import pytest

from fatrina.actions import images, products
from fatrina.actions.images import AttachImage
from fatrina.actions.receiving import PhotoLink
from fatrina.actions.sweep import Sweeper, SweepResult
from fatrina.adapters.database.products import ProductRow
from fatrina.domain import errors
from fatrina.domain.access import WRITE, Caller
from fatrina.domain.gallery import Change
from fatrina.domain.pagination import Page
from fatrina.domain.renditions import ROLES
from fatrina.domain.views import ProductView
from tests.actions.store import Pictured, Shop, digest, photo

STRANGER = Caller(2, "shop2", 1, frozenset({WRITE}))
EVERYTHING = Page(1, 60)


def linked(shop: Shop, *photos: bytes) -> list[tuple[Change, PhotoLink]]:
    """Put photos on the web; give links to them."""
    urls = [f"https://user.example/{at}.jpg" for at in range(len(photos))]
    shop.web.pages |= dict(zip(urls, photos, strict=True))
    return [(Change(), PhotoLink(url, f"images.{at}.original")) for at, url in enumerate(urls)]


def row_of(product: ProductView) -> ProductRow:
    return ProductRow(product.id, product.name, product.sku)


def rows(shop: Shop) -> list[ProductRow]:
    listed = products.list_products(shop.services, shop.caller, EVERYTHING)
    return [row_of(product) for product in listed.products]


# Create with images


def test_a_product_is_made_with_its_images(shop: Shop) -> None:
    pictures = linked(shop, photo(1), photo(2), photo(3))
    pictures[1] = (Change(default=True, sort=-1, alt="two"), pictures[1][1])
    made = products.create(shop.services, shop.caller, "Vase", "v-1", pictures)
    assert made == products.details(shop.services, shop.caller, made.id)
    assert [*shop.shown(made.id).values()] == [
        (-1, True, "two", digest(photo(2))),
        (1, False, None, digest(photo(1))),
        (2, False, None, digest(photo(3))),
    ]
    assert [row["link"] for row in shop.record()] == [link.url for _, link in pictures]
    assert len(shop.stored()) == 3 * len(ROLES)
    shop.must_be_clean()


def test_of_several_defaults_the_last_wins(shop: Shop) -> None:
    pictures = [(Change(default=True), link) for _, link in linked(shop, photo(1), photo(2))]
    made = products.create(shop.services, shop.caller, "Vase", None, pictures)
    assert [image.entry.default for image in made.images] == [False, True]


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_one_bad_photo_and_nothing_is_made(shop: Shop, bad: int) -> None:
    before = rows(shop)
    photos = [photo(1), photo(2), photo(3)]
    photos[bad] = b"no photo"
    with pytest.raises(errors.PhotoNotAnImage) as refused:
        products.create(shop.services, shop.caller, "Vase", "v-1", linked(shop, *photos))
    assert refused.value.field == f"images.{bad}.original"
    assert rows(shop) == before
    assert not shop.stored()
    shop.must_be_clean()
    assert products.create(shop.services, shop.caller, "Vase", "v-1").sku == "v-1"


def test_a_fault_of_the_disk_leaves_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    put, puts = shop.services.storage.put, iter([True, False])

    def failing(files: object) -> None:
        if not next(puts):
            raise OSError(5, "broken")
        put(files)  # type: ignore[arg-type]

    monkeypatch.setattr(shop.services.storage, "put", failing)
    before = rows(shop)
    with pytest.raises(OSError, match="broken"):
        products.create(shop.services, shop.caller, "Vase", None, linked(shop, photo(1), photo(2)))
    assert (rows(shop), shop.stored()) == (before, set())
    shop.must_be_clean()


def test_a_sku_taken_costs_no_download(shop: Shop) -> None:
    products.create(shop.services, shop.caller, "A", "v-1")
    never = [(Change(), PhotoLink("https://nowhere.example/"))]
    with pytest.raises(errors.ValidationFailed):
        products.create(shop.services, shop.caller, "B", "v-1", never)
    with pytest.raises(errors.ValidationFailed) as refused:
        products.create(shop.services, shop.caller, "B", None, never * 11)
    assert [problem.field for problem in refused.value.field_errors] == ["product"]


def test_a_sku_taken_meanwhile_leaves_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = shop.web.fetch

    def slowly(link: str, write: object) -> None:
        fetch(link, write)  # type: ignore[arg-type]
        products.create(shop.services, shop.caller, "first", "v-1")

    monkeypatch.setattr(shop.web, "fetch", slowly)
    with pytest.raises(errors.ValidationFailed):
        products.create(shop.services, shop.caller, "second", "v-1", linked(shop, photo(1)))
    assert [row.name for row in rows(shop) if row.sku] == ["first"]
    assert not shop.stored()
    shop.must_be_clean()


# Find


def test_lists_are_of_one_merchant_the_newest_first(shop: Shop) -> None:
    products.create(shop.services, STRANGER, "theirs", None)
    made = []
    for name in ("one", "two", "three"):
        shop.clock.now += 1
        made.append(row_of(products.create(shop.services, shop.caller, name, None)))
    image = shop.attach(photo(1), product=made[1].id)
    film = shop.attach_video(product=made[1].id)
    found = products.list_products(shop.services, shop.caller, Page(1, 3))
    assert [*map(row_of, found.products)] == made[::-1]
    assert found.total == 4
    assert [*map(Pictured.of, found.products[1].images[:1])] == [image]
    assert found.products[1].images[1:] == (film,)
    last = products.list_products(shop.services, shop.caller, Page(2, 3))
    assert [each.id for each in last.products] == [shop.product]
    assert products.list_products(shop.services, shop.caller, Page(3, 3)).products == ()


def test_by_sku(shop: Shop) -> None:
    made = products.create(shop.services, shop.caller, "x", "س.1").id
    assert products.find_by_sku(shop.services, shop.caller, "س.1") == made
    for caller, sku in ((STRANGER, "س.1"), (shop.caller, "س"), (shop.caller, "")):
        with pytest.raises(errors.NotFound):
            products.find_by_sku(shop.services, caller, sku)


# Change and remove


def test_what_is_mentioned_changes(shop: Shop) -> None:
    shop.attach(photo(1))
    change = [
        ("Vase", None, ("Vase", None)),
        (None, "v-1", ("Vase", "v-1")),
        (None, None, ("Vase", "v-1")),
        ("Pot", "v-1", ("Pot", "v-1")),
        (None, "", ("Pot", None)),
    ]
    for name, sku, after in change:
        updated = products.update(shop.services, shop.caller, shop.product, name, sku)
        assert row_of(updated) == (shop.product, *after)
        assert updated == products.details(shop.services, shop.caller, shop.product)
        assert len(updated.images) == 1


def test_a_sku_of_another_product_is_not_given(shop: Shop) -> None:
    products.create(shop.services, shop.caller, "x", "v-1")
    with pytest.raises(errors.ValidationFailed):
        products.update(shop.services, shop.caller, shop.product, "new", "v-1")
    assert products.details(shop.services, shop.caller, shop.product).name == "Lamp"


def test_a_removed_product_is_gone_and_its_record_stays(shop: Shop) -> None:
    products.update(shop.services, shop.caller, shop.product, None, "v-1")
    image, film = shop.attach(photo(1), Change(alt="one")), shop.attach_video()
    shop.clock.now += 9
    products.remove(shop.services, shop.caller, shop.product)
    with shop.arrived(photo(2)) as new:
        for act in (
            lambda: products.details(shop.services, shop.caller, shop.product),
            lambda: products.check_exists(shop.services, shop.caller, shop.product),
            lambda: products.update(shop.services, shop.caller, shop.product, "x", None),
            lambda: products.remove(shop.services, shop.caller, shop.product),
            lambda: products.find_by_sku(shop.services, shop.caller, "v-1"),
            lambda: images.check_exists(shop.services, shop.caller, image.entry.id),
            lambda: images.check_exists(shop.services, shop.caller, film.entry.id),
            lambda: images.attach(
                shop.services, shop.caller, shop.product, AttachImage(Change(), new)
            ),
            shop.attach_video,
        ):
            with pytest.raises(errors.NotFound):
                act()
    assert rows(shop) == []
    (version,) = shop.record()
    assert (version["retired_at"], version["alt"]) == (shop.clock.now, "one")
    assert set(image.original.keys().values()) <= shop.stored()
    shop.must_be_clean()
    assert products.create(shop.services, shop.caller, "again", "v-1").id != shop.product
    broom = Sweeper(shop.services.database, shop.services.storage, shop.services.housekeeping)
    assert broom.sweep(shop.clock.now + 9, 5) == SweepResult(1, 0)
    assert not shop.stored()


def test_anothers_product_is_not_there(shop: Shop) -> None:
    for act in (
        lambda: products.check_exists(shop.services, STRANGER, shop.product),
        lambda: products.update(shop.services, STRANGER, shop.product, "x", None),
        lambda: products.remove(shop.services, STRANGER, shop.product),
    ):
        with pytest.raises(errors.NotFound):
            act()
    assert rows(shop) == [(shop.product, "Lamp", None)]
