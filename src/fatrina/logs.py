"""Structured logs: one JSON object a line on standard error, ours and the libraries' alike."""

import json
import logging
import sys
from typing import Final

import structlog

_LEVELS: Final = logging.getLevelNamesMapping()


def configure(level: str) -> None:
    """Log from `level` up: debug, info, warning or error."""
    number = _LEVELS.get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[_Forward()], force=True)


def _line(event: object, **options: object) -> bytes:
    del options
    return json.dumps(event, ensure_ascii=False, default=str).encode("utf-8", "replace")


class _Forward(logging.Handler):
    """Hands the libraries' records to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )
