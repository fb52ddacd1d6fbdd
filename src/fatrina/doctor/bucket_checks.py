"""Checks of the bucket: it can be written, it responds promptly, and its clock is right."""

import time
from typing import Final, cast

from fatrina.adapters.storage import Storage
from fatrina.data_directory import DataDirectory
from fatrina.doctor.report import Report

_MAX_CLOCK_DIFFERENCE_SECONDS: Final = 5.0
_ADVICE: Final = (
    "Check FATRINA_BUCKET, the credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and "
    "that they may list, read, write and delete: see docs/nodes.md."
)


def check_bucket(report: Report, directory: DataDirectory) -> Storage | None:
    """Check the bucket; return its storage if it can be used."""
    from fatrina.adapters.storage.bucket import BucketStorage  # noqa: PLC0415  optional dependency

    storage = cast("BucketStorage", directory.storage())
    started = time.time()
    try:
        bucket_time = storage.read_clock()
    except OSError as exc:
        report.fail("bucket", f"cannot be written: {exc}", _ADVICE)
        return None
    ended = time.time()
    report.ok("bucket", f"is writable; three requests took {(ended - started) * 1000:,.0f} ms")
    # Last-Modified has whole seconds.
    difference = max(started - bucket_time - 1, bucket_time - ended)
    if difference > _MAX_CLOCK_DIFFERENCE_SECONDS:
        finding = f"differs from that of the bucket by {difference:,.0f} seconds"
        advice = "Requests are rejected from 15 minutes on: synchronize the clocks of all machines."
        report.fail("clock of the bucket", finding, advice)
    else:
        report.ok("clock of the bucket", "agrees with that of this machine")
    return storage
