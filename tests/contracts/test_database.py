"""Every database: rows are read as written, and constraints are enforced."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from fatrina.adapters.database import Database, history, images, products, tokens, versions
from fatrina.adapters.database.products import ProductRow
from fatrina.adapters.database.schema import REVISION, deployment, metadata
from fatrina.adapters.database.schema import images as image_table
from fatrina.domain import errors
from fatrina.domain.access import READ, WRITE, Caller
from fatrina.domain.gallery import Change, Gallery
from fatrina.domain.product import ALL, ProductFilter
from fatrina.domain.types import ImageId, MerchantId, Millis, ProductId, TokenId
from tests.contracts.rows import OTHER, PRODUCT, attach, entry, version

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)


# Tables


def test_schema_revision_is_the_newest_migration(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", "fatrina:adapters/database/migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION
    with database.reading() as conn:
        assert conn.scalar(text("SELECT version_num FROM alembic_version")) == REVISION


@pytest.mark.parametrize(("compatible", "usable"), [("9998", False), (REVISION, True)])
def test_tables_of_a_newer_revision_are_used_if_they_allow_it(
    database: Database, compatible: str, *, usable: bool
) -> None:
    with database.writing() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        tx.execute(update(deployment).values(compatible=compatible))
    with nullcontext() if usable else pytest.raises(errors.DatabaseUnavailable):
        database.migrate()


def test_every_revision_names_the_oldest_program_that_can_use_it() -> None:
    config = Config()
    config.set_main_option("script_location", "fatrina:adapters/database/migrations")
    revisions = {
        each.revision: each for each in ScriptDirectory.from_config(config).walk_revisions()
    }
    for number, revision in revisions.items():
        if number > "0010":
            assert revision.module.COMPATIBLE in revisions
            assert number >= revision.module.COMPATIBLE


def test_the_tables_name_the_oldest_program_that_can_use_them(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", "fatrina:adapters/database/migrations")
    newest = ScriptDirectory.from_config(config).get_revision("head")
    with database.reading() as conn:
        assert conn.scalar(select(deployment.c.compatible)) == newest.module.COMPATIBLE


# Rows


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(alt=TEXT, sort=st.floats(allow_nan=False, allow_infinity=False))
def test_a_gallery_is_read_as_written(database: Database, alt: str, sort: float) -> None:
    with database.writing() as tx:
        before = images.load_gallery(tx, ProductId(PRODUCT))
        old_ids = {entry.id for entry in before.entries}
        after = (
            before.revise(ImageId(1), Change(sort=sort, alt=alt))
            if old_ids
            else before.attach(ImageId(1), Change())
        )
        images.save_gallery(tx, ProductId(PRODUCT), before, after, Millis(5))
    with database.reading() as conn:
        assert images.load_gallery(conn, ProductId(PRODUCT)) == after
        assert images.load_gallery(conn, ProductId(OTHER)) == Gallery()


def test_versions_are_read_as_written(database: Database) -> None:
    with database.writing() as tx:
        attach(tx, 1)
        attach(tx, 2, OTHER)
    with database.reading() as conn:
        assert versions.current_by_image(conn, PRODUCT) == {1: version(1)}
        assert versions.find_unpurged(conn, ["000000000001", "unknown"]) == [version(1).original]
        assert versions.find_unpurged(conn, []) == []


def test_a_version_is_retired_then_purged(database: Database) -> None:
    first = version(1).original
    with database.writing() as tx:
        attach(tx, 1)
        versions.retire(tx, entry(1, alt="old"), Millis(10))
        versions.add(tx, ImageId(1), version(7), None, Millis(10))
        assert versions.current_by_image(tx, PRODUCT) == {1: version(7)}
        assert versions.list_due(tx, Millis(10), 5) == []
        assert versions.list_due(tx, Millis(11), 5) == [first]
        assert versions.count_due(tx, Millis(11)) == 1
        assert versions.purge(tx, [], Millis(11), Millis(13)) == []
        assert versions.purge(tx, [first], Millis(11), Millis(12)) == [first]
        assert versions.purge(tx, [first], Millis(11), Millis(12)) == []
        assert versions.list_due(tx, Millis(99), 5) == []
        assert versions.count_due(tx, Millis(99)) == 0
        assert versions.find_unpurged(tx, [first.handle]) == []


def test_retired_versions_are_listed_oldest_first_up_to_the_limit(
    database: Database,
) -> None:
    with database.writing() as tx:
        for number in range(5):
            attach(tx, number)
            versions.retire(tx, entry(number), Millis(100 - number))
        expected = versions.list_due(tx, Millis(1000), 3)
        assert [each.handle for each in expected] == [f"{n:012}" for n in (4, 3, 2)]


def test_files_of_a_restored_version_are_kept_while_any_version_uses_them(
    database: Database,
) -> None:
    first = version(1).original
    with database.writing() as tx:
        attach(tx, 1)
        versions.retire(tx, entry(1), Millis(10))
        versions.add(tx, ImageId(1), version(1), None, Millis(20), "undo", 1)
        assert versions.list_due(tx, Millis(99), 5) == []
        assert versions.purge(tx, [first], Millis(99), Millis(99)) == []
        assert versions.list_unpurged(tx) == [first]
        assert versions.list_unpurged_versions(tx, None, 9) == ([version(1)], None)
        versions.retire(tx, entry(1), Millis(30))
        assert versions.count_due(tx, Millis(25)) == 0
        assert versions.count_due(tx, Millis(31)) == 1
        assert versions.list_due(tx, Millis(31), 5) == [first]
        assert versions.purge(tx, [first], Millis(31), Millis(40)) == [first]
        assert versions.list_unpurged(tx) == []
        assert not history.lock_version(tx, first.handle)


def test_a_removed_image_keeps_its_id(database: Database) -> None:
    with database.writing() as tx:
        attach(tx, 1)
        before = images.load_gallery(tx, ProductId(PRODUCT))
        images.save_gallery(tx, ProductId(PRODUCT), before, before.remove(ImageId(1)), Millis(9))
        assert images.load_gallery(tx, ProductId(PRODUCT)) == Gallery()
        assert images.find_product_id(tx, MerchantId(1), ImageId(1)) is None
        assert images.exists(tx, ImageId(1))


def test_images_and_products_belong_to_one_merchant(database: Database) -> None:
    with database.writing() as tx:
        attach(tx, 1)
        other_merchant_id = tokens.add_merchant(tx, "shop2", Millis(1))
        assert images.find_product_id(tx, MerchantId(1), ImageId(1)) == PRODUCT
        assert images.find_product_id(tx, other_merchant_id, ImageId(1)) is None
        assert products.find(tx, other_merchant_id, ProductId(PRODUCT), lock=True) is None
        found = products.find(tx, MerchantId(1), ProductId(PRODUCT), lock=True)
        assert found == ProductRow(ProductId(PRODUCT), "Lamp", None, {}, Millis(1))
        assert products.exists(tx, ProductId(PRODUCT))


def test_a_video_is_read_as_written_and_has_no_version(database: Database) -> None:
    with database.writing() as tx:
        attach(tx, 1)
        before = images.load_gallery(tx, ProductId(PRODUCT))
        after = before.attach(ImageId(2), Change(alt="a film", default=True), "https://youtu.be/x")
        images.save_gallery(tx, ProductId(PRODUCT), before, after, Millis(5))
        images.save_gallery(
            tx, ProductId(PRODUCT), after, after.revise(ImageId(2), Change(sort=9)), Millis(6)
        )
    with database.reading() as conn:
        assert images.load_gallery(conn, ProductId(PRODUCT)) == after.revise(
            ImageId(2), Change(sort=9)
        )
        assert (
            images.load_gallery(conn, ProductId(PRODUCT))[ImageId(2)].video == "https://youtu.be/x"
        )
        assert versions.current_by_image(conn, PRODUCT) == {1: version(1)}


def test_galleries_of_several_products_are_loaded_together(database: Database) -> None:
    with database.writing() as tx:
        attach(tx, 1)
        attach(tx, 2, OTHER)
        gallery = images.load_gallery(tx, ProductId(PRODUCT))
        assert images.load_galleries(tx, [PRODUCT]) == {PRODUCT: gallery}
        galleries = images.load_galleries(tx, [OTHER, PRODUCT, 5])
        assert galleries == {
            PRODUCT: gallery,
            OTHER: images.load_gallery(tx, ProductId(OTHER)),
            5: Gallery(),
        }
        assert images.load_galleries(tx, []) == {}
        assert versions.current_by_image(tx, PRODUCT, OTHER, 5) == {1: version(1), 2: version(2)}
        assert versions.current_by_image(tx) == {}


def test_a_removed_product_keeps_its_id_but_not_its_sku(
    database: Database,
) -> None:
    with database.writing() as tx:
        products.update_fields(tx, ProductRow(ProductId(PRODUCT), "Vase", "v-1"))
        assert products.find_by_sku(tx, MerchantId(1), "v-1") == PRODUCT
        products.remove(tx, ProductId(PRODUCT), Millis(9))
        assert products.find(tx, MerchantId(1), ProductId(PRODUCT)) is None
        assert products.find_by_sku(tx, MerchantId(1), "v-1") is None
        assert products.count(tx, MerchantId(1)) == 1
        assert [row.id for row in products.list_page(tx, MerchantId(1), ALL, 9, 0)] == [OTHER]
        assert products.exists(tx, ProductId(PRODUCT))
        products.update_fields(tx, ProductRow(ProductId(OTHER), "Vase", "v-1"))


def test_products_are_listed_newest_first(database: Database) -> None:
    with database.writing() as tx:
        for number in range(5):
            products.add(
                tx,
                MerchantId(1),
                ProductRow(ProductId(number), f"n{number}", None),
                Millis(10 - number),
            )
        other_merchant_id = tokens.add_merchant(tx, "shop2", Millis(1))
        products.add(tx, other_merchant_id, ProductRow(ProductId(99), "theirs", None), Millis(99))
        assert products.count(tx, MerchantId(1)) == 7
        all_products = products.list_page(tx, MerchantId(1), ALL, 99, 0)
        assert [row.id for row in all_products] == [0, 1, 2, 3, 4, OTHER, PRODUCT]
        assert products.list_page(tx, MerchantId(1), ALL, 3, 2) == all_products[2:5]
        assert products.list_page(tx, MerchantId(1), ALL, 3, 2**40) == []


NAMES = ["100% cotton", "100 % wool", "under_score", "underXscore", "back\\slash", "مصباح", "LAMP"]


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("%", ["100% cotton", "100 % wool"]),
        ("0%", ["100% cotton"]),
        ("r_s", ["under_score"]),
        ("\\", ["back\\slash"]),
        ("/", []),
        ("صبا", ["مصباح"]),
        ("lamp", ["Lamp", "LAMP"]),
        ("SKU-1", ["100% cotton"]),
        ("_", ["under_score"]),
        ("'", []),
        ("x" * 500, []),
    ],
)
def test_keyword_characters_match_themselves(
    database: Database, keyword: str, expected: list[str]
) -> None:
    with database.writing() as tx:
        products.remove(tx, ProductId(OTHER), Millis(9))
        for number, name in enumerate(NAMES):
            products.add(
                tx,
                MerchantId(1),
                ProductRow(ProductId(number), name, None if number else "sku-1"),
                Millis(50 - number),
            )
        wanted = ProductFilter(keyword)
        names = [row.name for row in products.list_page(tx, MerchantId(1), wanted, 99, 0)]
        assert sorted(names) == sorted(expected)
        assert products.count(tx, MerchantId(1), wanted) == len(expected)


@pytest.mark.parametrize(
    "change",
    [
        {"token_hash": "g" * 64},
        {"token_created_at": 2},
        {"token_id": TokenId(2)},
        {"merchant_id": MerchantId(2)},
        {"merchant_code": "shop2"},
    ],
)
def test_a_token_is_current_only_if_nothing_about_it_changed(
    database: Database, change: dict[str, Any]
) -> None:
    row: dict[str, str | int] = {"hint": "fat_ab", "scope": READ, "created_at": 1}
    with database.writing() as tx:
        for letter in "hg":  # two tokens of one millisecond
            tokens.add(tx, MerchantId(1), {**row, "hash": letter * 64, "expires_at": 10})
        caller = tokens.find_caller(tx, "h" * 64, Millis(9))
        assert caller is not None
        assert tokens.is_current(tx, caller)
        assert not tokens.is_current(tx, replace(caller, **change))


def test_tokens(database: Database) -> None:
    row: dict[str, str | int] = {
        "hash": "h" * 64, "hint": "fat_ab", "scope": f"{READ} {WRITE}", "created_at": 1,
        "expires_at": 10,
    }  # fmt: skip
    with database.writing() as tx:
        tokens.add(tx, MerchantId(1), row)
        assert tokens.find_caller(tx, "h" * 64, Millis(9)) == Caller(
            MerchantId(1),
            "shop1",
            TokenId(1),
            frozenset({READ, WRITE}),
            token_hash="h" * 64,
            token_created_at=1,
        )
        assert tokens.find_caller(tx, "h" * 64, Millis(10)) is None
        assert tokens.find_caller(tx, "g" * 64, Millis(9)) is None
        assert tokens.revoke(tx, TokenId(1), Millis(5))
        assert tokens.find_caller(tx, "h" * 64, Millis(5)) is None
        assert (
            tokens.find_caller(tx, "h" * 64, Millis(4)) is None
        )  # the clock was ahead and was set back
        assert not tokens.revoke(tx, TokenId(1), Millis(6))
        assert [row.revoked_at for row in tokens.list_all(tx)] == [5]


# Constraints


def assert_rejected(database: Database, action: Callable[[Connection], object]) -> None:
    with pytest.raises(IntegrityError), database.writing() as tx:
        action(tx)


def test_a_product_has_at_most_one_default_image(database: Database) -> None:
    with database.writing() as tx:
        attach(tx, 1)
    row = {"id": 2, "product_id": PRODUCT, "age": 2, "sort": 2.0, "created_at": 1}
    assert_rejected(
        database, lambda tx: tx.execute(insert(image_table).values(is_default=True, **row))
    )
    with database.writing() as tx:
        tx.execute(insert(image_table).values(is_default=False, **row))
        attach(tx, 3, OTHER)


def test_an_image_has_at_most_one_current_version(database: Database) -> None:
    with database.writing() as tx:
        attach(tx, 1)
    assert_rejected(database, lambda tx: versions.add(tx, ImageId(1), version(9), None, Millis(1)))


def test_foreign_keys_and_merchant_codes_are_enforced(database: Database) -> None:
    assert_rejected(database, lambda tx: versions.add(tx, ImageId(99), version(9), None, Millis(1)))
    assert_rejected(
        database,
        lambda tx: products.add(tx, MerchantId(99), ProductRow(ProductId(9), "x", None), Millis(1)),
    )
    assert_rejected(database, lambda tx: tokens.add_merchant(tx, "shop1", Millis(1)))


# Tables


def test_migrations_create_the_tables_of_the_schema(database: Database) -> None:
    def is_expected(entry: Any, *_: object) -> bool:
        return bool(entry.info.get("only", tx.dialect.name) == tx.dialect.name)

    with database.writing() as tx:
        options = {"compare_server_default": True, "include_object": is_expected}
        context = MigrationContext.configure(tx, opts=options)
        assert compare_metadata(context, metadata) == []


def test_a_second_migration_changes_nothing(database: Database) -> None:
    statements: list[str] = []

    def record(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement.lstrip().split(maxsplit=1)[0].upper())

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", record)
    database.migrate()
    assert statements
    assert {*statements} <= {"BEGIN", "BEGIN;", "PRAGMA", "SELECT"}
