"""Requests to the admin endpoints of a running service."""

import json
import ssl
from collections.abc import Mapping
from typing import IO, Annotated, Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import typer

from fatrina.cli.common import fail, load_settings
from fatrina.domain import json_text
from fatrina.settings import CA_FILE

UrlOption = Annotated[str, typer.Option(help="URL of the service. [http://HOST:PORT]")]
_TIMEOUT_SECONDS: Final = 30
_UPLOAD_TIMEOUT_SECONDS: Final = 3600


def request(url: str, method: str, path: str, fields: Mapping[str, Any] | None = None) -> Any:
    """Send a request to an admin endpoint and return its data; print an error and exit otherwise.

    `path` is below `/_fatrina`; `fields` are sent as JSON.
    """
    body = None if fields is None else json.dumps(fields).encode()
    return _send(url, method, path, body, {"Content-Type": "application/json"}, _TIMEOUT_SECONDS)


def upload(url: str, path: str, body: bytes | IO[bytes], size: int, content_type: str) -> Any:
    """Post a body of `size` bytes to an admin endpoint and return the data of the response."""
    headers = {"Content-Type": content_type, "Content-Length": str(size)}
    return _send(url, "POST", path, body, headers, _UPLOAD_TIMEOUT_SECONDS)


def _send(  # noqa: PLR0913, PLR0917  the parts of a request
    url: str,
    method: str,
    path: str,
    body: bytes | IO[bytes] | None,
    headers: dict[str, str],
    timeout: float,
) -> Any:
    settings = load_settings()
    base = url.rstrip("/") or settings.here
    if not settings.admin_token:
        fail("Set FATRINA_ADMIN_TOKEN to the token of the service.")
    if not base.startswith(("http://", "https://")):
        fail(f"“{base}” is not the URL of a service, such as http://127.0.0.1:8000.")
    headers = {
        "Authorization": f"Bearer {settings.admin_token}",
        "Accept-Language": "en",
        **headers,
    }
    request = Request(f"{base}/_fatrina{path}", body, headers, method=method)  # noqa: S310
    try:
        context = ssl.create_default_context(cafile=settings.tls and settings.tls / CA_FILE)
        with urlopen(request, timeout=timeout, context=context) as response:  # noqa: S310
            return json_text.parse(response.read())["data"]
    except HTTPError as exc:
        fail(f"{base} rejected the request ({exc.code}): {_error_text(exc)}")
    except (URLError, OSError, ValueError, KeyError, TypeError) as exc:
        fail(f"No Fatrina service responds at {base}: {exc}")


def _error_text(error: HTTPError) -> str:
    try:
        body = json_text.parse(error.read())["error"]
        fields = [text for texts in body.get("fields", {}).values() for text in texts]
        return " ".join(fields) or str(body["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return error.reason
