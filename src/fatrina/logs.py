"""Structured logs: one JSON object per line on standard error, for Fatrina and its libraries."""

import atexit
import json
import logging
from datetime import UTC, datetime
from typing import BinaryIO, Final, cast

import structlog

from fatrina.log_queue import LogQueue

_LEVELS: Final = logging.getLevelNamesMapping()
_STDERR: Final = 2
_FLUSH_TIMEOUT_SECONDS: Final = 2.0
"""Maximum seconds that an exit waits for queued lines to be written."""
_queues: Final[list[LogQueue]] = []
_min_level: Final = [logging.INFO]


def configure(level: str) -> None:
    """Log events of `level` and above: debug, info, warning or error."""
    level_number = _LEVELS.get(level.upper(), logging.INFO)
    queue = LogQueue(_STDERR)
    atexit.register(queue.close, _FLUSH_TIMEOUT_SECONDS)
    _queues.append(queue)
    _min_level[0] = level_number
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(_serialize),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level_number),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", queue)),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(level_number, logging.WARNING), handlers=[_ForwardingHandler()], force=True
    )


def write_info(start: str) -> None:
    """Write a line at the level info, without the processors of structlog, if it is logged.

    `start` is the beginning of a JSON object; the timestamp and the level are added.
    """
    if _queues and _min_level[0] <= logging.INFO:
        now = datetime.now(UTC).isoformat().removesuffix("+00:00")
        _queues[-1].write(f'{start}, "timestamp": "{now}Z", "level": "info"}}\n'.encode())


def dropped() -> int:
    """Return the number of lines that were dropped since the start of the process."""
    return sum(queue.dropped for queue in _queues)


def _serialize(event: object, **options: object) -> bytes:
    del options
    return json.dumps(event, ensure_ascii=False, default=str).encode("utf-8", "replace")


class _ForwardingHandler(logging.Handler):
    """Logging handler that forwards the records of libraries to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )
