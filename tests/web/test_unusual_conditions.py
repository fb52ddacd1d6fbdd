"""Unusual conditional requests and restores: each is answered exactly, and changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from fatrina.actions import galleries
from fatrina.actions.sweep import Sweeper
from fatrina.domain.durations import DAY
from fatrina.domain.types import Millis
from tests import sample_photos
from tests.client import Response, encode_head, encode_json, encode_multipart
from tests.stores import PREFIX, ImageInProduct, Service, Store, run_service
from tests.web.error_responses import check_error

IMAGE = PREFIX + "/products/images/{}"
RESTORE_VERSION = IMAGE + "/versions/{}/restore"
RESTORE = IMAGE + "/restore"
ORDER = PREFIX + "/products/{}/images/order"


@pytest.fixture
def image(service: Service) -> ImageInProduct:
    return ImageInProduct.create(Store.create(service), photo=sample_photos.png(seed=80))


def read_etag(store: Store, path: str) -> str:
    response = store.call("GET", path)
    assert response.status == 200, response
    return str(response.headers["etag"])


def send(store: Store, method: str, path: str, *lines: str, body: bytes = b"") -> Response:
    """Send a request with these header lines as they are."""
    head = encode_head(method, path, {"Authorization": f"Bearer {store.token}"}).removesuffix(
        b"\r\n"
    )
    sent = [*lines, "Content-Type: application/json", f"Content-Length: {len(body)}"]
    with store.connect() as connection:
        connection.send(head + "\r\n".join(sent).encode("latin-1") + b"\r\n\r\n" + body)
        return connection.read_response(method)


def sweep_later(service: Service, days: int) -> None:
    """Sweep as if `days` had passed."""
    services = service.services
    sweeper = Sweeper(services.database, services.storage, services.housekeeping, trust_clock=True)
    sweeper.sweep(Millis(services.clock() + days * DAY), Millis(30 * DAY))


# If-Match of an order


def test_order_has_an_etag_of_its_own(image: ImageInProduct) -> None:
    store, path = image.store, ORDER.format(image.product_id)
    second = store.attach(image.product_id)["id"]
    etag = read_etag(store, path)
    assert store.call("GET", path).data == {"images": [image.id, second]}
    unchanged = store.call("GET", path, None, if_none_match=f"W/{etag}")
    assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", etag)
    store.update(image.id, alt="changes the image, not the order")
    assert read_etag(store, path) == etag
    body = encode_json({"images": [second, image.id]})
    changed = store.call("PUT", path, body, if_match=etag)
    assert changed.status == 200
    assert changed.headers["etag"] == read_etag(store, path) != etag
    stale = store.call("PUT", path, encode_json({"images": [image.id, second]}), if_match=etag)
    check_error(stale, 412, "precondition_failed")
    assert stale.headers["etag"] == changed.headers["etag"]
    assert store.image_ids(image.product_id) == [second, image.id]
    store.delete(second)
    assert read_etag(store, path) != changed.headers["etag"]


def test_stale_order_is_rejected_before_its_body_is_read(image: ImageInProduct) -> None:
    with image.store.connect() as connection:
        head = image.store.request_head(
            *("PUT", ORDER.format(image.product_id)),
            **{"if-match": '"other"', "content-length": "5000", "content-type": "application/json"},
        )
        connection.send(head)
        assert connection.read_response().status == 412


def test_order_changed_during_the_request_is_not_overwritten(
    image: ImageInProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, path = image.store, ORDER.format(image.product_id)
    second = store.attach(image.product_id)["id"]
    etag = read_etag(store, path)

    def reorder(store: Store, image_ids: list[int]) -> Response:
        return store.call("PUT", path, encode_json({"images": image_ids}), if_match=etag)

    before_each_order(monkeypatch, lambda: reorder(store, [second, image.id]))
    check_error(reorder(store, [image.id, second]), 412, "precondition_failed")
    assert store.image_ids(image.product_id) == [second, image.id]


def before_each_order(monkeypatch: pytest.MonkeyPatch, action: Callable[[], Response]) -> None:
    """Run `action` once before the transaction of the next order."""
    reorder, actions = galleries.reorder, [action]

    def with_action(*args: Any, **options: Any) -> Any:
        if actions:
            assert actions.pop()().status == 200
        return reorder(*args, **options)

    monkeypatch.setattr(galleries, "reorder", with_action)


def test_order_needs_if_match_where_it_is_required(tmp_path: Any) -> None:
    with run_service(tmp_path, require_if_match=True) as service:
        image = ImageInProduct.create(Store.create(service), photo=sample_photos.png(seed=81))
        store, path = image.store, ORDER.format(image.product_id)
        body = encode_json({"images": [image.id]})
        check_error(store.call("PUT", path, body), 428, "precondition_required")
        assert store.call("PUT", path, body, if_match=read_etag(store, path)).status == 200


# Header lines as clients send them


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (['If-Match: "a"', "If-Match: {etag}"], 201),
        (["IF-MATCH:{etag}"], 201),
        (["If-Match:\t{etag} \t"], 201),
        (["If-Match: {etag},{etag}"], 201),
        (['If-Match: "a,b", {etag}'], 201),
        (['If-Match: "\u00fe", {etag}'], 201),
        (["If-Match: *", "If-None-Match: *"], 201),  # If-None-Match has no effect on updates
        (["If-Match: {etag}", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"], 201),
        (["If-None-Match: {etag}"], 201),
        (["If-Match: {etag}", "If-Match: *"], 412),  # together they are no valid list
        (["If-Match: {etag}\u00a0"], 412),
        (["If-Match: W/{etag}, w/{etag}"], 412),
        (["If-Match: {upper}"], 412),
        (["If-Match:"], 412),
        (["If-Match: ,"], 412),
        (["If-Match: \u0661".encode().decode("latin-1")], 412),
        (["If-Match: " + '"x",' * 1500], 412),
    ],
)
def test_if_match_lines(image: ImageInProduct, lines: list[str], status: int) -> None:
    etag = read_etag(image.store, image.path)
    sent = [line.format(etag=etag, upper=etag.upper()) for line in lines]
    body = encode_json({"alt": "changed"}).data
    response = send(image.store, "POST", image.path, *sent, body=body)
    assert response.status == status, response
    if status == 412:
        check_error(response, 412, "precondition_failed")
        assert response.headers["etag"] == etag
        image.check_unchanged()


@pytest.mark.parametrize("condition", ['"other"', "*"])
def test_missing_images_are_not_found_whatever_the_condition(
    image: ImageInProduct, condition: str
) -> None:
    """A 412 would reveal that the image of another merchant exists."""
    stranger = Store.create(image.store.service)
    body = encode_json({"alt": "x"})
    for method, path in (
        *(("POST", image.path), ("DELETE", image.path)),
        ("POST", RESTORE_VERSION.format(image.id, 1)),
        ("PUT", ORDER.format(image.product_id)),
    ):
        sent = None if method == "DELETE" else body
        check_error(stranger.call(method, path, sent, if_match=condition), 404, "not_found")
    for method in ("POST", "DELETE"):
        missing = image.store.call(method, IMAGE.format(7), None, if_match=condition)
        check_error(missing, 404, "not_found")
    image.check_unchanged()


def test_wrong_token_is_reported_before_the_condition(image: ImageInProduct) -> None:
    response = image.store.call(
        "POST", image.path, None, authorization="Bearer wrong", if_match='"other"'
    )
    assert response.status == 401


def test_rejected_photo_keeps_the_etag(image: ImageInProduct) -> None:
    etag = read_etag(image.store, image.path)
    response = image.store.call(
        "POST", image.path, encode_multipart(photo=b"no photo"), if_match=etag
    )
    assert (response.status, response.headers["etag"]) == (422, None)
    assert read_etag(image.store, image.path) == etag


def test_update_with_the_same_photo_keeps_the_etag(image: ImageInProduct) -> None:
    etag = read_etag(image.store, image.path)
    for _ in range(2):
        body = encode_multipart(photo=sample_photos.png(seed=80))
        response = image.store.call("POST", image.path, body, if_match=etag)
        assert (response.status, response.headers["etag"]) == (201, etag)


def test_only_one_of_two_people_wins(image: ImageInProduct) -> None:
    etag = read_etag(image.store, image.path)
    results = [
        image.store.call("POST", image.path, encode_json({"alt": alt}), if_match=etag).status
        for alt in ("one", "two")
    ]
    assert results == [201, 412]


def test_removed_default_changes_the_etag_of_the_next_image(image: ImageInProduct) -> None:
    other = IMAGE.format(image.store.attach(image.product_id)["id"])
    etag = read_etag(image.store, other)
    image.store.delete(image.id)
    assert image.store.call("GET", other).data["default"] is True
    assert read_etag(image.store, other) != etag


# Restores


@pytest.mark.parametrize(
    "body",
    [
        {"restore": ""},
        {"restore": "photo"},
        {"restore": None},
        {"unknown": 1},
        {},
    ],
)
def test_restore_with_an_unusual_body_works(image: ImageInProduct, body: Any) -> None:
    assert image.store.update(image.id, photo=sample_photos.png(seed=82)).status == 201
    response = image.store.call("POST", RESTORE_VERSION.format(image.id, 1), encode_json(body))
    assert (response.status, response.data) == (201, image.data)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"restore": "everything"}, 422, "invalid_choice"),
        ({"restore": ["photo"]}, 422, "invalid_choice"),
        ({"reason": "x" * 501}, 422, "text_too_long"),
        ({"reason": "a\u0000b"}, 422, "control_character"),
        ({"reason": {"a": 1}}, 422, "not_string"),
        ([], 400, "malformed_json"),
        ("restore", 400, "malformed_json"),
    ],
)
def test_invalid_restore_changes_nothing(
    image: ImageInProduct, body: Any, status: int, reason: str
) -> None:
    response = image.store.call("POST", RESTORE_VERSION.format(image.id, 1), encode_json(body))
    check_error(response, status, reason)
    image.check_unchanged()


def test_swept_versions_and_images_are_gone(image: ImageInProduct) -> None:
    store = image.store
    assert store.update(image.id, photo=sample_photos.png(seed=83)).status == 201
    deleted = store.attach(image.product_id)["id"]
    store.delete(deleted)
    current = store.call("GET", image.path).data
    sweep_later(store.service, 40)
    for path in (RESTORE_VERSION.format(image.id, 1), RESTORE.format(deleted)):
        check_error(store.call("POST", path), 410, "gone")
    newest, oldest = store.call("GET", image.path + "/versions").data
    assert (newest["image"], oldest["image"]) == (current["image"], None)
    assert store.call("GET", image.path).data == current
    trash = store.call("GET", f"{PREFIX}/products/{image.product_id}/images/deleted")
    assert trash.data == []
    assert store.service.get(image.urls()["thumbnail"]).status == 404


def test_restored_version_survives_the_sweep(image: ImageInProduct) -> None:
    store = image.store
    assert store.update(image.id, photo=sample_photos.png(seed=84)).status == 201
    assert store.call("POST", RESTORE_VERSION.format(image.id, 1)).data == image.data
    sweep_later(store.service, 40)
    assert image.download_files() == image.initial_files
    check_error(store.call("POST", RESTORE_VERSION.format(image.id, 2)), 410, "gone")
    assert store.call("POST", RESTORE_VERSION.format(image.id, 1)).data == image.data


@pytest.mark.parametrize("path", [IMAGE, IMAGE + "/versions", RESTORE, RESTORE_VERSION])
@pytest.mark.parametrize("image_id", ["0", "-1", "x", "%D9%A1", "1e3", "99999999999", "1%2F2"])
def test_impossible_ids_are_not_found(image: ImageInProduct, path: str, image_id: str) -> None:
    method = "POST" if path.endswith("restore") else "GET"
    assert image.store.call(method, path.format(image_id, 1)).status in {404, 501}
