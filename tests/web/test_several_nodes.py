"""Two nodes on one PostgreSQL database and one bucket (a fake): each event is delivered once."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fatrina.adapters.database.postgres import PostgresDatabase
from fatrina.adapters.database.postgres_leadership import PostgresLeadership
from fatrina.domain import errors
from tests import sample_photos
from tests.databases import new_postgres_database
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server
from tests.stores import ImageInProduct, Service, Store, run_service
from tests.waiting import wait_until
from tests.web.test_webhooks import subscribe
from tests.webhook_receiver import run_receiver


@pytest.fixture
def address(postgres_server: PostgresServer) -> Iterator[str]:
    with new_postgres_database(postgres_server) as address:
        yield address


def leader(node: Service) -> bool:
    return "fatrina_webhook_leader 1.0" in node.get("/metrics").body.decode()


def test_one_node_delivers_and_the_other_takes_over(
    address: str, s3_server: S3Server, tmp_path: Path
) -> None:
    shared = {
        "database": address,
        "bucket": s3_server.create_bucket(),
        "download_allow": "127.0.0.1",
    }
    with run_receiver() as receiver, ExitStack() as second, ExitStack() as first:
        nodes = [
            stack.enter_context(run_service(tmp_path / name, **shared))
            for stack, name in ((first, "first"), (second, "second"))
        ]
        wait_until(lambda: leader(nodes[0]) or leader(nodes[1]))
        assert leader(nodes[0])
        stores = [Store.create(nodes[0])]
        stores.append(Store(nodes[1], stores[0].merchant_code, stores[0].token))
        subscribe(stores[0], receiver.url)
        image = ImageInProduct.create(stores[0])
        for seed in range(4):  # in turns, by both nodes
            response = stores[seed % 2].update(image.id, photo=sample_photos.png(seed=seed))
            assert response.status == 201, response
            url = response.data["image"]["original"]["url"]
            assert [node.get(url).status for node in nodes] == [200, 200]
        receiver.wait_for(5)
        first.close()
        started = time.monotonic()
        stores[1].update(image.id, photo=sample_photos.png(seed=9))
        receiver.wait_for(6)
        assert time.monotonic() - started < 15
        wait_until(lambda: leader(nodes[1]))
    assert len(receiver.received) == 6  # the attachment, and five updates


def test_a_leader_that_is_cut_off_loses_leadership(
    address: str, postgres_server: PostgresServer
) -> None:
    with ExitStack() as stack:
        databases = [stack.enter_context(PostgresDatabase(address)) for _ in range(2)]
        first, second = (PostgresLeadership(database) for database in databases)
        stack.callback(first.close)
        stack.callback(second.close)
        assert first.is_leader()
        assert not second.is_leader()
        with databases[1].writing() as tx:
            tx.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'fatrina-background' AND pid IN "
                "(SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
            )
        wait_until(second.is_leader, 5)
        time.sleep(1)  # until the first one asks the server again
        with pytest.raises(errors.DatabaseUnavailable):
            first.is_leader()
        assert not first.is_leader()
        first.close()
        assert not first.is_leader()
