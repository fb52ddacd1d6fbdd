"""What was asked of the API lately and how it was answered: shapes and reasons, no secrets."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from fatrina.domain import errors, messages
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.http import context
from fatrina.web.http.responses import success
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form

_MOST: Final = 1000
"""Requests that are kept."""
_LONGEST: Final = 200
"""Characters that are kept of a path, a header, or a parameter."""
_MOST_NAMES: Final = 20
"""Parameters and faults of one request that are kept."""
_MOST_BYTES: Final = 4_000_000
"""Bytes of all entries; of larger ones, fewer are kept."""
_WATCHED: Final = ("/admin/v2", "/oauth2")
_TOLD: Final = ("user-agent", "content-type", "content-length", "accept-language")
_OPEN: Final = frozenset({"page", "per_page", "keyword", "format", "id", "scope", "lang"})
"""What may be told of a query with its value; of all else, only the name."""


class Journal:
    """The latest requests, in memory alone."""

    def __init__(self) -> None:
        self._entries: deque[bytes] = deque()
        self._size = 0

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every entry that is kept, the newest first."""
        return (json.loads(entry) for entry in list(reversed(self._entries)))

    def clear(self) -> None:
        """Forget every entry."""
        self._entries.clear()
        self._size = 0

    def _keep(self, entry: dict[str, Any]) -> None:
        """Keep an entry as the bytes of its JSON: as objects it takes about five times as much."""
        data = json.dumps(entry, separators=(",", ":")).encode()
        self._entries.append(data)
        self._size += len(data)
        while self._size > _MOST_BYTES or len(self._entries) > _MOST:
            self._size -= len(self._entries.popleft())

    def record(self, scope: Scope, entry: Mapping[str, Any]) -> None:
        """Take a request down, when it was one of the API."""
        if not scope["path"].startswith(_WATCHED):
            return
        request_context, headers = context.get(scope), Headers(scope=scope)
        self._keep(
            {
                **entry,
                "path": scope["path"][:_LONGEST],
                "query": _query(scope),
                "headers": {name: headers[name][:_LONGEST] for name in _TOLD if name in headers},
                "body": request_context.body_shape,
                "faults": request_context.injected[:_MOST_NAMES],
                "refused": _error_entries(request_context.error),
            }
        )


def _query(scope: Scope) -> dict[str, str]:
    pairs = parse_qsl(scope["query_string"].decode("latin-1")[:2000], keep_blank_values=True)
    return {
        name[:_LONGEST]: value[:_LONGEST] if name in _OPEN else "…"
        for name, value in pairs[:_MOST_NAMES]
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
        for each in error.each()
    ]


def routes(journal: Journal) -> list[AdminRoute]:
    """The controls of the journal."""

    async def list_requests(request: Request) -> Response:
        fields = Fields(Form(dict(request.query_params)))
        path, method = fields.text("path", _LONGEST), fields.text("method", _LONGEST)
        status, limit = fields.integer("status", 0, 999), fields.integer("limit", 1, _MOST)
        fields.raise_errors()
        found = (
            entry
            for entry in journal.entries()
            if entry["path"].startswith(path or "")
            and entry["method"] == (method or entry["method"]).upper()
            and status in {None, entry["status"]}
        )
        return success(200, list(islice(found, limit or 50)))

    async def forget_requests(_: Request) -> Response:
        journal.clear()
        return success(202, [])

    return [
        AdminRoute(
            "GET",
            "/requests",
            "What was asked lately, the newest first; ?path=, method, status, limit choose.",
            list_requests,
        ),
        AdminRoute("DELETE", "/requests", "Forget what was asked.", forget_requests),
    ]
