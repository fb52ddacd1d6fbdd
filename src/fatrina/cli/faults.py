"""`fatrina fault` and `fatrina requests`: inject faults, and read the request journal."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import typer

from fatrina.cli.common import fail, load_settings
from fatrina.domain import json_text
from fatrina.emulator.fault_injection import KINDS

_TIMEOUT_SECONDS: Final = 30
UrlOption = Annotated[str, typer.Option(help="URL of the service. [http://HOST:PORT]")]

faults = typer.Typer(
    help="Inject faults into a running service, to test how clients handle them. The service and "
    "this command need the same FATRINA_ADMIN_TOKEN.",
    no_args_is_help=True,
)


@faults.command("add", help="Inject a fault. " + " ".join(f"{k}: {w}" for k, w in KINDS.items()))
def fault_add(  # noqa: PLR0913, PLR0917  an option each
    what: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    path: Annotated[str, typer.Option(help="Pattern of the paths; * matches anything.")] = "*",
    method: Annotated[str, typer.Option(help="HTTP method.")] = "*",
    times: Annotated[
        int | None, typer.Option(help="Number of matching requests. [1, unless --share]")
    ] = None,
    share: Annotated[
        float | None, typer.Option(help="Share of the matching requests, from 0 to 1.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Delay in seconds.")] = 0,
    url: UrlOption = "",
) -> None:
    """Inject a fault."""
    fields = {"what": what, "path": path, "method": method, "seconds": seconds}
    fields |= {
        name: given for name, given in (("times", times), ("share", share)) if given is not None
    }
    fault = _request(url, "POST", "/faults", fields)
    typer.echo(f"Fault {fault['id']} added.", err=True)


@faults.command("list")
def fault_list(url: UrlOption = "") -> None:
    """List the injected faults: id, kind, method, path, remaining requests, requests hit."""
    for fault in _request(url, "GET", "/faults"):
        remaining = "always" if fault["times"] is None else fault["times"]
        cells = (
            fault["id"],
            fault["what"],
            fault["method"],
            fault["path"],
            remaining,
            fault["struck"],
        )
        typer.echo("\t".join(str(cell) for cell in cells))


@faults.command("clear")
def fault_clear(url: UrlOption = "") -> None:
    """Remove all faults."""
    _request(url, "DELETE", "/faults")
    typer.echo("All faults removed.", err=True)


def requests(
    path: Annotated[str, typer.Option(help="Only requests whose path begins with this.")] = "",
    status: Annotated[int | None, typer.Option(help="Only requests with this status.")] = None,
    limit: Annotated[int, typer.Option(help="Maximum number, the newest first.")] = 50,
    url: UrlOption = "",
) -> None:
    """List the latest requests to a running service, and why they were rejected."""
    query = urlencode({"limit": limit, "path": path, "status": "" if status is None else status})
    for entry in _request(url, "GET", f"/requests?{query}"):
        why = "; ".join(error["words"] for error in entry["refused"])
        cells = (entry["id"], entry["method"], entry["path"], entry["status"], entry["ms"], why)
        typer.echo("\t".join(str(cell) for cell in cells))


def _request(url: str, method: str, path: str, fields: Mapping[str, Any] | None = None) -> Any:
    settings = load_settings()
    base = url.rstrip("/") or settings.here
    if not settings.admin_token:
        fail("Set FATRINA_ADMIN_TOKEN to the token of the service.")
    if not base.startswith(("http://", "https://")):
        fail(f"“{base}” is not the URL of a service, such as http://127.0.0.1:8000.")
    headers = {
        "Authorization": f"Bearer {settings.admin_token}",
        "Accept-Language": "en",
        "Content-Type": "application/json",
    }
    body = None if fields is None else json.dumps(fields).encode()
    request = Request(f"{base}/_fatrina{path}", body, headers, method=method)  # noqa: S310
    try:
        with urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
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
