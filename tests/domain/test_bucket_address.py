"""Addresses of buckets."""

import pytest

from fatrina.domain.bucket_address import BucketAddress


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://images", BucketAddress("images")),
        ("s3://my.images-1?region=eu-central-1", BucketAddress("my.images-1", "", "eu-central-1")),
        (
            "s3://images?endpoint=https://s3.example.com/&region=auto",
            BucketAddress("images", "https://s3.example.com", "auto"),
        ),
        (
            "s3://images/?endpoint=http%3A%2F%2F127.0.0.1%3A9000",
            BucketAddress("images", "http://127.0.0.1:9000"),
        ),
    ],
)
def test_addresses(text: str, address: BucketAddress) -> None:
    assert BucketAddress.parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "images",
        "gs://images",
        "s3://",
        "s3://Images",
        "s3://key:secret@images",
        "s3://images/folder",
        "s3://images?endpoint=s3.example.com",
        "s3://images?endpoint=https://key:secret@s3.example.com",
        "s3://images?secret=hunter2",
        "s3://images?region",
        "s3://images#part",
    ],
)
def test_invalid_addresses(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the setting adds its name
        BucketAddress.parse(text)
    assert "secret" not in str(caught.value)
