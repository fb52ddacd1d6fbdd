"""Admin endpoints of the request journal: list requests, count those not emulated, clear it."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fatrina.domain import errors
from fatrina.emulator.journal import MAX_ENTRIES, MAX_LENGTH, Journal
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.http.responses import success
from fatrina.web.parsing.fields import Fields
from fatrina.web.parsing.forms import Form

_FILTERS: Final = ("path", "method", "status", "merchant", "reason", "limit")
_DEFAULT_LIMIT: Final = 50
# Ids of the real API are numbers, and UUIDs in some paths.
_ID: Final = re.compile(
    r"(?<=/)([0-9]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|\Z)", re.IGNORECASE
)


def routes(journal: Journal) -> list[AdminRoute]:
    """Return the admin routes of the journal."""

    async def list_requests(request: Request) -> Response:
        return success(200, _matching(journal, Fields(Form(dict(request.query_params)))))

    async def list_not_emulated(_: Request) -> Response:
        return success(200, count_not_emulated(journal.entries()))

    async def clear_requests(_: Request) -> Response:
        journal.clear()
        return success(202, [])

    return [
        AdminRoute(
            "GET",
            "/requests",
            f"List the latest requests, newest first; filters: {', '.join(_FILTERS)}.",
            list_requests,
        ),
        AdminRoute(
            "GET",
            "/requests/not-emulated",
            "Count the requests to endpoints that Fatrina does not implement.",
            list_not_emulated,
        ),
        AdminRoute("DELETE", "/requests", "Delete the request journal.", clear_requests),
    ]


def _matching(journal: Journal, fields: Fields) -> list[dict[str, Any]]:
    """Return the entries that the filters select, the newest first."""
    fields.reject_unknown(*_FILTERS)
    path, method = fields.text("path", MAX_LENGTH), fields.text("method", MAX_LENGTH)
    merchant, reason = fields.text("merchant", MAX_LENGTH), fields.text("reason", MAX_LENGTH)
    status, limit = fields.integer("status", 0, 999), fields.integer("limit", 1, MAX_ENTRIES)
    fields.raise_errors()
    matching = (
        entry
        for entry in journal.entries()
        if entry["path"].startswith(path or "")
        and entry["method"] == (method or entry["method"]).upper()
        and status in {None, entry["status"]}
        and (not merchant or entry.get("merchant") == merchant)
        and (not reason or _has_reason(entry, reason))
    )
    return list(islice(matching, limit or _DEFAULT_LIMIT))


def count_not_emulated(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the endpoints that are not emulated, the most frequent first.

    `entries` are journal entries, the newest first. Ids in paths are replaced by `{id}`; `stub`
    is the number of requests that got a canned response.
    """
    counts: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entries:
        has_stub = bool(entry.get("stub"))
        if not has_stub and not _has_reason(entry, errors.NotEmulated.reason):
            continue
        key = entry["method"], _ID.sub("{id}", entry["path"])
        count = counts.setdefault(
            key,
            {"method": key[0], "path": key[1], "count": 0, "stub": 0, "last_at": entry["at"]},
        )
        count["count"] += 1
        count["stub"] += has_stub
    return sorted(counts.values(), key=lambda count: (-count["count"], count["path"]))


def _has_reason(entry: dict[str, Any], reason: str) -> bool:
    return any(error["reason"] == reason for error in entry["refused"])
