"""Versions, restore, order, deleted images, log and conditional requests, over a real socket."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests import sample_photos
from tests.client import Response, encode_json, encode_multipart, request
from tests.stores import (
    ATTACH_PATH,
    PREFIX,
    UPDATE_PATH,
    ImageInProduct,
    Service,
    Store,
    run_service,
    serve_files,
)
from tests.web.error_responses import check_error

IMAGE = PREFIX + "/products/images/{}"
VERSIONS = IMAGE + "/versions"
RESTORE_VERSION = VERSIONS + "/{}/restore"
RESTORE = IMAGE + "/restore"
PRODUCT_IMAGES = PREFIX + "/products/{}/images"


@pytest.fixture
def image(service: Service) -> ImageInProduct:
    return ImageInProduct.create(Store.create(service), photo=sample_photos.png(seed=70))


def replace_photo(image: ImageInProduct, seed: int, **fields: str) -> Any:
    response = image.store.update(image.id, None, photo=sample_photos.png(seed=seed), **fields)
    assert response.status == 201, response
    return response.data


def versions(image: ImageInProduct, query: str = "") -> list[Any]:
    response = image.store.call("GET", VERSIONS.format(image.id) + query)
    assert response.status == 200, response
    return list(response.data)


def log(image: ImageInProduct) -> list[Any]:
    response = image.store.call("GET", PRODUCT_IMAGES.format(image.product_id) + "/log")
    assert response.status == 200, response
    return list(response.data)


def restore(image: ImageInProduct, number: int, **fields: str) -> Response:
    body = encode_json(fields) if fields else None
    return image.store.call("POST", RESTORE_VERSION.format(image.id, number), body)


def order(store: Store, product_id: int, images: object, **fields: str) -> Response:
    body = encode_json({"images": images, **fields})
    return store.call("PUT", PRODUCT_IMAGES.format(product_id) + "/order", body)


def test_earlier_photo_is_shown_again_under_its_old_urls(image: ImageInProduct) -> None:
    replaced = replace_photo(image, 71)
    restored = restore(image, 1, reason="wrong product")
    assert restored.status == 201
    assert restored.data == image.data
    assert image.download_files() == image.initial_files
    newest, second, first = versions(image)
    assert [each["number"] for each in (newest, second, first)] == [3, 2, 1]
    assert newest["source"] == {"type": "restore", "number": 1}
    assert newest["reason"] == "wrong product"
    assert newest["image"] == first["image"] == image.data["image"]
    assert second["image"] == replaced["image"]
    assert newest["retired_at"] is None
    assert newest["kept_until"] is None
    assert first["retired_at"] < second["retired_at"] < first["kept_until"]
    undone = restore(image, 2)
    assert undone.data == replaced
    assert [each["source"]["type"] for each in versions(image)] == [
        *("restore", "restore", "file", "file")
    ]


def test_restoring_the_current_version_changes_nothing(image: ImageInProduct) -> None:
    response = restore(image, 1)
    assert (response.status, response.data) == (201, image.data)
    assert len(versions(image)) == 1
    assert [each["actions"] for each in log(image)] == [["attached"]]


def test_restore_all_includes_texts_and_position(image: ImageInProduct) -> None:
    other = image.store.attach(image.product_id)
    image.store.update(image.id, alt="كوب أحمر", sort="3")
    replace_photo(image, 72, alt="blue cup", sort="7", default="0")
    photo_only = restore(image, 1).data
    assert (photo_only["alt_seo"], photo_only["sort"], photo_only["default"]) == (
        *("blue cup", 7, False),
    )
    everything = restore(image, 1, restore="all").data
    assert (everything["alt_seo"], everything["sort"], everything["default"]) == (
        *("كوب أحمر", 3, True),
    )
    details = image.store.product_details(image.product_id)["images"]
    assert [each["id"] for each in details if each["main"]] == [image.id]
    assert other["id"] in {each["id"] for each in details}


def test_version_names_its_author_link_and_photo(image: ImageInProduct) -> None:
    photo = sample_photos.png(seed=73)
    with serve_files({"/a.png": photo}) as base:
        body = encode_json({"photo": f"{base}/a.png?secret=1", "reason": "supplier"})
        assert image.store.update(image.id, body).status == 201
    newest, first = versions(image)
    assert newest["source"] == {"type": "link", "url": f"{base}/a.png"}
    assert newest["bytes"] == len(photo)
    assert newest["format"] == first["format"] == "png"
    assert newest["by"] == first["by"]
    assert newest["by"]["app"] is None
    assert image.store.token.startswith(newest["by"]["hint"])


def test_list_of_versions_has_pages(image: ImageInProduct) -> None:
    for seed in (74, 75):
        replace_photo(image, seed)
    response = image.store.call("GET", VERSIONS.format(image.id) + "?per_page=2&page=2")
    assert [each["number"] for each in response.data] == [1]
    pagination = response.json["pagination"]
    assert (pagination["total"], pagination["totalPages"]) == (3, 2)
    assert "per_page=2" in pagination["links"]["previous"]
    assert (
        image.store.call("GET", VERSIONS.format(image.id) + "?per_page=999").json["pagination"][
            "perPage"
        ]
        == 60
    )
    for query, reason in (
        *(("?page=0", "out_of_range"), ("?page=x", "not_integer"), ("?per_page=-1", "not_integer")),
        ("?page=99999999999999999999", "out_of_range"),
    ):
        check_error(image.store.call("GET", VERSIONS.format(image.id) + query), 422, reason)


def test_deleted_image_is_restored_with_id_and_position(image: ImageInProduct) -> None:
    store = image.store
    image.store.update(image.id, alt="first", sort="1")
    other = store.attach(image.product_id, sort="5")
    assert store.delete(image.id).status == 202
    (deleted,) = store.call("GET", PRODUCT_IMAGES.format(image.product_id) + "/deleted").data
    assert deleted["id"] == image.id
    assert deleted["image"] == image.data["image"]
    assert deleted["deleted_at"] < deleted["kept_until"]
    assert len(versions(image)) == 1
    response = store.call("POST", RESTORE.format(image.id))
    assert response.status == 201
    assert response.data == image.data | {"alt_seo": "first", "sort": 1, "default": False}
    assert store.image_ids(image.product_id) == [image.id, other["id"]]
    assert store.main_image_ids(image.product_id) == [other["id"]]
    assert store.call("POST", RESTORE.format(image.id)).data == response.data
    assert store.call("GET", PRODUCT_IMAGES.format(image.product_id) + "/deleted").data == []
    assert [each["actions"] for each in log(image)] == [
        *(["undeleted"], ["deleted"], ["attached"], ["alt"], ["attached"])
    ]


def test_deleted_image_becomes_the_default_if_it_is_alone(image: ImageInProduct) -> None:
    assert image.store.delete(image.id).status == 202
    assert image.store.call("POST", RESTORE.format(image.id)).data == image.data


def test_deleted_image_does_not_fit_into_a_full_gallery(image: ImageInProduct) -> None:
    assert image.store.delete(image.id).status == 202
    for _ in range(10):
        image.store.attach(image.product_id)
    check_error(image.store.call("POST", RESTORE.format(image.id)), 422, "gallery_full")
    assert len(image.store.image_ids(image.product_id)) == 10


def test_deleted_video_is_restored(image: ImageInProduct) -> None:
    video = image.store.attach_video(image.product_id)
    assert image.store.delete(video["id"]).status == 202
    assert image.store.call("POST", RESTORE.format(video["id"])).data == video
    assert image.store.call("GET", VERSIONS.format(video["id"])).data == []
    check_error(image.store.call("POST", RESTORE_VERSION.format(video["id"], 1)), 404, "not_found")


def test_images_of_a_deleted_product_stay_deleted(image: ImageInProduct) -> None:
    assert image.store.call("DELETE", f"{PREFIX}/products/{image.product_id}").status == 202
    for method, path in (
        ("POST", RESTORE.format(image.id)),
        ("POST", RESTORE_VERSION.format(image.id, 1)),
        ("GET", VERSIONS.format(image.id)),
        ("GET", IMAGE.format(image.id)),
        ("GET", PRODUCT_IMAGES.format(image.product_id) + "/deleted"),
        ("GET", PRODUCT_IMAGES.format(image.product_id) + "/log"),
    ):
        check_error(image.store.call(method, path), 404, "not_found")


def test_images_of_other_merchants_are_not_found(image: ImageInProduct) -> None:
    stranger = Store.create(image.store.service)
    image_ids = encode_json({"images": [image.id]})
    for method, path, body in (
        ("GET", IMAGE.format(image.id), None),
        ("GET", VERSIONS.format(image.id), None),
        ("POST", RESTORE_VERSION.format(image.id, 1), None),
        ("POST", RESTORE.format(image.id), None),
        ("GET", PRODUCT_IMAGES.format(image.product_id) + "/deleted", None),
        ("GET", PRODUCT_IMAGES.format(image.product_id) + "/log", None),
        ("PUT", PRODUCT_IMAGES.format(image.product_id) + "/order", image_ids),
    ):
        check_error(stranger.call(method, path, body), 404, "not_found")
    image.check_unchanged()


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "1.0", "٣", "99999999999", "2147483647"])
def test_unknown_versions_are_not_found(image: ImageInProduct, number: str) -> None:
    path = RESTORE_VERSION.format(image.id, quote(number))
    check_error(image.store.call("POST", path), 404, "not_found")
    image.check_unchanged()


def test_order_of_all_images_is_set_in_one_call(image: ImageInProduct) -> None:
    store, product_id = image.store, image.product_id
    second, third = (store.attach(product_id)["id"] for _ in range(2))
    video = store.attach_video(product_id)["id"]
    wanted = [third, video, image.id, second]
    response = order(store, product_id, wanted, reason="campaign")
    assert response.status == 200
    assert [(each["id"], each["sort"]) for each in response.data] == [
        (image_id, position) for position, image_id in enumerate(wanted, 1)
    ]
    assert store.image_ids(product_id) == wanted
    assert store.main_image_ids(product_id) == [image.id]
    newest = log(image)[0]
    assert (newest["actions"], newest["image_id"], newest["reason"]) == (
        *(["reordered"], None, "campaign"),
    )
    assert order(store, product_id, wanted).status == 200
    assert log(image)[0] == newest  # nothing changed


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        ([], "invalid_order"),
        (["{id}"], "invalid_order"),
        (["{id}", "{id}"], "invalid_order"),
        (["{id}", "{other}", 1], "invalid_order"),
        (["{other}", 7], "invalid_order"),
        ("x", "not_integer"),
        (None, "required"),
        (3, "not_list"),
        ([None], "required"),
        ([{}], "not_integer"),
        ([1] * 101, "list_too_long"),
    ],
)
def test_incomplete_orders_are_rejected(image: ImageInProduct, images: Any, reason: str) -> None:
    other = image.store.attach(image.product_id)["id"]
    values = {"{id}": image.id, "{other}": other}
    if isinstance(images, list):
        images = [values.get(str(each), each) for each in images]
    check_error(order(image.store, image.product_id, images), 422, reason)
    assert image.store.image_ids(image.product_id) == [image.id, other]


def test_reason_is_accepted_in_a_header(image: ImageInProduct) -> None:
    store = image.store
    header = {"fatrina-change-reason": quote("طلب المورّد")}
    assert (
        store.call("POST", IMAGE.format(image.id), encode_multipart(alt="x"), **header).status
        == 201
    )
    assert store.call("DELETE", IMAGE.format(image.id), None, **header).status == 202
    assert [each["reason"] for each in log(image)] == ["طلب المورّد", "طلب المورّد", None]
    for invalid, reason in (
        *(
            ("%ff", "invalid_encoding"),
            ("x" * 501, "text_too_long"),
            ("a%00b", "control_character"),
        ),
    ):
        response = store.call(
            "POST", RESTORE.format(image.id), None, **{"fatrina-change-reason": invalid}
        )
        check_error(response, 422, reason)
    check_error(store.call("GET", IMAGE.format(image.id)), 404, "not_found")


def test_etag_changes_with_the_body(image: ImageInProduct) -> None:
    details = image.store.call("GET", IMAGE.format(image.id))
    assert details.data == image.data
    etags = [details.headers["etag"]]
    for fields in ({"alt": "x"}, {"sort": "4"}, {"photo": sample_photos.png(seed=76)}):
        response = image.store.update(image.id, **fields)
        etags.append(response.headers["etag"])
        assert image.store.call("GET", IMAGE.format(image.id)).headers["etag"] == etags[-1]
    assert len(set(etags)) == len(etags)
    assert restore(image, 1).headers["etag"] == etags[2]  # the same body as before the last update
    assert all(each.startswith('"') for each in etags)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("{etag}", 304),
        ("W/{etag}", 304),
        ('"other", {etag}', 304),
        (' , "a" ,, {etag} , ', 304),
        ("*", 304),
        ('"other"', 200),
        ("{bare}", 200),
        ('{etag} "', 200),
        ('"a" {etag}', 200),
        ("", 200),
    ],
)
def test_if_none_match(image: ImageInProduct, condition: str, status: int) -> None:
    etag = image.store.call("GET", IMAGE.format(image.id)).headers["etag"]
    condition = condition.format(etag=etag, bare=etag.strip('"'))
    response = image.store.call("GET", IMAGE.format(image.id), None, if_none_match=condition)
    assert (response.status, response.headers["etag"]) == (status, etag)
    assert bool(response.body) == (status == 200)


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ("{etag}", True),
        ('"a", {etag}', True),
        ("*", True),
        (" * ", True),
        ("W/{etag}", False),
        ('"other"', False),
        ("{bare}", False),
        ('{etag}, "', False),
        ('*, "a"', False),
        ("", False),
    ],
)
def test_if_match(image: ImageInProduct, condition: str, *, is_met: bool) -> None:
    store = image.store
    etag = store.call("GET", IMAGE.format(image.id)).headers["etag"]
    headers = {"if-match": condition.format(etag=etag, bare=etag.strip('"'))}
    body = encode_multipart(alt="changed")
    if is_met:
        assert store.call("POST", IMAGE.format(image.id), body, **headers).status == 201
        return
    for method, path in (
        ("POST", IMAGE.format(image.id)),
        ("DELETE", IMAGE.format(image.id)),
        ("POST", RESTORE_VERSION.format(image.id, 1)),
    ):
        response = store.call(method, path, body if method == "POST" else None, **headers)
        check_error(response, 412, "precondition_failed")
        assert response.headers["etag"] == etag
    image.check_unchanged()


def test_failed_precondition_is_reported_before_the_upload(image: ImageInProduct) -> None:
    connection = image.store.connect()
    connection.send(
        image.request_head(
            5_000_000, "multipart/form-data; boundary=x", if_match='"other"', expect="100-continue"
        )
    )
    assert connection.read_response().status == 412
    connection.close()


@pytest.fixture(scope="module")
def contract_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("contract"), contract_only=True) as service:
        yield service


def test_extensions_can_be_disabled(contract_only: Service) -> None:
    image = ImageInProduct.create(Store.create(contract_only), photo=sample_photos.png(seed=77))
    store = image.store
    for method, path, status in (
        ("GET", IMAGE.format(image.id), 405),
        ("GET", VERSIONS.format(image.id), 501),
        ("POST", RESTORE.format(image.id), 501),
        ("POST", RESTORE_VERSION.format(image.id, 1), 501),
    ):
        assert store.call(method, path).status == status, path
    response = store.call(
        "POST", IMAGE.format(image.id), encode_multipart(alt="x", reason="y"), if_match='"other"'
    )
    assert (response.status, response.headers["etag"]) == (201, None)
    paths = contract_only.get("/openapi.json").json["paths"]
    assert not [path for path in paths if path.endswith(("/versions", "/restore", "/order"))]


def test_if_match_can_be_required(tmp_path_factory: pytest.TempPathFactory) -> None:
    with run_service(tmp_path_factory.mktemp("strict"), require_if_match=True) as service:
        image = ImageInProduct.create(Store.create(service), photo=sample_photos.png(seed=78))
        store = image.store
        for method, path in (
            ("POST", UPDATE_PATH.format(image.id)),
            ("DELETE", UPDATE_PATH.format(image.id)),
            ("POST", RESTORE_VERSION.format(image.id, 1)),
        ):
            check_error(store.call(method, path), 428, "precondition_required")
        etag = store.call("GET", IMAGE.format(image.id)).headers["etag"]
        assert store.call("DELETE", UPDATE_PATH.format(image.id), None, if_match=etag).status == 202
        assert store.call("POST", RESTORE.format(image.id)).status == 201
        body = encode_multipart(photo=sample_photos.png())
        assert request(service.port, "GET", "/health").status == 200
        assert store.call("POST", ATTACH_PATH.format(image.product_id), body).status == 201
