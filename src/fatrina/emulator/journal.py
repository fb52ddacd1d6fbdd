"""A journal of the latest API requests: their structure and result, without secret values."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

from fatrina.domain import errors, messages
from fatrina.web.http import context

MAX_ENTRIES: Final = 1000
MAX_LENGTH: Final = 200
"""Characters kept of a path, a header or a parameter."""
_MAX_NAMES: Final = 20
"""Parameters and injected faults kept per request."""
_MAX_BYTES: Final = 4_000_000
"""Bytes of all entries; fewer than `MAX_ENTRIES` are kept if they are large."""
_RECORDED: Final = ("/admin/v2", "/oauth2")
"""Path prefixes of the requests that are recorded."""
_HEADERS: Final = ("user-agent", "content-type", "content-length", "accept-language")
_VISIBLE: Final = frozenset({"page", "per_page", "keyword", "format", "id", "scope", "lang"})
"""Query parameters recorded with their values; of all others, only the name is recorded."""


class Journal:
    """The latest requests, in memory only."""

    def __init__(self) -> None:
        self._entries: deque[bytes] = deque()
        self._size = 0

    def entries(self) -> Iterator[dict[str, Any]]:
        """Return all entries, the newest first."""
        return (json.loads(entry) for entry in list(reversed(self._entries)))

    def clear(self, merchant: str = "") -> None:
        """Delete all entries, or those of one merchant."""
        kept = [
            entry
            for entry in self._entries
            if merchant and json.loads(entry).get("merchant") != merchant
        ]
        self._entries = deque(kept)
        self._size = sum(len(entry) for entry in kept)

    def _append(self, entry: dict[str, Any]) -> None:
        """Add an entry as JSON bytes: Python objects would take about five times the memory."""
        data = json.dumps(entry, separators=(",", ":")).encode()
        self._entries.append(data)
        self._size += len(data)
        while self._size > _MAX_BYTES or len(self._entries) > MAX_ENTRIES:
            self._size -= len(self._entries.popleft())

    def record(self, scope: Scope, entry: Mapping[str, Any]) -> None:
        """Add a request if it was one to the API."""
        if not scope["path"].startswith(_RECORDED):
            return
        request_context, headers = context.get(scope), Headers(scope=scope)
        self._append(
            {
                "id": entry["id"],
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                **entry,
                "path": scope["path"][:MAX_LENGTH],
                "query": _query(scope),
                "headers": {
                    name: headers[name][:MAX_LENGTH] for name in _HEADERS if name in headers
                },
                "body": request_context.body_shape,
                "faults": request_context.injected[:_MAX_NAMES],
                "refused": _error_entries(request_context.error),
            }
        )


def _query(scope: Scope) -> dict[str, str]:
    pairs = parse_qsl(scope["query_string"].decode("latin-1")[:2000], keep_blank_values=True)
    return {
        name[:MAX_LENGTH]: value[:MAX_LENGTH] if name in _VISIBLE else "…"
        for name, value in pairs[:_MAX_NAMES]
    }


def _error_entries(error: errors.ServiceError | None) -> list[dict[str, str]]:
    if error is None:
        return []
    return [
        {
            "reason": each.reason,
            **({"field": each.field} if isinstance(each, errors.FieldError) else {}),
            "words": messages.render(each, "en"),
        }
        for each in error.flatten()
    ]
