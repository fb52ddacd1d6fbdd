"""The client of a bucket: its time limits and repetitions, and its errors as OSError."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from obstore.exceptions import BaseError
from obstore.store import S3Store

from fatrina.domain.bucket_address import BucketAddress

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

# Together they limit a stalled request to five seconds and a refused one to two. The retry timeout
# is shorter than the timeout of a request, so a stalled one is not repeated.
_TIMEOUTS: "Final[ClientConfig]" = {"connect_timeout": "2s", "timeout": "5s"}
LARGE_TIMEOUTS: "Final[ClientConfig]" = {"connect_timeout": "2s", "timeout": "30s"}
# A client may read slowly: only waiting for the server is limited, not the whole response.
READ_TIMEOUTS: "Final[ClientConfig]" = {
    "connect_timeout": "2s",
    "read_timeout": "5s",
    "timeout": "1day",
}
_RETRIES: "Final[RetryConfig]" = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=4),
    "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(seconds=1)},
}


def connect(
    address: BucketAddress, timeouts: "ClientConfig" = _TIMEOUTS, *, bulk_delete: bool = True
) -> S3Store:
    """Return a client, which connects at its first request."""
    config: S3Config = {"disable_bulk_delete": not bulk_delete}
    if address.endpoint:
        config["endpoint"] = address.endpoint
    if address.region:
        config["region"] = address.region
    options: ClientConfig = {"allow_http": address.endpoint.startswith("http:")}
    return S3Store(
        address.name,
        config=config,
        client_options={**options, **timeouts},
        retry_config=_RETRIES,
    )


@contextmanager
def os_errors() -> Iterator[None]:
    """Raise obstore's errors as OSError; a missing file as FileNotFoundError."""
    try:
        yield
    except FileNotFoundError as exc:
        if "NoSuchBucket" in str(exc):
            raise OSError(errno.EIO, "The bucket does not exist") from exc
        raise
    except BaseError as exc:
        raise OSError(errno.EIO, f"The bucket does not respond as expected: {exc}") from exc


@contextmanager
def existing_bucket() -> Iterator[None]:
    """Raise a missing bucket as an outage, where a missing file is impossible."""
    try:
        yield
    except FileNotFoundError as exc:
        raise OSError(errno.EIO, "The bucket does not exist") from exc
