"""The contract's JSON: values whose format the service defines."""

import pytest

from fatrina.wire import format_timestamp


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (1765703045_000, "Sun Dec 14 2025 12:04:05 GMT+0300"),
        (1765703045_999, "Sun Dec 14 2025 12:04:05 GMT+0300"),
        (1767214800_000, "Thu Jan 01 2026 00:00:00 GMT+0300"),
    ],
)
def test_timestamps_of_webhooks_are_in_riyadh_time(moment: int, text: str) -> None:
    assert format_timestamp(moment) == text
