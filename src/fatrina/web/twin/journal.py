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
from fatrina.web.answers import done
from fatrina.web.fields import Fields
from fatrina.web.forms import Form
from fatrina.web.twin.gate import Control

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

    def note(self, scope: Scope, entry: Mapping[str, Any]) -> None:
        """Take a request down, when it was one of the API."""
        if not scope["path"].startswith(_WATCHED):
            return
        state, headers = scope["state"], Headers(scope=scope)
        self._keep(
            {
                **entry,
                "path": scope["path"][:_LONGEST],
                "query": _query(scope),
                "headers": {name: headers[name][:_LONGEST] for name in _TOLD if name in headers},
                "body": state.get("shape"),
                "faults": state.get("faults", [])[:_MOST_NAMES],
                "refused": _why(state.get("refusal")),
            }
        )


def _query(scope: Scope) -> dict[str, str]:
    pairs = parse_qsl(scope["query_string"].decode("latin-1")[:2000], keep_blank_values=True)
    return {
        name[:_LONGEST]: value[:_LONGEST] if name in _OPEN else "…"
        for name, value in pairs[:_MOST_NAMES]
    }


def _why(refusal: errors.Refusal | None) -> list[dict[str, str]]:
    if refusal is None:
        return []
    return [
        {
            "reason": each.reason,
            **({"field": each.field} if isinstance(each, errors.FieldRefused) else {}),
            "words": messages.word(each, "en"),
        }
        for each in refusal.each()
    ]


def controls(journal: Journal) -> list[Control]:
    """The controls of the journal."""

    async def list_requests(request: Request) -> Response:
        fields = Fields(Form(dict(request.query_params)))
        path, method = fields.text("path", _LONGEST), fields.text("method", _LONGEST)
        status, limit = fields.count("status", 0, 999), fields.count("limit", 1, _MOST)
        fields.must_be_sound()
        found = (
            entry
            for entry in journal.entries()
            if entry["path"].startswith(path or "")
            and entry["method"] == (method or entry["method"]).upper()
            and status in {None, entry["status"]}
        )
        return done(200, list(islice(found, limit or 50)))

    async def forget_requests(_: Request) -> Response:
        journal.clear()
        return done(202, [])

    return [
        Control(
            "GET",
            "/requests",
            "What was asked lately, the newest first; ?path=, method, status, limit choose.",
            list_requests,
        ),
        Control("DELETE", "/requests", "Forget what was asked.", forget_requests),
    ]
