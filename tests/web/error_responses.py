"""Checks that apply to every error response."""

from tests.client import Response

STATUSES = {400, 401, 403, 404, 405, 408, 413, 416, 422, 429, 503, 507}


def check_error(answer: Response, status: int, reason: str) -> None:
    """Check that a response is an error envelope with this status and reason."""
    assert (answer.status, answer.reasons) == (status, reason), answer
    assert answer.status in STATUSES
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-language"] in {"ar", "en"}
    assert answer.headers["x-request-id"]
    envelope = answer.json
    assert list(envelope) == ["status", "success", "error"]
    assert (envelope["status"], envelope["success"]) == (status, False)
    error = envelope["error"]
    assert list(error) == ["code", "message", *(["fields"] if "fields" in error else [])]
    assert isinstance(error["code"], str)
    assert error["message"]
    assert ("fields" in error) == (status == 422)
