"""The webhook dispatcher over real sockets: fairness, limits and recovery from errors."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from fatrina.actions.clock import Clock
from fatrina.actions.webhooks import dispatcher, slots, subscriptions
from fatrina.adapters.database import Database, deliveries, schema
from fatrina.adapters.database.delivery_log import DeliveryRow
from fatrina.adapters.http_client import connection, resolver
from fatrina.domain import errors, webhook
from fatrina.domain.address_policy import Address
from fatrina.domain.types import Millis, ProductId, SubscriptionId
from tests.client import encode_json
from tests.silent_server import SilentServer, run_silent_server
from tests.stores import ADMIN_TOKEN, Service, Store, run_service
from tests.waiting import wait_until
from tests.web.test_webhooks import SUBSCRIBE, WEBHOOKS, subscribe
from tests.webhook_receiver import WebhookReceiver, run_receiver

SETTINGS: dict[str, Any] = {
    "download_allow": "127.0.0.1,localhost",
    "admin_token": ADMIN_TOKEN,
    "webhook_pause": 0.1,
}
HOUR = 3_600_000


def wait_until_true(true: Callable[[], object]) -> None:
    """Wait until a condition is true, also on a busy machine."""
    wait_until(true)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service for one test, with a delivery timeout of ten minutes."""
    with run_service(tmp_path, **SETTINGS, webhook_seconds=600) as service:
        yield service


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with run_receiver() as receiver:
        yield receiver


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    with run_silent_server() as silent:
        yield silent


def add_subscription(service: Service, url: str, store: Store | None = None) -> int:
    """Subscribe a URL; return the id of the subscription."""
    return int(subscribe(store or Store.create(service), url)["id"])


def enqueue(service: Service, subscription: int, *products: int, at: int | None = None) -> None:
    """Record an event for each product."""
    now = Clock()() if at is None else at
    with service.services.database.writing() as tx:
        for product in products:
            body = b'{"product":%d}' % product
            deliveries.enqueue(
                tx, SubscriptionId(subscription), ProductId(product), body, Millis(now)
            )


def delivery_rows(service: Service, number: int | None = None) -> list[DeliveryRow]:
    """Return the deliveries, oldest first, optionally those of one product."""
    found = subscriptions.list_deliveries(service.services.database, limit=100_000)
    return [row for row in reversed(found) if number is None or row.product_id == number]


def metrics(service: Service) -> dict[str, float]:
    lines = service.get("/metrics").body.decode().splitlines()
    pairs = (
        connection.rsplit(" ", 1)
        for connection in lines
        if connection.startswith("fatrina_webhook_")
    )
    return {name: float(value) for name, value in pairs}


# Fairness


def test_silent_receiver_does_not_starve_others(
    service: Service, silent: SilentServer, receiver: WebhookReceiver
) -> None:
    enqueue(service, add_subscription(service, silent.url), *range(1, 501))
    wait_until_true(lambda: silent.connections)
    enqueue(service, add_subscription(service, receiver.url), 7)
    receiver.wait_for(1)
    # The dispatcher polls five times a second: every delivery that can start has started.
    enqueue(service, add_subscription(service, receiver.url), 8)
    receiver.wait_for(2)
    assert len(silent.connections) == 1


def test_merchant_with_many_dead_receivers_does_not_starve_others(
    service: Service, silent: SilentServer, receiver: WebhookReceiver
) -> None:
    bad = Store.create(service)
    for number in range(60):
        enqueue(service, add_subscription(service, f"{silent.url}/{number}", bad), *range(1, 11))
    wait_until_true(lambda: len(silent.connections) >= slots.MAX_PER_MERCHANT)
    enqueue(service, add_subscription(service, receiver.url), 7)
    receiver.wait_for(1)
    assert len(silent.connections) <= slots.MAX_SLOW_PER_MERCHANT + slots.MAX_PER_MERCHANT


def test_hundred_merchants_with_dead_receivers_do_not_starve_others(
    service: Service,
    silent: SilentServer,
    receiver: WebhookReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "SLOW_AFTER_SECONDS", 0.3)
    for number in range(100):
        enqueue(service, add_subscription(service, f"{silent.url}/{number}"), *range(1, 5))
    wait_until_true(lambda: len(silent.connections) >= slots.MAX_SLOW)
    control = add_subscription(service, receiver.url)
    for turn in range(1, 6):
        enqueue(service, control, turn)
        receiver.wait_for(turn)
    assert len(silent.connections) <= slots.MAX_SLOW + slots.MAX_PROMPT


def test_dead_receiver_does_not_starve_other_receivers_of_its_merchant(
    service: Service,
    silent: SilentServer,
    receiver: WebhookReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "SLOW_AFTER_SECONDS", 0.3)
    store = Store.create(service)
    for number in range(3 * slots.MAX_PER_MERCHANT):
        enqueue(service, add_subscription(service, f"{silent.url}/{number}", store), *range(1, 101))
    wait_until_true(lambda: len(silent.connections) == 3 * slots.MAX_PER_MERCHANT)
    enqueue(service, add_subscription(service, receiver.url, store), 7)
    receiver.wait_for(1)


def test_unresolvable_names_do_not_starve_others(
    service: Service, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, released, calls = resolver._get_addresses, threading.Event(), list[str]()

    def slow(host: str) -> list[Address]:
        if host == "localhost":
            return [ip_address("127.0.0.1")]
        if not host.startswith("dead"):
            return look_up(host)
        calls.append(host)
        released.wait(60)
        raise OSError

    monkeypatch.setattr(resolver, "_get_addresses", slow)
    for number in range(30):
        enqueue(service, add_subscription(service, f"https://dead-{number}.example/"), 1)
    wait_until_true(lambda: len(calls) == 30)
    port = receiver.url.rpartition(":")[2]
    enqueue(service, add_subscription(service, f"http://localhost:{port}/"), 7)
    receiver.wait_for(1)
    released.set()


def test_backlog_of_one_subscription_does_not_wait_for_polls(
    service: Service, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "_POLL_INTERVAL", 5.0)
    enqueue(service, add_subscription(service, receiver.url), *[3] * 50)
    receiver.wait_for(50)  # with one poll for each it would take minutes
    wait_until_true(lambda: not metrics(service)["fatrina_webhook_pending"])


# Failures


def failing_times(times: int, fault: BaseException, then: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that raises `fault` a number of times and then calls `then`."""
    left = [fault] * times

    def call(*args: Any, **kwargs: Any) -> Any:
        if left:
            raise left.pop()
        return then(*args, **kwargs)

    return call


@pytest.mark.parametrize("where", [dispatcher, resolver])
def test_thread_start_failure_is_retried(
    service: Service, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch, where: Any
) -> None:
    class Refusing(threading.Thread):
        start = failing_times(3, RuntimeError("can't start new thread"), threading.Thread.start)

    url = receiver.url.replace("127.0.0.1", "localhost")
    number = add_subscription(service, url)
    monkeypatch.setattr(where, "Thread", Refusing)
    enqueue(service, number, *range(1, 11))
    receiver.wait_for(10)
    wait_until_true(lambda: all(row.due_at is None for row in delivery_rows(service)))
    assert {(row.attempts, row.error) for row in delivery_rows(service)} == {(1, None)}
    assert not metrics(service)["fatrina_webhook_running"]


def test_lack_of_descriptors_does_not_count_as_a_failed_attempt(
    service: Service, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    none_left = failing_times(2, OSError(24, "Too many open files"), connection._connect)
    monkeypatch.setattr(connection, "_connect", none_left)
    enqueue(service, add_subscription(service, receiver.url), 1)
    receiver.wait_for(1)
    wait_until_true(lambda: delivery_rows(service)[0].due_at is None)
    assert [(row.attempts, row.error) for row in delivery_rows(service)] == [(1, None)]


@pytest.mark.parametrize(
    "fault", [MemoryError(), ValueError("anything"), errors.DatabaseUnavailable(), KeyError(7)]
)
def test_exception_in_a_poll_does_not_stop_the_next_one(
    service: Service, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    monkeypatch.setattr(deliveries, "list_heads", failing_times(3, fault, deliveries.list_heads))
    enqueue(service, add_subscription(service, receiver.url), 1)
    receiver.wait_for(1)


def test_stuck_dispatcher_is_reported(
    service: Service, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service.get("/ready").json == {"status": "ready"}
    enqueue(service, add_subscription(service, receiver.url), 1)
    receiver.wait_for(1)
    whole, invalid = (
        deliveries.list_heads,
        failing_times(10**6, ValueError("anything"), deliveries.list_heads),
    )
    monkeypatch.setattr(dispatcher, "STUCK_AFTER_SECONDS", 0.5)
    monkeypatch.setattr(dispatcher, "_MAX_BACKOFF", 0.1)
    monkeypatch.setattr(deliveries, "list_heads", invalid)
    enqueue(service, add_subscription(service, receiver.url), 2)
    wait_until_true(lambda: service.get("/ready").json == {"status": "ready", "webhooks": "stuck"})
    seen = metrics(service)
    assert seen["fatrina_webhook_stuck"] == 1
    assert seen["fatrina_webhook_look_age_seconds"] > 0.5
    assert seen["fatrina_webhook_pending"] == 1
    assert seen["fatrina_webhook_oldest_pending_seconds"] > 0
    monkeypatch.setattr(dispatcher, "STUCK_AFTER_SECONDS", 30.0)
    monkeypatch.setattr(deliveries, "list_heads", whole)
    receiver.wait_for(2)
    wait_until_true(lambda: service.get("/ready").json == {"status": "ready"})
    wait_until_true(
        lambda: metrics(service)['fatrina_webhook_attempts_total{outcome="delivered"}'] == 2
    )


def test_unreadable_row_does_not_stop_others(service: Service, receiver: WebhookReceiver) -> None:
    invalid, valid = (
        add_subscription(service, receiver.url),
        add_subscription(service, receiver.url),
    )
    with service.services.database.writing() as tx:
        table = schema.subscriptions
        tx.execute(table.update().where(table.c.id == invalid).values(headers="[no JSON"))
    enqueue(service, invalid, 1, 2)
    enqueue(service, valid, 3)
    receiver.wait_for(1)
    wait_until_true(lambda: all(row.due_at is None for row in delivery_rows(service)))
    assert [row.error for row in delivery_rows(service)] == [
        "row_unreadable",
        "row_unreadable",
        None,
    ]


# Full disk


def test_unrecorded_delivery_is_not_sent_again(
    service: Service, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (add_subscription(service, receiver.url) for _ in range(2))
    whole = deliveries.record_attempt
    attempts = []

    def full(*args: Any, **_: Any) -> bool:
        attempts.append(args)
        raise errors.StorageFull

    monkeypatch.setattr(dispatcher, "_MAX_BACKOFF", 0.1)
    monkeypatch.setattr(deliveries, "record_attempt", full)
    enqueue(service, first, 1)
    enqueue(service, second, 2)
    wait_until_true(lambda: len(attempts) > 10)
    assert len(receiver.received) in {1, 2}
    sent = len(receiver.received)
    enqueue(service, first, 3)
    enqueue(service, second, 4)  # nothing is sent while no result can be recorded
    seen = len(attempts)
    wait_until_true(lambda: len(attempts) > seen + 10)
    assert len(receiver.received) == sent
    assert metrics(service)["fatrina_webhook_unrecorded"] == sent
    monkeypatch.setattr(deliveries, "record_attempt", whole)
    receiver.wait_for(4)
    wait_until_true(lambda: all(row.due_at is None for row in delivery_rows(service)))
    assert len(receiver.received) == 4
    assert {(row.attempts, row.status) for row in delivery_rows(service)} == {(1, 200)}


def test_nothing_is_sent_if_the_result_cannot_be_recorded(
    tmp_path: Path, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_service(tmp_path, **SETTINGS) as service:
        number = add_subscription(service, receiver.url)
    engine, calls = type(service.services.database), []

    def full(_: Database) -> None:
        calls.append(1)
        raise errors.StorageFull

    whole = engine.overwrite_failed_commit
    monkeypatch.setattr(dispatcher, "_MAX_BACKOFF", 0.1)
    monkeypatch.setattr(engine, "overwrite_failed_commit", full)
    with run_service(tmp_path, **SETTINGS) as service:
        enqueue(service, number, 1, 2)
        wait_until_true(lambda: len(calls) > 5)
        assert not receiver.received
        monkeypatch.setattr(engine, "overwrite_failed_commit", whole)
        receiver.wait_for(2)


# Backlog limit


def test_full_backlog_keeps_the_newest_and_counts_dropped_events(
    service: Service, silent: SilentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_PENDING", 20)
    number = add_subscription(service, silent.url)
    waiting: list[DeliveryRow] = []
    for product in range(1, 101):
        enqueue(service, number, product)
        waiting = [row for row in delivery_rows(service) if row.due_at is not None]
        assert len(waiting) <= 20
        assert waiting[-1].product_id == product
    products = [row.product_id for row in waiting]
    assert products == list(range(101 - len(waiting), 101))
    assert sum(row.dropped for row in waiting) + len(waiting) == 100
    log = Store.create(service).call(
        "GET", "/_fatrina/deliveries", authorization=f"Bearer {ADMIN_TOKEN}"
    )
    assert sum(row["dropped"] for row in log.data) == 100 - len(waiting)


def test_full_backlog_does_not_affect_other_subscriptions(
    service: Service, silent: SilentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_PENDING", 5)
    first, second = (add_subscription(service, f"{silent.url}/{each}") for each in "ab")
    enqueue(service, second, *range(200, 204))
    enqueue(service, first, *range(100, 120))
    kept = [row.product_id for row in delivery_rows(service)]
    assert [product for product in kept if product >= 200] == list(range(200, 204))
    assert 119 in kept
    assert len(kept) <= 9


def test_failing_subscription_is_paused_and_recovers(
    tmp_path: Path, receiver: WebhookReceiver
) -> None:
    receiver.status_for = lambda _: 500
    with run_service(tmp_path, **{**SETTINGS, "webhook_pause": 0.01}) as service:
        number = add_subscription(service, receiver.url)
        enqueue(service, number, *range(1, 12))
        wait_until_true(lambda: metrics(service)["fatrina_webhook_paused"] == 1)
        receiver.wait_for(
            webhook.FAILING_AFTER + 3
        )  # each pause is twice as long as the previous one
        receiver.status_for = lambda _: 200
        wait_until_true(lambda: all(row.due_at is None for row in delivery_rows(service)))
        assert metrics(service)["fatrina_webhook_paused"] == 0
        assert delivery_rows(service)[-1].status == 200
        with service.services.database.reading() as conn:
            found = conn.execute(schema.subscriptions.select()).one()
        assert (found.failures, found.paused_until) == (0, None)


def test_update_or_redelivery_ends_the_pause(service: Service, receiver: WebhookReceiver) -> None:
    store, far_future = Store.create(service), Clock()() + HOUR // 2
    number = add_subscription(service, receiver.url, store)
    paused = schema.subscriptions.update().values(
        failures=webhook.FAILING_AFTER + 30, paused_until=far_future
    )
    # Half an hour requires a long enough pause between attempts.
    assert webhook.pause_after(webhook.FAILING_AFTER + 30, Millis(100)) >= HOUR // 2
    with service.services.database.writing() as tx:
        tx.execute(paused)
    enqueue(service, number, 1)
    other = add_subscription(service, receiver.url)
    enqueue(service, other, 2)
    (request,) = receiver.wait_for(1)
    assert request.json == {"product": 2}
    changed = store.call("PUT", f"{WEBHOOKS}/{number}", encode_json({"name": "new"}))
    assert changed.status == 200
    assert receiver.wait_for(2)[1].json == {"product": 1}
    wait_until_true(lambda: all(row.due_at is None for row in delivery_rows(service)))
    with service.services.database.writing() as tx:
        tx.execute(paused)
        assert deliveries.redeliver(tx, delivery_rows(service, 1)[0].id, Clock()())
    assert receiver.wait_for(3)[2].json == {"product": 1}


# Clocks


@pytest.fixture
def clock_offset(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The offset of the clock in milliseconds."""
    clock_offset, true = [0], Clock.__call__
    monkeypatch.setattr(Clock, "__call__", lambda self: true(self) + clock_offset[0])
    return clock_offset


@pytest.mark.parametrize("shift", [-40 * 24 * HOUR, -HOUR, -120_000, 120_000, HOUR, 40 * 24 * HOUR])
def test_events_are_delivered_after_clock_changes(
    service: Service, receiver: WebhookReceiver, clock_offset: list[int], shift: int
) -> None:
    number = add_subscription(service, receiver.url)
    with service.services.database.writing() as tx:  # recorded, and not seen by an earlier poll
        deliveries.enqueue(tx, SubscriptionId(number), ProductId(7), b'{"at":1}', Clock()())
        clock_offset[0] = shift
    receiver.wait_for(1)
    enqueue(service, number, 7)
    receiver.wait_for(2)


@pytest.mark.parametrize("shift", [-40 * 24 * HOUR, -HOUR, 601_000, HOUR])
def test_attempts_are_retried_after_clock_changes(
    tmp_path: Path, receiver: WebhookReceiver, clock_offset: list[int], shift: int
) -> None:
    receiver.status_for = lambda count: 500 if count == 1 else 200
    with run_service(tmp_path, **{**SETTINGS, "webhook_pause": 600}) as service:
        enqueue(service, add_subscription(service, receiver.url), 7)
        wait_until_true(lambda: delivery_rows(service)[0].attempts == 1)
        clock_offset[0] = shift
        receiver.wait_for(2)


def test_pause_ends_if_the_clock_is_set_back(
    service: Service, receiver: WebhookReceiver, clock_offset: list[int]
) -> None:
    number = add_subscription(service, receiver.url)
    with service.services.database.writing() as tx:
        deliveries.record_failure(tx, SubscriptionId(number), Millis(100), Clock()())
        values = {"failures": webhook.FAILING_AFTER, "paused_until": Clock()() + HOUR}
        tx.execute(schema.subscriptions.update().values(values))
    enqueue(service, number, 1)
    receiver.wait_for(1)


# Stopping


def test_stop_aborts_deliveries_and_restart_repeats_them(
    tmp_path: Path, silent: SilentServer, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "SLOW_AFTER_SECONDS", 0.3)
    with run_service(tmp_path, **SETTINGS, webhook_seconds=600) as service:
        for number in range(60):
            enqueue(service, add_subscription(service, f"{silent.url}/{number}"), 1)
        wait_until_true(lambda: len(silent.connections) == 60)
        started = time.monotonic()
    assert time.monotonic() - started < 90  # sequentially: 120 s
    for accepted in silent.connections:
        accepted.settimeout(60)
        while accepted.recv(65_536):
            pass  # end of the closed connection
    # The stop does not wait for threads whose connections it has closed: they end soon after.
    wait_until_true(lambda: not [each for each in threading.enumerate() if each.name == "delivery"])
    with run_service(tmp_path, **SETTINGS) as service:
        assert {(row.attempts, row.error) for row in delivery_rows(service)} == {(0, None)}
        with service.services.database.writing() as tx:
            tx.execute(schema.subscriptions.update().values(url=receiver.url))
        receiver.wait_for(60)


# Secrets


@pytest.mark.parametrize(
    "secret",
    ["a\r\nX-Evil: 1", "a\nb", "a\tb", "a\0b", "سر المتجر", "é", "café", " a", "a ", " ", "\x7f"],
)
def test_secret_that_is_invalid_in_a_header_is_rejected(store: Store, secret: str) -> None:
    body = {"name": "n", "event": "product.updated", "url": "https://far.example/"}
    body |= {"security_strategy": "token", "secret": secret}
    response = store.call("POST", SUBSCRIBE, encode_json(body))
    assert response.status == 422, response
    assert list(response.json["error"]["fields"]) == ["secret"]
    assert store.call("GET", WEBHOOKS).data == []
    subscription = subscribe(
        store, "https://far.example/", security_strategy="token", secret="sound"
    )
    change = store.call("PUT", f"{WEBHOOKS}/{subscription['id']}", encode_json({"secret": secret}))
    assert change.status == 422
    assert list(change.json["error"]["fields"]) == ["secret"]


def test_signing_secret_may_have_any_script(store: Store) -> None:
    subscription = subscribe(store, "https://far.example/", secret="سر المتجر")
    change = store.call(
        "PUT", f"{WEBHOOKS}/{subscription['id']}", encode_json({"security_strategy": "token"})
    )
    assert change.status == 422
    assert list(change.json["error"]["fields"]) == ["secret"]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"strategy": "token", "secret": "very\nhidden"}, "invalid_secret"),
        ({"strategy": "token", "secret": "very سر hidden"}, "invalid_secret"),
        ({"headers": '[["X-A", "very\\nhidden"]]'}, "header_not_allowed"),
        ({"headers": '[["Host", "hidden"]]'}, "header_not_allowed"),
    ],
)
def test_unsendable_rows_fail_with_a_reason_without_the_secret(
    service: Service,
    receiver: WebhookReceiver,
    capfd: pytest.CaptureFixture[str],
    values: dict[str, str],
    problem: str,
) -> None:
    number = add_subscription(service, receiver.url)
    with service.services.database.writing() as tx:
        tx.execute(schema.subscriptions.update().values(values))
    enqueue(service, number, 1)
    wait_until_true(lambda: delivery_rows(service)[0].due_at is None)
    (row,) = delivery_rows(service)
    assert (row.error, row.status, row.attempts) == (problem, None, 1)
    log = Store.create(service).call(
        "GET", "/_fatrina/deliveries", authorization=f"Bearer {ADMIN_TOKEN}"
    )
    assert b"hidden" not in log.body
    assert "hidden" not in "".join(capfd.readouterr())
    assert not receiver.received


# Invalid responses


def send_slowly(connection: socket.socket) -> None:
    connection.recv(65_536)
    for byte in b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 60_000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def send_endless_head(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: " + b"a" * 1000 + b"\r\n")


def send_endless_body(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    while True:
        connection.sendall(b"a" * 65_536)


def send_interim_responses(connection: socket.socket) -> None:
    connection.recv(65_536)
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def send_invalid_http(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def send_redirect(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(
        b"HTTP/1.1 307 T\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("act", "scheme", "problem"),
    [
        (send_slowly, "http", "link_timeout"),
        (send_endless_head, "http", "link_invalid_response"),
        (send_endless_body, "http", None),
        (send_interim_responses, "http", "link_invalid_response"),
        (send_invalid_http, "http", "link_invalid_response"),
        (send_redirect, "http", "status 307"),
        (send_invalid_http, "https", "link_tls"),
        (send_slowly, "https", "link_tls"),
    ],
)
def test_invalid_responses(
    tmp_path: Path, act: Callable[[socket.socket], None], scheme: str, problem: str | None
) -> None:
    with (
        run_silent_server(act) as odd,
        run_service(tmp_path, **SETTINGS, webhook_seconds=1) as service,
    ):
        enqueue(service, add_subscription(service, odd.url.replace("http", scheme)), 1)
        wait_until_true(lambda: delivery_rows(service)[0].due_at is None)
        (row,) = delivery_rows(service)
        assert row.error == problem
        assert row.attempts == (1 if problem is None else webhook.MAX_ATTEMPTS)
        assert len(odd.connections) == row.attempts
