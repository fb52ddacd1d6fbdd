"""Seed, reset, dump and restore a complete service."""

import io
import json
import random
import tarfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.pool import QueuePool

from fatrina.actions import access, archive, backup, products, rendering
from fatrina.actions.backup import DumpError
from fatrina.adapters.database import apps, tables, tokens
from fatrina.adapters.database.apps import App, AuthorizationCode
from fatrina.adapters.database.schema import metadata
from fatrina.adapters.storage.local import LocalBlob
from fatrina.domain import errors
from fatrina.domain.access import WRITE
from fatrina.domain.merchant import Profile
from fatrina.domain.types import AppId, Millis, ProductId
from fatrina.emulator import seeding
from fatrina.emulator.resetting import reset
from fatrina.emulator.seed_file import SeedFileError, read
from fatrina.emulator.seed_records import SeedError
from tests import sample_photos
from tests.actions.store import NOW, VIDEO_URL, Store, photo

TOKEN = "a-token-by-heart"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        (pictures / f"{number}.jpg").write_bytes(photo(number + 50))
    (pictures / "no.jpg").write_bytes(b"no photo")
    (tmp_path / "secret.jpg").write_bytes(photo(99))
    (pictures / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    return pictures


def seed_data(*images: dict[str, Any], **product: Any) -> dict[str, Any]:
    made = {"name": "كوب", "sku": "CUP", "id": 77, "images": list(images), **product}
    return {"merchants": [{"code": "shop3", "tokens": [{"token": TOKEN}], "products": [made]}]}


def run_seed(store: Store, seed: object, folder: Path | None = None) -> list[dict[str, Any]]:
    return seeding.seed(store.services, read(seed, folder), 2)


def rows(store: Store) -> dict[str, list[Any]]:
    with store.services.database.reading() as conn:
        return {
            name: sorted(map(tuple, conn.execute(select(metadata.tables[name]))), key=repr)
            for name in tables.NAMES
        }


def stored(store: Store) -> dict[str, bytes]:
    found = {}
    for key in store.stored_keys():
        blob = store.services.storage.open(key)
        found[key] = b"".join(blob.chunks(0, blob.size))
        blob.close()
    return found


def test_seed_creates_a_store(store: Store, folder: Path) -> None:
    seed = seed_data(
        {"file": "0.jpg", "id": 901, "alt": "first"},
        {"file": "1.jpg", "id": 902, "default": True, "sort": 0},
        {"video_url": VIDEO_URL, "id": 903},
    )
    (created,) = run_seed(store, seed, folder)
    assert created["code"] == "shop3"
    assert created["products"] == [{"id": 77, "sku": "CUP", "images": [901, 902, 903]}]
    caller = access.authenticate(store.services, TOKEN)
    assert caller.merchant_code == "shop3"
    made = products.details(store.services, caller, ProductId(77))
    assert (made.name, made.sku) == ("كوب", "CUP")
    assert [image.entry.id for image in made.images] == [902, 901, 903]
    assert [image.entry.default for image in made.images] == [True, False, False]
    assert len(store.stored_keys()) == 8
    assert not store.services.spool.count_leftovers()


@pytest.mark.parametrize(
    ("images", "at", "reason"),
    [
        (
            [{"file": "0.jpg"}, {"file": "no.jpg"}],
            "/merchants/0/products/0/images/1",
            "photo_not_an_image",
        ),
        ([{"file": "0.jpg"}] * 11, "/merchants/0/products/0/images/10", "validation_failed"),
    ],
)
def test_seed_creates_everything_or_nothing(
    store: Store, folder: Path, images: list[dict[str, Any]], at: str, reason: str
) -> None:
    before = rows(store)
    with pytest.raises(SeedError) as raised:
        run_seed(store, seed_data(*images), folder)
    assert (raised.value.pointer, raised.value.error.reason) == (at, reason)
    assert rows(store) == before
    assert not store.stored_keys()


def test_token_of_another_merchant_is_rejected_before_decoding(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_seed(store, seed_data(id=70))
    before = rows(store)
    other = seed_data({"file": "0.jpg"})
    other["merchants"][0]["code"] = "other"
    monkeypatch.setattr(rendering, "render", None)
    with pytest.raises(SeedError) as raised:
        run_seed(store, other, folder)
    assert raised.value.pointer == "/merchants/0/tokens/0"
    assert [each.reason for each in raised.value.error.flatten()] == ["token_taken"]
    assert rows(store) == before


def test_token_of_two_merchants_in_a_seed_creates_nothing(store: Store, folder: Path) -> None:
    before = rows(store)
    one, two = seed_data(), seed_data({"file": "0.jpg"}, id=78)
    two["merchants"][0]["code"] = "other"
    with pytest.raises(SeedError) as raised:
        run_seed(store, {"merchants": [*one["merchants"], *two["merchants"]]}, folder)
    assert raised.value.pointer == "/merchants/1/tokens/0"
    assert rows(store) == before
    assert not store.stored_keys()


def test_token_hint_is_part_of_the_token(store: Store) -> None:
    run_seed(store, seed_data())
    hints = [row.hint for row in access.list_tokens(store.services.database)]
    assert TOKEN[: len(TOKEN) // 4][:12] in hints
    assert TOKEN not in str(rows(store))


def test_seeded_id_must_be_unique(store: Store, folder: Path) -> None:
    run_seed(store, seed_data({"file": "0.jpg", "id": 901}), folder)
    again = seed_data({"file": "1.jpg", "id": 901}, id=78, sku="OTHER")
    with pytest.raises(SeedError) as raised:
        run_seed(store, again, folder)
    assert raised.value.pointer == "/merchants/0/products/0/images/0"
    with pytest.raises(SeedError) as raised:
        run_seed(store, seed_data(id=79), folder)
    assert raised.value.pointer == "/merchants/0/products/0"
    assert len(store.stored_keys()) == 4


PROBLEMS: dict[str, tuple[object, str]] = {
    "no object": ([], "/: must be an object"),
    "no merchants": ({}, "/: must be an object"),
    "a code": ({"merchants": [{"code": "x"}]}, "/merchants/0/code: "),
    "a plan": ({"merchants": [{"code": "shop3", "plan": "gold"}]}, "/merchants/0/plan: "),
    "a plan that is a list": ({"merchants": [{"code": "shop3", "plan": []}]}, "/0/plan: "),
    "a token": ({"merchants": [{"code": "shop3", "tokens": [{}]}]}, "/tokens/0/token: "),
    "an unknown name": (
        {"merchants": [{"code": "shop3", "shops": 1}]},
        "/merchants/0/shops: is not a known name",
    ),
    "no name": (seed_data(name=""), "/products/0/name: is missing"),
    "a name of control": (seed_data(name="a\0b"), "/products/0/name: must be text"),
    "a name that is no text": (seed_data(name="\ud800"), "/products/0/name: must be text"),
    "an id": (seed_data(id=0), "/products/0/id: "),
    "a large id": (seed_data(id=2**31), "/products/0/id: "),
    "an id twice": (
        seed_data({"video_url": VIDEO_URL, "id": 5}, {"video_url": VIDEO_URL, "id": 5}),
        "/images/1/id",
    ),
    "no source": (seed_data({"alt": "x"}), "/images/0: must have exactly one of"),
    "two sources": (
        seed_data({"file": "0.jpg", "url": "http://a/"}),
        "/images/0: must have exactly one of",
    ),
    "no such file": (seed_data({"file": "9.jpg"}), "/images/0/file: is “9.jpg”"),
    "a folder": (seed_data({"file": "."}), "/images/0/file: is “"),
    "a file above": (seed_data({"file": "../secret.jpg"}), "/images/0/file: is outside the folder"),
    "an absolute file": (
        seed_data({"file": "/etc/passwd"}),
        "/images/0/file: is outside the folder",
    ),
    "a link out": (seed_data({"file": "out.jpg"}), "/images/0/file: is outside the folder"),
    "a long name": (seed_data({"file": "x" * 300}), "/images/0/file: is “"),
    "a name of nothing": (seed_data({"file": "a\0b"}), "/images/0/file: is “"),
    "half a character": (seed_data({"file": "\ud800"}), "/images/0/file: is “"),
    "a number for a file": (seed_data({"file": 5}), "/images/0/file: is “5”"),
    "no base64": (seed_data({"data": "***"}), "/images/0/data: must be base64"),
    "no video": (seed_data({"video_url": "http://a/"}), "/images/0/video_url: is not a link"),
    "a sort": (seed_data({"file": "0.jpg", "sort": "x"}), "/images/0/sort: must be a number"),
    "a huge sort": (
        seed_data({"file": "0.jpg", "sort": 10**400}),
        "/images/0/sort: must be a number",
    ),
    "a default that is a list": (
        seed_data({"file": "0.jpg", "default": []}),
        "/images/0/default: ",
    ),
    "a default": (seed_data({"file": "0.jpg", "default": 3}), "/images/0/default: must be true"),
    "images": (seed_data(images=5), "/products/0/images: must be a list"),
    "an image": (seed_data(images=[5]), "/products/0/images/0: must be an object"),
}


@pytest.mark.parametrize("what", PROBLEMS)
def test_problems_are_reported_with_json_pointers(folder: Path, what: str) -> None:
    seed, expected = PROBLEMS[what]
    with pytest.raises(SeedFileError) as raised:
        read(seed, folder)
    assert any(expected in problem for problem in raised.value.problems)


def test_seed_accepts_any_script(store: Store) -> None:
    name = "كوب\u200f 👩\u200d🚀 \u200cنیم"
    run_seed(store, seed_data({"video_url": VIDEO_URL, "alt": name}, name=name))
    assert any(name in product for product in rows(store)["products"])


def test_the_example_of_a_seed_can_be_loaded(store: Store) -> None:
    folder = Path(__file__).parents[2] / "examples" / "store"
    seed = json.loads((folder / "store.json").read_text())
    (created,) = run_seed(store, seed, folder)
    assert created["products"][0]["id"] == 77
    assert len(created["products"][0]["images"]) == 2


def test_a_seed_sets_the_profile_of_a_merchant(store: Store) -> None:
    seed: dict[str, Any] = {
        "merchants": [{"code": "shop3", "name": "متجر", "email": "a@b.example"}]
    }
    run_seed(store, {"merchants": [{"code": "shop3", "mobile": "05"}]})
    run_seed(store, seed)
    with store.services.database.reading() as conn:
        merchant_id = tokens.find_merchant_id(conn, "shop3")
        assert merchant_id is not None
        details = tokens.find_details(conn, merchant_id)
    assert details is not None
    assert details.profile == Profile("متجر", "a@b.example", "05")


def test_reset_deletes_everything(store: Store) -> None:
    image = store.attach(photo(1))
    store.update(image.entry.id, photo(2))
    assert reset(store.services.database, store.services.storage, store.services.housekeeping) == 2
    assert not any(rows(store).values())
    assert not store.stored_keys()


def test_reset_can_keep_merchants(store: Store) -> None:
    store.attach(photo(1))
    kept = {name: found for name, found in rows(store).items() if name in {"merchants", "tokens"}}
    reset(
        store.services.database,
        store.services.storage,
        store.services.housekeeping,
        keep_merchants=True,
    )
    assert {name: found for name, found in rows(store).items() if found} == kept


def create_dump(store: Store) -> bytes:
    out = io.BytesIO()
    backup.dump(store.services.database, store.services.storage, out, lambda: None)
    return out.getvalue()


def run_restore(store: Store, dump: bytes) -> int:
    services = store.services
    everything = services.database, services.storage, services.housekeeping, services.spool
    return backup.restore(*everything, io.BytesIO(dump), lambda: None)


def create_history(store: Store) -> None:
    first = store.attach(photo(1))
    store.attach(sample_photos.png(seed=5))
    store.attach_video()
    store.update(first.entry.id, photo(2))


def test_restore_reproduces_the_dumped_state(store: Store) -> None:
    create_history(store)
    were, had = rows(store), stored(store)
    dump = create_dump(store)
    store.attach(photo(7))
    assert run_restore(store, dump) == 3
    assert rows(store) == were
    assert stored(store) == had
    reset(store.services.database, store.services.storage, store.services.housekeeping)
    run_restore(store, dump)
    assert (rows(store), stored(store)) == (were, had)
    store.check_consistency()


def test_a_dump_moves_between_engines(open_store: Callable[[str], Store]) -> None:
    first, other, last = (open_store(engine) for engine in ("sqlite", "postgres", "sqlite"))
    create_history(first)
    were, had = rows(first), stored(first)
    for source, target in ((first, other), (other, last)):
        assert run_restore(target, create_dump(source)) == 3
        assert (rows(target), stored(target)) == (were, had)
        target.check_consistency()
    for store in (other, last):  # new rows continue after the restored ones
        assert access.create_merchant(store.services.database, "shop9", NOW)
        create_history(replace(store, product=first.product))


def changed(dump: bytes, change: Callable[[tarfile.TarInfo, bytes], Any]) -> bytes:
    """Rewrite an archive with each member replaced by `change`; None omits it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(dump)) as old, tarfile.open(fileobj=out, mode="w") as new:
        for member in old:
            data = old.extractfile(member)
            assert data is not None
            made = change(member, data.read())
            for each, text in made if isinstance(made, list) else [made] * (made is not None):
                each.size = len(text)
                new.addfile(each, io.BytesIO(text))
    return out.getvalue()


def add_grant(store: Store) -> None:
    """Add an app with a redeemed code and a refresh token."""
    with store.services.database.writing() as tx:
        app = App(AppId(0), "client", "App", None, ("https://app.test/",), (WRITE,))
        apps.add(tx, app, Millis(1))
        stored = apps.find(tx, "client")
        assert stored is not None
        merchant_id = store.caller.merchant_id
        code = AuthorizationCode(
            0, stored.id, merchant_id, "https://app.test/", "", None, Millis(9), grant_id=None
        )
        apps.add_authorization_code(tx, code, "a" * 64)
        stored_code = apps.find_authorization_code(tx, "a" * 64)
        assert stored_code is not None
        grant = apps.redeem_code(tx, stored_code, Millis(1))
        apps.add_refresh_token(tx, grant.id, "b" * 64, Millis(9))


def as_revision_0009(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    old_names = {
        "rows/authorization_codes.jsonl": "rows/codes.jsonl",
        "rows/refresh_tokens.jsonl": "rows/refreshes.jsonl",
    }
    manifest = json.dumps({"format": 1, "revision": "0009"}).encode()
    return (
        renamed(member, old_names.get(member.name, member.name)),
        manifest if member.name == "fatrina.json" else data,
    )


def test_dump_with_old_table_names_is_restored(store: Store) -> None:
    create_history(store)
    add_grant(store)
    expected = rows(store)
    assert len(expected["authorization_codes"]) == len(expected["refresh_tokens"]) == 1
    dump = recalculate_hashes(changed(create_dump(store), as_revision_0009))
    reset(store.services.database, store.services.storage, store.services.housekeeping)
    run_restore(store, dump)
    assert rows(store) == expected


def test_dump_with_a_table_under_both_names_changes_nothing(store: Store) -> None:
    create_history(store)
    dump = changed(
        create_dump(store),
        lambda m, d: (
            [(m, d), (renamed(m, "rows/codes.jsonl"), d)] if "authorization" in m.name else (m, d)
        ),
    )
    before = rows(store)
    with pytest.raises(DumpError, match="occur twice"):
        run_restore(store, recalculate_hashes(dump))
    assert rows(store) == before


def renamed(member: tarfile.TarInfo, name: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = member.type
    return made


def linked(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    if member.name.startswith("media/"):
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        data = b""
    return member, data


def revised(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    about = json.dumps({"format": 1, "revision": "0001"}).encode()
    return member, about if member.name == "fatrina.json" else data


DEEP = b'{"x":' + b"[" * 64 + b"]" * 64 + b"}"
BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no archive": lambda _: b"no archive" * 2000,
    "cut": lambda dump: dump[: len(dump) // 2],
    "a byte": lambda dump: dump.replace(b'"kind": "jpg"', b'"kind": "png"', 1),
    "no end": lambda dump: changed(dump, lambda m, d: None if m.name == "sha256.json" else (m, d)),
    "no rows": lambda dump: changed(dump, lambda m, d: None if "rows/images" in m.name else (m, d)),
    "no file": lambda dump: changed(dump, lambda m, d: None if "media/" in m.name else (m, d)),
    "twice": lambda dump: changed(dump, lambda m, d: [(m, d), (m, d)]),
    "a way out": lambda dump: changed(
        dump, lambda m, d: (renamed(m, "../../etc/x") if "media" in m.name else m, d)
    ),
    "a table": lambda dump: changed(
        dump, lambda m, d: (renamed(m, "rows/users.jsonl") if "rows/images" in m.name else m, d)
    ),
    "a link": lambda dump: changed(dump, linked),
    "deep": lambda dump: changed(dump, lambda m, d: (m, DEEP if "rows/images" in m.name else d)),
    "a revision": lambda dump: changed(dump, revised),
}


@pytest.mark.parametrize("how", BROKEN)
def test_invalid_dump_changes_nothing(store: Store, how: str) -> None:
    create_history(store)
    dump = BROKEN[how](create_dump(store))
    were, had = rows(store), stored(store)
    with pytest.raises(DumpError):
        run_restore(store, dump)
    assert (rows(store), stored(store)) == (were, had)
    assert not store.services.spool.count_leftovers()


class ObservedFile(io.BytesIO):
    """A file whose writes check that no transaction is open."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.writes = 0

    def write(self, data: Any) -> int:
        database = self.store.services.database
        pools = [engine.pool for engine in database.engines]
        assert not any(cast("QueuePool", pool).checkedout() for pool in pools)
        self.writes += 1
        if self.writes == 1:
            self.store.attach(photo(9))
        return super().write(data)


def test_no_transaction_is_open_while_a_dump_is_written(store: Store) -> None:
    create_history(store)
    were, had, out = rows(store), stored(store), ObservedFile(store)
    assert backup.dump(store.services.database, store.services.storage, out, lambda: None) == 3
    assert out.writes > 1
    assert run_restore(store, out.getvalue()) == 3
    assert (rows(store), stored(store)) == (were, had)


def test_stored_file_truncated_during_a_dump_is_an_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_history(store)
    monkeypatch.setattr(LocalBlob, "chunks", lambda *_: iter([b"x"]))
    with pytest.raises(OSError, match="unexpected end"):
        create_dump(store)


@pytest.mark.parametrize("size", [1, 100, 7000, 16_384, 300_000])
def test_chunks_of_any_size_are_archived(store: Store, size: int) -> None:
    data, out = random.Random(7).randbytes(700_001), io.BytesIO()
    with archive.ArchiveWriter(out) as writer:
        pieces = (data[at : at + size] for at in range(0, len(data), size))
        writer.add_chunks("fatrina.json", len(data), pieces)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as made:
        member = made.extractfile("fatrina.json")
        sums = made.extractfile("sha256.json")
        assert member is not None
        assert sums is not None
        assert member.read() == data
        assert json.loads(sums.read()) == {"fatrina.json": sha256(data).hexdigest()}


@pytest.mark.parametrize("fault", [errors.StorageFull(), OSError(5, "broken"), DumpError("bad")])
def test_restore_that_fails_after_storing_leaves_no_files(
    store: Store, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    create_history(store)
    dump = create_dump(store)
    reset(store.services.database, store.services.storage, store.services.housekeeping)
    assert not stored(store)
    seen = []

    def replace(*_: object) -> None:
        seen.append(len(stored(store)))
        raise fault

    with monkeypatch.context() as during:
        during.setattr(backup, "_replace_rows", replace)
        with pytest.raises(type(fault)):
            run_restore(store, dump)
    assert seen == [12]
    assert not stored(store)


MISFITS: dict[str, tuple[str, str, object]] = {
    "text with NUL": ("products", "name", "a\0b"),
    "half a surrogate pair": ("products", "name", "\ud800"),
    "text that is too long": ("merchants", "code", "shop123"),
    "a long hash": ("tokens", "hash", "f" * 65),
    "no text": ("images", "alt", 5),
    "text for a number": ("images", "age", "1"),
    "a fraction for a number": ("images", "age", 1.5),
    "a truth for a number": ("images", "age", True),
    "a number for a truth": ("images", "is_default", 1),
    "an id of 33 bits": ("products", "id", 2**31),
    "a negative one": ("products", "id", -(2**31) - 1),
    "an id of 65 bits": ("versions", "created_at", 2**63),
    "a number beyond all": ("images", "sort", 10**400),
    "text for a sort": ("images", "sort", "1"),
    "nothing": ("versions", "handle", None),
}


@pytest.mark.parametrize("what", MISFITS)
def test_rows_invalid_for_a_strict_database_change_nothing(store: Store, what: str) -> None:
    table, column, value = MISFITS[what]
    create_history(store)

    def with_invalid_value(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        lines = [json.loads(line) for line in data.splitlines()] if table in member.name else []
        for row in lines[-1:]:
            assert column in row
            row[column] = value
        return member, b"".join(json.dumps(row).encode() + b"\n" for row in lines) or data

    dump = recalculate_hashes(changed(create_dump(store), with_invalid_value))
    were, had = rows(store), stored(store)
    with pytest.raises(DumpError, match=f"“{table}” has a value that does not fit into “{column}”"):
        run_restore(store, dump)
    assert (rows(store), stored(store)) == (were, had)


def recalculate_hashes(dump: bytes) -> bytes:
    """Return the archive with the hashes of its members recalculated."""
    sums: dict[str, str] = {}

    def seal(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if member.name == "sha256.json":
            return member, json.dumps(sums).encode()
        sums[member.name] = sha256(data).hexdigest()
        return member, data

    return changed(dump, seal)


def test_missing_stored_file_is_reported(store: Store) -> None:
    create_history(store)
    store.services.storage.delete([next(iter(store.stored_keys()))])
    with pytest.raises(DumpError, match="is missing"):
        create_dump(store)
