"""A service whose images are in a bucket: updates, delivery, sweep, dump, outage. A fake server."""

import io
from collections.abc import Iterator

import pytest

from fatrina.actions import backup
from fatrina.actions.clock import Clock
from fatrina.actions.sweep import Sweeper
from fatrina.data_directory import DataDirectory
from fatrina.directory_lock import Owner
from fatrina.doctor import bucket_checks
from fatrina.doctor.report import Report
from fatrina.domain.bucket_address import BucketAddress
from fatrina.domain.durations import DAY
from fatrina.domain.types import Millis
from tests import sample_photos
from tests.configured import settings_for
from tests.fault_proxy import FaultProxy, run_proxy
from tests.s3_server import S3Server
from tests.stores import ImageInProduct, Service, run_service
from tests.web.error_responses import check_error


def update(image: ImageInProduct, photo: bytes) -> None:
    response = image.store.update(image.id, photo=photo)
    assert response.status == 201, response
    image.data = response.data


@pytest.fixture(scope="module")
def proxy(s3_server: S3Server) -> Iterator[FaultProxy]:
    with run_proxy("127.0.0.1", s3_server.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def bucket(s3_server: S3Server, proxy: FaultProxy) -> str:
    name = BucketAddress.parse(s3_server.create_bucket()).name
    return s3_server.address(name, proxy.port)


@pytest.fixture(scope="module")
def service(bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("bucket"), bucket=bucket) as service:
        yield service


def test_an_image_is_updated_and_delivered(image_in_product: ImageInProduct) -> None:
    service = image_in_product.store.service
    update(image_in_product, sample_photos.jpeg(seed=71))
    urls = image_in_product.urls()
    original = service.get(urls["original"])
    assert original.status == 200
    assert original.headers["content-type"] == "image/jpeg"
    assert original.headers["x-content-type-options"] == "nosniff"
    part = service.get(urls["original"], range="bytes=5-9")
    assert (part.status, part.body) == (206, original.body[5:10])
    assert service.get(urls["thumbnail"], "HEAD").headers["content-length"].isdigit()
    tag = original.headers["etag"]
    assert service.get(urls["original"], if_none_match=tag).status == 304
    check_error(
        service.get(urls["original"].replace("original", "x").replace(".jpg", ".png")),
        404,
        "not_found",
    )
    assert not (service.folder / "media").exists()


def test_the_sweep_purges_expired_versions_and_keeps_recent_files(
    image_in_product: ImageInProduct,
) -> None:
    services = image_in_product.store.service.services
    old_urls = image_in_product.urls()
    update(image_in_product, sample_photos.jpeg(seed=72))
    orphan = "shop1/" + "z" * 40 + ".jpg"
    with services.spool.create_file() as file:
        file.write(b"orphan")
        services.storage.put({orphan: file.path})
    now = Millis(Clock()() + DAY)
    sweeper = Sweeper(services.database, services.storage, services.housekeeping)
    result = sweeper.sweep(now, Millis(0))
    assert result.versions >= 1
    assert services.storage.size(orphan) is not None, "another node may be about to commit it"
    assert image_in_product.store.service.get(old_urls["original"]).status == 404
    assert image_in_product.store.service.get(image_in_product.urls()["original"]).status == 200


def test_a_dump_is_restored_into_the_bucket(image_in_product: ImageInProduct) -> None:
    service = image_in_product.store.service
    before = service.get(image_in_product.urls()["original"]).body
    services, dump = service.services, io.BytesIO()
    backup.dump(services.database, services.storage, dump, lambda: None)
    keys = [each.key for each in services.storage.list()]
    services.storage.delete(keys)
    assert service.get(image_in_product.urls()["original"]).status == 404
    dump.seek(0)
    everything = services.database, services.storage, services.housekeeping, services.spool
    backup.restore(*everything, dump, lambda: None)
    assert service.get(image_in_product.urls()["original"]).body == before


def test_the_doctor_checks_the_bucket(
    service: Service, bucket: str, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(service.folder, bucket=bucket)
    directory = DataDirectory(settings, is_owner=False, owner=Owner())
    assert bucket_checks.check_bucket(Report(), directory) is not None
    assert "agrees with that of this machine" in capsys.readouterr().out
    proxy.refuse()
    try:
        assert bucket_checks.check_bucket(Report(), directory) is None
    finally:
        proxy.accept()
    assert "FAIL  bucket" in capsys.readouterr().out


def test_an_outage_keeps_the_old_image(image_in_product: ImageInProduct, proxy: FaultProxy) -> None:
    before = image_in_product.urls()
    proxy.refuse()
    try:
        store = image_in_product.store
        response = store.update(image_in_product.id, photo=sample_photos.png(seed=73))
        check_error(response, 503, "storage_unavailable")
        assert int(response.headers["retry-after"]) >= 1
        check_error(store.service.get(before["original"]), 503, "storage_unavailable")
    finally:
        proxy.accept()
    assert image_in_product.urls() == before
    assert store.service.get(before["original"]).status == 200
    update(image_in_product, sample_photos.png(seed=73))
