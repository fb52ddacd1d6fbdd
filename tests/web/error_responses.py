"""Checks that apply to every error response."""

from tests.client import Response

STATUSES = {400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 416, 422, 428, 429, 501, 503, 507}


def check_error(response: Response, status: int, reason: str) -> None:
    """Check that a response is an error envelope with this status and reason."""
    assert (response.status, response.reasons) == (status, reason), response
    assert response.status in STATUSES
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-language"] in {"ar", "en"}
    assert response.headers["x-request-id"]
    envelope = response.json
    assert list(envelope) == ["status", "success", "error"]
    assert (envelope["status"], envelope["success"]) == (status, False)
    error = envelope["error"]
    assert list(error) == ["code", "message", *(["fields"] if "fields" in error else [])]
    assert isinstance(error["code"], str)
    assert error["message"]
    assert ("fields" in error) == (status == 422)
