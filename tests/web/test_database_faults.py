"""Faults between the service and PostgreSQL: 503 in time, complete states, quick recovery."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, event

from fatrina.actions import oauth
from fatrina.actions.oauth import AuthorizationRequest, TokenPair
from fatrina.adapters.database import postgres
from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.domain import errors
from fatrina.domain.access import READ
from fatrina.domain.oauth import OFFLINE_ACCESS
from fatrina.domain.types import Millis
from tests import sample_photos
from tests.client import Response, encode_json, encode_multipart
from tests.databases import new_postgres_database
from tests.fault_proxy import FaultProxy, run_proxy
from tests.postgres_server import PostgresServer
from tests.stores import ATTACH_PATH, PREFIX, ImageInProduct, Service, Store, run_service
from tests.waiting import wait_until
from tests.web.error_responses import check_error
from tests.webhook_receiver import WebhookReceiver, run_receiver

COMMIT = b"COMMIT\0"
"""A simple query, with the byte that ends it; BEGIN contains "READ COMMITTED"."""
CUTS = pytest.mark.parametrize("arrives", [False, True], ids=["before", "after"])
PHOTO = sample_photos.png(seed=8)


@pytest.fixture(scope="module")
def proxy(postgres_server: PostgresServer) -> Iterator[FaultProxy]:
    with run_proxy("127.0.0.1", postgres_server.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def service(
    proxy: FaultProxy, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service that reaches PostgreSQL through the proxy."""
    with new_postgres_database(postgres_server) as address:
        name = conninfo_to_dict(address)["dbname"]
        through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}"
        folder = tmp_path_factory.mktemp("faults")
        allowed = {"download_allow": "127.0.0.1"}
        with run_service(folder, database=through, rate_limits=True, **allowed) as service:
            yield service


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with run_receiver() as receiver:
        yield receiver


@pytest.fixture
def image(service: Service, proxy: FaultProxy) -> ImageInProduct:
    return ImageInProduct.create(Store.create(service), photo=sample_photos.png(seed=9))


@contextmanager
def cut(proxy: FaultProxy, *, arrives: bool, times: int = 1) -> Iterator[None]:
    """Cut the next connection that commits, before or after the server receives it."""
    before = proxy.faults.cuts
    proxy.cut_at(COMMIT, forwarded=arrives)
    yield
    assert proxy.faults.cuts == before + times


def check_unavailable(call: Callable[[], Response], seconds: float) -> None:
    """Check that a call is answered with 503 and Retry-After within a time."""
    started = time.monotonic()
    response = call()
    assert time.monotonic() - started < seconds
    check_error(response, 503, "database_unavailable")
    assert int(response.headers["retry-after"]) > 0


def check_recovers(image: ImageInProduct) -> None:
    """Check that an update succeeds within five seconds, and that everything is complete."""
    wait_until(lambda: image.store.update(image.id, photo=PHOTO).status == 201, 5)
    assert image.store.main_image_ids(image.product_id) == [image.id]


def version_handles(service: Service, image_id: int) -> list[str]:
    with service.services.database.reading() as conn:
        rows = conn.exec_driver_sql(
            "SELECT handle FROM versions WHERE image_id = %s ORDER BY id", (image_id,)
        )
        return [row[0] for row in rows]


def test_refused_connections(image: ImageInProduct, proxy: FaultProxy) -> None:
    proxy.refuse()
    try:
        for _ in range(3):
            check_unavailable(lambda: image.store.update(image.id, photo=PHOTO), 2)
    finally:
        proxy.accept()
    check_recovers(image)


def test_stalled_connections(image: ImageInProduct, proxy: FaultProxy) -> None:
    proxy.faults.stalled = True
    try:
        check_unavailable(lambda: image.store.update(image.id, photo=PHOTO), 7)
    finally:
        proxy.resume()
    check_recovers(image)


def test_connections_that_stall_at_the_commit(
    image: ImageInProduct, proxy: FaultProxy, service: Service
) -> None:
    def stall(_: Connection) -> None:
        proxy.faults.stalled = True

    (engine,) = service.services.database.engines
    event.listen(engine, "commit", stall, once=True)
    try:
        check_unavailable(lambda: image.store.update(image.id, photo=PHOTO), 7.5)
    finally:
        proxy.resume()
    check_recovers(image)


def test_a_slow_network_only_delays(image: ImageInProduct, proxy: FaultProxy) -> None:
    proxy.faults.delay = 0.1
    try:
        assert image.store.update(image.id, photo=PHOTO).status == 201
    finally:
        proxy.faults.delay = 0.0


def test_many_lost_connections_leave_the_pool_intact(
    image: ImageInProduct, proxy: FaultProxy, service: Service
) -> None:
    path = f"{PREFIX}/products/{image.product_id}"
    for _ in range(100):
        proxy.cut()
        assert image.store.call("GET", path).status == 200
    (engine,) = service.services.database.engines
    wait_until(lambda: engine.pool.checkedout() == 0)  # type: ignore[attr-defined]


def test_a_node_that_is_cut_off_does_not_keep_its_locks(
    image: ImageInProduct,
    proxy: FaultProxy,
    service: Service,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    through = cast("PostgresDatabase", service.services.database).direct_address
    name = str(conninfo_to_dict(through)["dbname"])
    monkeypatch.setattr(postgres, "_IDLE_SECONDS", 1)
    lock = "SELECT id FROM products WHERE id = %s FOR NO KEY UPDATE"
    with (
        PostgresDatabase(through) as cut_off,
        PostgresDatabase(postgres_server.address(name)) as other,
    ):

        def hold_the_lock() -> None:
            with cut_off.writing() as tx:
                tx.exec_driver_sql(lock, (image.product_id,))
                proxy.faults.stalled = True
                with other.writing() as other_tx:  # waits for two seconds
                    assert other_tx.exec_driver_sql(lock, (image.product_id,)).all()

        try:
            with pytest.raises(errors.DatabaseUnavailable):
                hold_the_lock()
        finally:
            proxy.resume()
    check_recovers(image)


@CUTS
def test_update(
    image: ImageInProduct, proxy: FaultProxy, service: Service, *, arrives: bool
) -> None:
    with cut(proxy, arrives=arrives):
        response = image.store.update(image.id, photo=PHOTO, alt="new")
    assert response.status == 201, response
    assert len(version_handles(service, image.id)) == 2
    assert service.get(response.data["image"]["original"]["url"]).status == 200
    assert response.data["alt_seo"] == "new"


@CUTS
def test_text_alone(proxy: FaultProxy, image: ImageInProduct, *, arrives: bool) -> None:
    """The outcome is unknown: the client is asked to repeat it."""
    store, path = image.store, f"{PREFIX}/products/{image.product_id}"
    with cut(proxy, arrives=arrives):
        response = store.call("PUT", path, encode_json({"name": "new"}))
    check_error(response, 503, "database_unavailable")
    assert (store.product_details(image.product_id)["name"] == "new") is arrives
    assert store.call("PUT", path, encode_json({"name": "new"})).status in {200, 201}


@CUTS
def test_attach(image: ImageInProduct, proxy: FaultProxy, *, arrives: bool) -> None:
    body = encode_multipart(photo=PHOTO)
    with cut(proxy, arrives=arrives):
        response = image.store.call("POST", ATTACH_PATH.format(image.product_id), body)
    assert response.status == 201, response
    assert image.store.image_ids(image.product_id) == [image.id, response.data["id"]]


@CUTS
def test_create(service: Service, proxy: FaultProxy, *, arrives: bool) -> None:
    store = Store.create(service)
    with cut(proxy, arrives=arrives):
        response = store.call("POST", f"{PREFIX}/products", encode_json({"name": "n", "sku": "S"}))
    assert response.status == 201, response
    listed = store.call("GET", f"{PREFIX}/products").data
    assert [(each["id"], each["sku"]) for each in listed] == [(response.data["id"], "S")]


@CUTS
def test_refresh(service: Service, proxy: FaultProxy, *, arrives: bool) -> None:
    store, services, now = Store.create(service), service.services, Millis(10**12)
    back = "https://app.test/back"
    client_id, _ = oauth.create_app(
        services.database, "App", [back], scopes=[READ, OFFLINE_ACCESS], public=True, now=now
    )
    app = oauth.find_app(services, client_id)
    key = oauth.rotate_owner_key(services.database, store.merchant_code, now)
    assert app is not None
    assert key is not None
    request = AuthorizationRequest(app, back, f"{READ} {OFFLINE_ACCESS}", None)
    code = oauth.approve(services, request, store.merchant_code, key, now)
    options: dict[str, Any] = {"redirect": back, "verifier": "", "now": now}
    with cut(proxy, arrives=arrives):
        pair = oauth.exchange(services, app, code=code or "", **options)
    for _ in range(2):
        with cut(proxy, arrives=arrives):
            pair = oauth.refresh(services, app, pair.refresh or "", "", now)
        assert isinstance(pair, TokenPair)


@CUTS
def test_delivery(
    service: Service, proxy: FaultProxy, receiver: WebhookReceiver, *, arrives: bool
) -> None:
    """An event is delivered at least once, and its result is recorded in the end."""
    store, database = Store.create(service), service.services.database
    body = {"name": "n", "event": "product.updated", "url": receiver.url}
    subscribed = store.call("POST", f"{PREFIX}/webhooks/subscribe", encode_json(body))
    assert subscribed.status in {200, 201}, subscribed
    product = store.create_product()
    proxy.cut_at(b"UPDATE deliveries", forwarded=arrives)
    changed = store.call("PUT", f"{PREFIX}/products/{product}", encode_json({"name": "new"}))
    assert changed.status in {200, 201}

    def is_recorded() -> bool:
        with database.reading() as conn:
            statement = "SELECT count(*) FROM deliveries WHERE product_id = %s AND status = 200"
            return bool(conn.exec_driver_sql(statement, (product,)).scalar())

    wait_until(is_recorded, 15)
    assert not proxy.faults.cut_at
    assert 1 <= len(receiver.received) <= 2


def test_round_trips_to_the_database(image: ImageInProduct, service: Service) -> None:
    """What an update with a photo and rate limits costs: docs/nodes.md has these numbers."""
    sent: list[str] = []

    def note(kind: str) -> None:
        if threading.current_thread().name.startswith("AnyIO"):  # not the webhook dispatcher
            sent.append(kind)

    def execute(_c: object, _u: object, statement: str, *_: object) -> None:
        note(statement.split(maxsplit=1)[0])

    def roll_back(connection: Connection) -> None:
        if connection.get_execution_options()["begin"]:  # otherwise, nothing has begun
            note("ROLLBACK")

    (engine,) = service.services.database.engines
    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": execute,
        "commit": lambda _: note("COMMIT"),
        "rollback": roll_back,
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        assert image.store.update(image.id, photo=PHOTO).status == 201
        assert len(sent) == 14, sent
        sent.clear()
        image.store.product_details(image.product_id)
        assert len(sent) == 8, sent
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)
