"""A connection lost during a commit: the action happens once, whether or not it succeeded."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import Connection, PoolProxiedConnection, select

from fatrina.actions import images, products, rendering, storing
from fatrina.actions.images import UpdateImage
from fatrina.actions.receiving import IncomingPhoto, PhotoLink
from fatrina.actions.storing import StorageSection
from fatrina.actions.webhooks import subscriptions
from fatrina.adapters.database import schema
from fatrina.domain import errors
from fatrina.domain.gallery import Change
from fatrina.domain.renditions import ROLES
from fatrina.domain.types import ImageId
from fatrina.domain.version import Version
from fatrina.domain.webhook import PRODUCT_UPDATED, Subscription
from fatrina.emulator import seeding
from fatrina.emulator.seed_records import Seed, SeedImage, SeedMerchant, SeedProduct
from tests.actions.store import PhotoImage, Store, digest, photo

Then = Callable[[], object]
OUTCOMES = pytest.mark.parametrize("succeeds", [True, False], ids=["committed", "rolled back"])


def do_nothing() -> None:
    """Do nothing before the second transaction."""


@contextmanager
def lose_connection(
    store: Store, *, succeeds: bool, then: Then = do_nothing, times: int = 1
) -> Iterator[None]:
    """Lose the connection at the next `times` commits; call `then` before the transaction after."""
    database = store.services.database
    dialect = database.engines[-1].dialect
    commit, lost, callbacks = dialect.do_commit, list[object](), [then]

    def lose(connection: PoolProxiedConnection) -> None:
        if len(lost) == times:
            commit(connection)
            return
        lost.append(connection)
        commit(connection) if succeeds else dialect.do_rollback(connection)
        assert connection.dbapi_connection is not None
        connection.dbapi_connection.close()
        connection.dbapi_connection.commit()  # raises, because the connection is closed

    begin = database.writing

    @contextmanager
    def writing(*, bulk: bool = False) -> Iterator[Connection]:
        if lost and callbacks:
            callbacks.pop()()
        with begin(bulk=bulk) as tx:
            yield tx

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialect, "do_commit", lose)
        patch.setattr(database, "writing", writing)
        yield
    assert len(lost) == times


def count(store: Store, table: str) -> int:
    with store.services.database.reading() as conn:
        return len(conn.execute(select(schema.metadata.tables[table])).all())


def store_photo(store: Store, incoming: IncomingPhoto) -> Version:
    section = StorageSection(store.services, ExitStack())
    with rendering.render(store.services, incoming) as rendered:
        return storing.store(store.services, rendered, "shop1", section)


@OUTCOMES
def test_update_happens_exactly_once(store: Store, *, succeeds: bool) -> None:
    image = store.attach(photo(1)).entry.id
    subscriptions.subscribe(
        store.services, store.caller, Subscription("n", PRODUCT_UPDATED, "https://store.test/")
    )
    with lose_connection(store, succeeds=succeeds):
        answer = store.update(image, photo(2), Change(alt="new"))
    assert store.image_states()[image] == (1, True, "new", digest(photo(2)))
    assert answer.original.handle == store.version_rows(image)[-1]["handle"]
    assert answer.entry.alt == "new"
    assert len(store.version_rows(image)) == 2
    assert count(store, "deliveries") == 1
    store.check_consistency()


def test_repeated_transaction_keeps_the_files_of_its_version(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    with store.upload(photo(2)) as new:
        version = store_photo(store, new)
        for _ in range(3):
            images._commit(store.services, store.caller, image, UpdateImage(Change()), new, version)
    assert store.image_states()[image].sha256 == digest(photo(2))
    assert len(store.version_rows(image)) == 2
    store.check_consistency()


@pytest.mark.parametrize("between", [3, 1])
def test_update_replaced_meanwhile_stays_replaced(store: Store, between: int) -> None:
    image = store.attach(photo(1)).entry.id

    def replace() -> None:
        store.update(image, photo(between), Change(alt="theirs"))

    with lose_connection(store, succeeds=True, then=replace):
        answer = store.update(image, photo(2), Change(alt="ours"))
    assert store.image_states()[image][2:] == ("theirs", digest(photo(between)))
    assert answer.original.handle == store.version_rows(image)[1]["handle"]
    assert [row["sha256"] for row in store.version_rows(image)] == [
        digest(photo(seed)) for seed in (1, 2, between)
    ]
    store.check_consistency()


@OUTCOMES
def test_update_of_an_image_removed_meanwhile_is_not_found(store: Store, *, succeeds: bool) -> None:
    image = store.attach(photo(1)).entry.id
    with (
        lose_connection(store, succeeds=succeeds, then=lambda: store.remove(image)),
        pytest.raises(errors.NotFound),
    ):
        store.update(image, photo(2))
    assert store.image_states() == {}
    # Recorded versions have their files; a version that may be recorded keeps them until a sweep.
    assert store.stored_keys() >= store.referenced_keys()


@OUTCOMES
def test_unchanged_photo_leaves_no_files(store: Store, *, succeeds: bool) -> None:
    image = store.attach(photo(1)).entry.id
    with store.upload(photo(1)) as same:
        version = store_photo(store, same)
        with lose_connection(store, succeeds=succeeds):
            images._commit(
                store.services, store.caller, image, UpdateImage(Change(alt="x")), same, version
            )
    assert store.image_states()[image] == (1, True, "x", digest(photo(1)))
    assert len(store.version_rows(image)) == 1
    store.check_consistency()


@OUTCOMES
def test_change_without_a_photo_is_not_repeated(store: Store, *, succeeds: bool) -> None:
    image = store.attach(photo(1), Change(alt="old")).entry.id
    with lose_connection(store, succeeds=succeeds), pytest.raises(errors.DatabaseUnavailable):
        store.update(image, None, Change(alt="new"))
    assert store.image_states()[image].alt == ("new" if succeeds else "old")
    store.check_consistency()


@OUTCOMES
def test_image_is_attached_exactly_once(store: Store, *, succeeds: bool) -> None:
    with lose_connection(store, succeeds=succeeds):
        image = store.attach(photo(1), Change(alt="new"))
    assert store.image_states() == {image.entry.id: (1, True, "new", digest(photo(1)))}
    assert len(store.version_rows()) == 1
    store.check_consistency()


def test_attached_image_removed_before_confirmation_is_not_found(store: Store) -> None:
    def remove() -> None:
        (image,) = store.image_states()
        store.remove(ImageId(image))

    with lose_connection(store, succeeds=True, then=remove), pytest.raises(errors.NotFound):
        store.attach(photo(1))
    assert store.image_states() == {}
    store.check_consistency()


@OUTCOMES
def test_video_is_attached_exactly_once(store: Store, *, succeeds: bool) -> None:
    with lose_connection(store, succeeds=succeeds):
        video_image = store.attach_video(Change(alt="video_image"))
    details = products.details(store.services, store.caller, store.product)
    assert [each.entry for each in details.images] == [video_image.entry]
    assert count(store, "images") == 1


@OUTCOMES
@pytest.mark.parametrize("pictures", [0, 2])
def test_product_is_created_exactly_once(store: Store, pictures: int, *, succeeds: bool) -> None:
    links = [f"https://user.example/{seed}.jpg" for seed in range(pictures)]
    store.downloader.pages.update({link: photo(seed) for seed, link in enumerate(links)})
    before = count(store, "products")
    with lose_connection(store, succeeds=succeeds):
        made = products.create(
            store.services,
            store.caller,
            "Vase",
            "V-1",
            [(Change(), PhotoLink(link)) for link in links],
        )
    assert made == products.details(store.services, store.caller, made.id)
    assert made.sku == "V-1"
    assert [PhotoImage.of(each).entry.default for each in made.images] == [True, False][:pictures]
    assert count(store, "products") == before + 1
    assert len(store.version_rows()) == pictures
    store.check_consistency()


def test_created_product_removed_before_confirmation_is_not_found(store: Store) -> None:
    def remove() -> None:
        product = products.find_by_sku(store.services, store.caller, "V-1")
        products.remove(store.services, store.caller, product)

    with lose_connection(store, succeeds=True, then=remove), pytest.raises(errors.NotFound):
        products.create(store.services, store.caller, "Vase", "V-1")


@OUTCOMES
def test_seed_keeps_the_files_that_it_may_have_committed(store: Store, *, succeeds: bool) -> None:
    picture = SeedImage("/", Change(), write_photo=lambda file: file.write(photo(1)))
    lamp = SeedProduct("/", "Lamp", images=[picture])
    seed = Seed([SeedMerchant("/", "shop1", products=[lamp])])
    with lose_connection(store, succeeds=succeeds), pytest.raises(errors.DatabaseUnavailable):
        seeding.seed(store.services, seed, 1)
    assert len(store.referenced_keys()) == (len(ROLES) if succeeds else 0)
    assert store.stored_keys() >= store.referenced_keys()


def test_connection_lost_twice_makes_the_service_unavailable(store: Store) -> None:
    image = store.attach(photo(1)).entry.id
    with lose_connection(store, succeeds=False, times=2), pytest.raises(errors.DatabaseUnavailable):
        store.update(image, photo(2))
    assert store.image_states()[image].sha256 == digest(photo(1))
    assert store.stored_keys() >= store.referenced_keys()
