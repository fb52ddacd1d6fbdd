"""A connection that is lost at a commit: whether it succeeded or not, the action happens once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import Connection, PoolProxiedConnection, select

from fatrina.actions import images, products, rendering, storing
from fatrina.actions.receiving import IncomingPhoto, PhotoLink
from fatrina.actions.storing import StorageSection
from fatrina.actions.webhooks import subscriptions
from fatrina.adapters.database import Database, schema
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.domain.renditions import ROLES
from fatrina.domain.version import Version
from fatrina.domain.webhook import PRODUCT_UPDATED, Subscription
from fatrina.emulator import seeding
from fatrina.emulator.seeding import SeedImage, SeedMerchant, SeedProduct
from tests.actions.store import Pictured, Shop, digest, photo

Then = Callable[[], object]
OUTCOMES = pytest.mark.parametrize("succeeds", [True, False], ids=["committed", "rolled back"])


def nothing() -> None:
    """Nothing happens before the second transaction."""


@contextmanager
def losing(shop: Shop, *, succeeds: bool, then: Then = nothing, times: int = 1) -> Iterator[None]:
    """Lose the connection at the next commits; `then` is called before the transaction after."""
    database = shop.services.database
    dialect = database._writer.dialect
    commit, lost, thens = dialect.do_commit, list[object](), [then]

    def lose(connection: PoolProxiedConnection) -> None:
        if len(lost) == times:
            commit(connection)
            return
        lost.append(connection)
        commit(connection) if succeeds else dialect.do_rollback(connection)
        assert connection.dbapi_connection is not None
        connection.dbapi_connection.close()
        connection.dbapi_connection.commit()  # raises, as any use of a closed connection does

    @contextmanager
    def writing() -> Iterator[Connection]:
        if lost and thens:
            thens.pop()()
        with Database.writing(database) as tx:
            yield tx

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialect, "do_commit", lose)
        patch.setattr(database, "writing", writing)
        yield
    assert len(lost) == times


def count(shop: Shop, table: str) -> int:
    with shop.services.database.reading() as conn:
        return len(conn.execute(select(schema.metadata.tables[table])).all())


def store(shop: Shop, incoming: IncomingPhoto) -> Version:
    section = StorageSection(shop.services, ExitStack())
    with rendering.render(shop.services, incoming) as rendered:
        return storing.store(shop.services, rendered, "shop1", section)


@OUTCOMES
def test_an_update_happens_once(shop: Shop, *, succeeds: bool) -> None:
    image = shop.attach(photo(1)).entry.id
    subscriptions.subscribe(
        shop.services, shop.caller, Subscription("n", PRODUCT_UPDATED, "https://shop.test/")
    )
    with losing(shop, succeeds=succeeds):
        answer = shop.update(image, photo(2), Change(alt="new"))
    assert shop.shown()[image] == (1, True, "new", digest(photo(2)))
    assert answer.original.handle == shop.record(image)[-1]["handle"]
    assert answer.entry.alt == "new"
    assert len(shop.record(image)) == 2
    assert count(shop, "deliveries") == 1
    shop.must_be_clean()


def test_a_transaction_that_finds_its_own_image_shown_keeps_its_bytes(shop: Shop) -> None:
    image = shop.attach(photo(1)).entry.id
    with shop.arrived(photo(2)) as new:
        fresh = store(shop, new)
        for _ in range(3):
            images._commit(shop.services, shop.caller, image, Change(), new, fresh)
    assert shop.shown()[image].sha256 == digest(photo(2))
    assert len(shop.record(image)) == 2
    shop.must_be_clean()


@pytest.mark.parametrize("between", [3, 1])
def test_an_update_that_was_replaced_meanwhile_stays_replaced(shop: Shop, between: int) -> None:
    image = shop.attach(photo(1)).entry.id

    def replace() -> None:
        shop.update(image, photo(between), Change(alt="theirs"))

    with losing(shop, succeeds=True, then=replace):
        answer = shop.update(image, photo(2), Change(alt="ours"))
    assert shop.shown()[image][2:] == ("theirs", digest(photo(between)))
    assert answer.original.handle == shop.record(image)[1]["handle"]
    assert [row["sha256"] for row in shop.record(image)] == [
        digest(photo(seed)) for seed in (1, 2, between)
    ]
    shop.must_be_clean()


@OUTCOMES
def test_an_update_of_an_image_that_was_removed_meanwhile(shop: Shop, *, succeeds: bool) -> None:
    image = shop.attach(photo(1)).entry.id
    with (
        losing(shop, succeeds=succeeds, then=lambda: shop.remove(image)),
        pytest.raises(errors.NotFound),
    ):
        shop.update(image, photo(2))
    assert shop.shown() == {}
    # What is on record has its bytes; what may be on record has them until a sweep.
    assert shop.stored() >= shop.referenced()


@OUTCOMES
def test_the_same_bytes_as_shown_leave_nothing_behind(shop: Shop, *, succeeds: bool) -> None:
    image = shop.attach(photo(1)).entry.id
    with shop.arrived(photo(1)) as same:
        fresh = store(shop, same)
        with losing(shop, succeeds=succeeds):
            images._commit(shop.services, shop.caller, image, Change(alt="x"), same, fresh)
    assert shop.shown()[image] == (1, True, "x", digest(photo(1)))
    assert len(shop.record(image)) == 1
    shop.must_be_clean()


@OUTCOMES
def test_a_change_of_text_alone_is_left_to_the_client(shop: Shop, *, succeeds: bool) -> None:
    image = shop.attach(photo(1), Change(alt="old")).entry.id
    with losing(shop, succeeds=succeeds), pytest.raises(errors.DatabaseUnavailable):
        shop.update(image, None, Change(alt="new"))
    assert shop.shown()[image].alt == ("new" if succeeds else "old")
    shop.must_be_clean()


@OUTCOMES
def test_an_image_is_attached_once(shop: Shop, *, succeeds: bool) -> None:
    with losing(shop, succeeds=succeeds):
        image = shop.attach(photo(1), Change(alt="new"))
    assert shop.shown() == {image.entry.id: (1, True, "new", digest(photo(1)))}
    assert len(shop.record()) == 1
    shop.must_be_clean()


def test_an_image_that_was_removed_before_its_attaching_was_confirmed(shop: Shop) -> None:
    def remove() -> None:
        (image,) = shop.shown()
        shop.remove(image)

    with losing(shop, succeeds=True, then=remove), pytest.raises(errors.NotFound):
        shop.attach(photo(1))
    assert shop.shown() == {}
    shop.must_be_clean()


@OUTCOMES
def test_a_video_is_attached_once(shop: Shop, *, succeeds: bool) -> None:
    with losing(shop, succeeds=succeeds):
        film = shop.attach_video(Change(alt="film"))
    details = products.details(shop.services, shop.caller, shop.product)
    assert [each.entry for each in details.images] == [film.entry]
    assert count(shop, "images") == 1


@OUTCOMES
@pytest.mark.parametrize("pictures", [0, 2])
def test_a_product_is_created_once(shop: Shop, pictures: int, *, succeeds: bool) -> None:
    links = [f"https://user.example/{seed}.jpg" for seed in range(pictures)]
    shop.web.pages.update({link: photo(seed) for seed, link in enumerate(links)})
    before = count(shop, "products")
    with losing(shop, succeeds=succeeds):
        made = products.create(
            shop.services,
            shop.caller,
            "Vase",
            "V-1",
            [(Change(), PhotoLink(link)) for link in links],
        )
    assert made == products.details(shop.services, shop.caller, made.id)
    assert made.sku == "V-1"
    assert [Pictured.of(each).entry.default for each in made.images] == [True, False][:pictures]
    assert count(shop, "products") == before + 1
    assert len(shop.record()) == pictures
    shop.must_be_clean()


def test_a_product_that_was_removed_before_its_creation_was_confirmed(shop: Shop) -> None:
    def remove() -> None:
        product = products.find_by_sku(shop.services, shop.caller, "V-1")
        products.remove(shop.services, shop.caller, product)

    with losing(shop, succeeds=True, then=remove), pytest.raises(errors.NotFound):
        products.create(shop.services, shop.caller, "Vase", "V-1")


@OUTCOMES
def test_a_seed_keeps_the_bytes_that_it_may_have_committed(shop: Shop, *, succeeds: bool) -> None:
    picture = SeedImage("/", Change(), write_photo=lambda file: file.write(photo(1)))
    seed = [SeedMerchant("/", "shop1", products=[SeedProduct("/", "Lamp", images=[picture])])]
    with losing(shop, succeeds=succeeds), pytest.raises(errors.DatabaseUnavailable):
        seeding.seed(shop.services, seed, 1)
    assert len(shop.referenced()) == (len(ROLES) if succeeds else 0)
    assert shop.stored() >= shop.referenced()


def test_a_connection_that_is_lost_twice_is_an_outage(shop: Shop) -> None:
    image = shop.attach(photo(1)).entry.id
    with losing(shop, succeeds=False, times=2), pytest.raises(errors.DatabaseUnavailable):
        shop.update(image, photo(2))
    assert shop.shown()[image].sha256 == digest(photo(1))
    assert shop.stored() >= shop.referenced()
