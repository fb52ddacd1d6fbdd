"""Idempotency keys over a real socket: replay, mismatch, concurrency, expiry, errors."""

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from fatrina.actions import idempotency
from fatrina.actions.sweep import Sweeper
from fatrina.adapters.database.schema import idempotency_keys, versions
from fatrina.domain import errors
from fatrina.domain.idempotency import MAX_BODY_LENGTH, Slot
from fatrina.domain.types import Millis
from tests import sample_photos
from tests.client import Body, Response, encode_json, encode_multipart
from tests.stores import (
    ATTACH_PATH,
    PREFIX,
    PRODUCT_PATH,
    PRODUCTS_PATH,
    VIDEO_PATH,
    VIDEO_URL,
    ImageInProduct,
    Service,
    Store,
    run_service,
    serve_files,
)
from tests.web.error_responses import check_error

PHOTO = sample_photos.png(seed=80)
OTHER_PHOTO = sample_photos.png(seed=81)
Call = Callable[[ImageInProduct], tuple[str, str, Body | None]]


@pytest.fixture
def image(service: Service) -> ImageInProduct:
    return ImageInProduct.create(Store.create(service), photo=sample_photos.png(seed=82))


def update_image(image: ImageInProduct, key: str = "k", **fields: str | bytes) -> Response:
    body = encode_multipart(**({"photo": PHOTO} | fields))
    return image.store.call("POST", image.path, body, idempotency_key=key)


def check_replay(replayed: Response, first: Response) -> None:
    assert first.headers["idempotency-replayed"] is None
    assert replayed.headers["idempotency-replayed"] == "true"
    assert (replayed.status, replayed.body) == (first.status, first.body)
    for name in ("etag", "content-type", "content-language", "fatrina-reason", "cache-control"):
        assert replayed.headers[name] == first.headers[name], name


def count_versions(image: ImageInProduct) -> int:
    with image.store.service.services.database.reading() as conn:
        query = select(func.count()).where(versions.c.image_id == image.id)
        return conn.scalar(query) or 0


def count_keys(service: Service) -> int:
    with service.services.database.reading() as conn:
        return conn.scalar(select(func.count()).select_from(idempotency_keys)) or 0


def stored(request: tuple[str, str, Body | None], image: ImageInProduct) -> tuple[Any, Any]:
    method, path, body = request
    first = image.store.call(method, path, body, idempotency_key="k")
    return first, image.store.call(method, path, body, idempotency_key="k")


def subscription(image: ImageInProduct) -> Any:
    event = {"name": "n", "event": "product.updated", "url": "https://user.example/hook"}
    return image.store.call("POST", PREFIX + "/webhooks/subscribe", encode_json(event)).data


CALLS: dict[str, Call] = {
    "update": lambda i: ("POST", i.path, encode_multipart(photo=PHOTO)),
    "attach": lambda i: ("POST", ATTACH_PATH.format(i.product_id), encode_multipart(photo=PHOTO)),
    "video": lambda i: (
        *("POST", VIDEO_PATH.format(i.product_id)),
        encode_json({"video_url": VIDEO_URL}),
    ),
    "delete": lambda i: ("DELETE", i.path, None),
    "restore": lambda i: ("POST", i.path + "/versions/1/restore", None),
    "order": lambda i: (
        *("PUT", ATTACH_PATH.format(i.product_id) + "/order"),
        encode_json({"images": [i.id]}),
    ),
    "create_product": lambda _: ("POST", PRODUCTS_PATH, encode_json({"name": "كوب"})),
    "update_product": lambda i: (
        *("PUT", PRODUCT_PATH.format(i.product_id)),
        encode_json({"name": "new"}),
    ),
    "delete_product": lambda i: ("DELETE", PRODUCT_PATH.format(i.product_id), None),
    "subscribe": lambda _: (
        *("POST", PREFIX + "/webhooks/subscribe"),
        encode_json({"name": "n", "event": "product.updated", "url": "https://user.example/a"}),
    ),
    "update_subscription": lambda i: (
        *("PUT", f"{PREFIX}/webhooks/{subscription(i)['id']}"),
        encode_json({"name": "m"}),
    ),
    "unsubscribe": lambda i: (
        "DELETE",
        f"{PREFIX}/webhooks/unsubscribe?id={subscription(i)['id']}",
        None,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_repeated_request_happens_once(image: ImageInProduct, name: str) -> None:
    first, replayed = stored(CALLS[name](image), image)
    assert first.status < 300, first
    check_replay(replayed, first)


def test_restored_image_is_replayed(image: ImageInProduct) -> None:
    image.store.delete(image.id)
    first, replayed = stored(("POST", image.path + "/restore", None), image)
    assert first.status == 201
    check_replay(replayed, first)


def test_replay_shows_the_state_of_the_first_request_and_changes_nothing(
    image: ImageInProduct,
) -> None:
    first = update_image(image, alt="one")
    image.store.update(image.id, alt="two", photo=OTHER_PHOTO)
    current = image.store.product_details(image.product_id)
    check_replay(update_image(image, alt="one"), first)
    assert image.store.product_details(image.product_id) == current
    assert count_versions(image) == 3


def test_replay_decodes_nothing_and_downloads_nothing(
    image: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = image.store.service.services
    with serve_files({"/cup": PHOTO}) as base:
        link = encode_json({"photo": base + "/cup"})
        linked = ("POST", image.path, link)
        method, path, body = linked
        first_link = image.store.call(method, path, body, idempotency_key="link")
        assert first_link.status == 201, first_link
    first = update_image(image, photo=OTHER_PHOTO)

    def fail(*_: object) -> None:
        pytest.fail("a replay decoded a photo or downloaded a link")

    monkeypatch.setattr(type(services.decoders), "acquire", fail)
    monkeypatch.setattr(type(services.downloader), "fetch", fail)
    check_replay(update_image(image, photo=OTHER_PHOTO), first)
    check_replay(image.store.call(method, path, body, idempotency_key="link"), first_link)


def test_key_of_another_request_is_rejected(image: ImageInProduct) -> None:
    other = ImageInProduct.create(image.store)
    first = update_image(image, alt="x", sort="2")
    for changed in (
        update_image(image, alt="y", sort="2"),
        update_image(image, alt="x"),
        update_image(image, alt="x", sort="2", photo=OTHER_PHOTO),
        update_image(other, alt="x", sort="2"),
    ):
        check_error(changed, 422, "idempotency_mismatch")
        assert "Idempotency-Key" in changed.json["error"]["fields"]
    other.check_unchanged()
    check_replay(update_image(image, sort="2", alt="x"), first)


def test_key_belongs_to_the_merchant_and_the_call(image: ImageInProduct) -> None:
    first = update_image(image)
    stranger = ImageInProduct.create(Store.create(image.store.service))
    attached = image.store.call(
        *("POST", ATTACH_PATH.format(image.product_id), encode_multipart(photo=PHOTO)),
        idempotency_key="k",
    )
    others = [attached, update_image(stranger)]
    assert [each.status for each in others] == [201, 201]
    assert not [each for each in others if each.headers["idempotency-replayed"]]
    reader = image.store.service.issue_token(image.store.merchant_code, "products.read")
    check_error(update_image(replace_token(image, reader)), 401, "insufficient_scope")
    check_error(update_image(replace_token(image, "no-token")), 401, "invalid_token")
    second = image.store.service.issue_token(image.store.merchant_code)
    check_replay(update_image(replace_token(image, second)), first)


def replace_token(image: ImageInProduct, token: str) -> ImageInProduct:
    return replace(image, store=replace(image.store, token=token))


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, "a\tb", "k, k"])
def test_invalid_key_changes_nothing(image: ImageInProduct, key: str) -> None:
    check_error(update_image(image, key), 422, "invalid_idempotency_key")
    image.check_unchanged()


@pytest.mark.parametrize("key", ["!", "~" * 255, '"quoted"', "%00", "../..", "k,k", "';--"])
def test_unusual_keys_are_accepted(image: ImageInProduct, key: str) -> None:
    first = update_image(image, key, photo=PHOTO)
    check_replay(update_image(image, key, photo=PHOTO), first)


def test_final_errors_are_replayed_and_others_are_executed_again(image: ImageInProduct) -> None:
    rejected = update_image(image, photo=b"not a photo")
    check_error(rejected, 422, "photo_not_an_image")
    check_replay(update_image(image, photo=b"not a photo"), rejected)
    invalid = update_image(image, "invalid", sort="x")
    check_replay(update_image(image, "invalid", sort="x"), invalid)
    image.store.delete(image.id)
    missing = update_image(image, "missing")
    check_error(missing, 404, "not_found")
    image.store.call("POST", image.path + "/restore")
    executed = update_image(image, "missing")
    assert (executed.status, executed.headers["idempotency-replayed"]) == (201, None)


def test_temporary_errors_are_executed_again(
    image: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, fetch_count = image.store.service.services, 0
    body = encode_json({"photo": "https://user.example/cup"})

    def fetch(_: object, __: str, write: Callable[[bytes], None]) -> None:
        nonlocal fetch_count
        fetch_count += 1
        if fetch_count == 1:
            raise errors.Busy(retry=1)
        write(PHOTO)

    monkeypatch.setattr(type(services.downloader), "fetch", fetch)
    responses = [image.store.call("POST", image.path, body, idempotency_key="k") for _ in range(3)]
    assert [each.status for each in responses] == [503, 201, 201]
    check_replay(responses[2], responses[1])
    assert fetch_count == 2


def test_request_that_is_still_running_is_reported(image: ImageInProduct) -> None:
    body = encode_multipart(photo=PHOTO)
    head = image.request_head(len(body.data), body.content_type, idempotency_key="k")
    with image.store.connect() as connection:
        connection.send(head + body.data[:-10])
        response = update_image(image)
        check_error(response, 409, "idempotency_running")
        assert int(response.headers["retry-after"]) > 0
        assert update_image(image, "other").status == 201
        connection.send(body.data[-10:])
        first = connection.read_response()
    check_replay(update_image(image), first)


def test_interrupted_request_is_executed_by_its_repetition(image: ImageInProduct) -> None:
    body = encode_multipart(photo=PHOTO)
    head = image.request_head(len(body.data), body.content_type, idempotency_key="k")
    with image.store.connect() as connection:
        connection.send(head + body.data[:-10])
        connection.socket.shutdown(socket.SHUT_RDWR)
    results = [update_image(image)]
    while results[-1].status == 409:  # until the service has noticed the end of the connection
        results.append(update_image(image))
    assert results[-1].status == 201
    assert count_versions(image) == 2


def test_one_of_two_concurrent_effects_is_rolled_back(
    image: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nodes do not know each other's running keys."""
    barrier, find = threading.Barrier(2), idempotency.find

    def find_together(*args: Any) -> Any:
        barrier.wait(10)
        return find(*args)

    monkeypatch.setattr(idempotency, "find", find_together)
    monkeypatch.setattr(Slot, "__eq__", lambda *_: False)  # no key is in the set of running ones
    results: list[Response] = []
    threads = [
        threading.Thread(target=lambda: results.append(update_image(image))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert sorted(each.status for each in results) == [201, 409], results
    first = next(each for each in results if each.status == 201)
    check_replay(update_image(image), first)
    assert count_versions(image) == 2


def test_key_expires_and_is_swept(image: ImageInProduct) -> None:
    service = image.store.service
    update_image(image)
    with service.services.database.writing() as tx:
        tx.execute(delete(idempotency_keys).where(idempotency_keys.c.key != "k"))
        tx.execute(update(idempotency_keys).values(expires_at=5))
    again = update_image(image, photo=OTHER_PHOTO)
    assert (again.status, again.headers["idempotency-replayed"]) == (201, None)
    before = count_keys(service)
    with service.services.database.writing() as tx:
        tx.execute(
            update(idempotency_keys).where(idempotency_keys.c.key == "k").values(expires_at=5)
        )
    services = service.services
    sweeper = Sweeper(services.database, services.storage, services.housekeeping)
    sweeper.sweep(services.clock(), Millis(86_400_000))
    assert count_keys(service) < before


def test_response_that_is_too_long_is_not_stored(
    image: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fatrina.web.http.responses.MAX_BODY_LENGTH", 100)
    assert update_image(image).status == 201
    monkeypatch.undo()
    check_error(update_image(image), 409, "idempotency_not_stored")
    assert count_versions(image) == 2
    assert MAX_BODY_LENGTH > 100


def test_key_is_ignored_if_extensions_are_disabled(tmp_path: Path) -> None:
    with run_service(tmp_path, contract_only=True) as service:
        image = ImageInProduct.create(Store.create(service))
        for response in (update_image(image, "a b"), update_image(image, "a b")):
            assert (response.status, response.headers["idempotency-replayed"]) == (201, None)
        assert "Idempotency-Key" not in service.get("/openapi.json").json["info"]["description"]
