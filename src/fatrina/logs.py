"""Structured logs: one JSON object a line on standard error, ours and the libraries' alike."""

import atexit
import json
import logging
from typing import BinaryIO, Final, cast

import structlog

from fatrina.log_queue import LogQueue

_LEVELS: Final = logging.getLevelNamesMapping()
_STDERR: Final = 2
_AT_EXIT: Final = 2.0
"""Seconds that an exit waits for the log to be written."""
_queues: Final[list[LogQueue]] = []


def configure(level: str) -> None:
    """Log from `level` up: debug, info, warning or error."""
    number = _LEVELS.get(level.upper(), logging.INFO)
    queue = LogQueue(_STDERR)
    atexit.register(queue.close, _AT_EXIT)
    _queues.append(queue)
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", queue)),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[_Forward()], force=True)


def dropped() -> int:
    """How many lines were dropped since the start, as they could not be written in time."""
    return sum(queue.dropped for queue in _queues)


def _line(event: object, **options: object) -> bytes:
    del options
    return json.dumps(event, ensure_ascii=False, default=str).encode("utf-8", "replace")


class _Forward(logging.Handler):
    """Hands the libraries' records to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )
