"""`fatrina fault` and `fatrina requests`: turn a running service's dial, and read its journal."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import typer

from fatrina.cli.common import fail, settings
from fatrina.domain import json_text
from fatrina.emulator.fault_injection import KINDS

_SECONDS: Final = 30
Url = Annotated[str, typer.Option(help="Where the service is reached. [http://HOST:PORT]")]

fault = typer.Typer(
    help="Faults to order from a running service, to rehearse what clients do about them. It and "
    "this command need the same FATRINA_ADMIN_TOKEN.",
    no_args_is_help=True,
)


@fault.command("add", help="Order a fault. " + " ".join(f"{k}: {w}" for k, w in KINDS.items()))
def fault_add(  # noqa: PLR0913, PLR0917  an option each
    what: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    path: Annotated[str, typer.Option(help="Which paths; * stands for anything.")] = "*",
    method: Annotated[str, typer.Option(help="Which method.")] = "*",
    times: Annotated[int | None, typer.Option(help="How often. [1, unless --share]")] = None,
    share: Annotated[float | None, typer.Option(help="Which part of the requests.")] = None,
    seconds: Annotated[float, typer.Option(help="How long to wait.")] = 0,
    url: Url = "",
) -> None:
    """Order a fault."""
    wanted = {"what": what, "path": path, "method": method, "seconds": seconds}
    wanted |= {
        name: given for name, given in (("times", times), ("share", share)) if given is not None
    }
    made = _request(url, "POST", "/faults", wanted)
    typer.echo(f"Fault {made['id']} is ordered.", err=True)


@fault.command("list")
def fault_list(url: Url = "") -> None:
    """List the faults ordered: id, what, method, path, how often still, how often it struck."""
    for each in _request(url, "GET", "/faults"):
        left = "always" if each["times"] is None else each["times"]
        cells = (each["id"], each["what"], each["method"], each["path"], left, each["struck"])
        typer.echo("\t".join(str(cell) for cell in cells))


@fault.command("clear")
def fault_clear(url: Url = "") -> None:
    """Take all faults back."""
    _request(url, "DELETE", "/faults")
    typer.echo("No faults any more.", err=True)


def requests(
    path: Annotated[str, typer.Option(help="How the path begins.")] = "",
    status: Annotated[int | None, typer.Option(help="Only those with this status.")] = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.")] = 50,
    url: Url = "",
) -> None:
    """List what a running service was asked lately, and why it refused what it refused."""
    query = urlencode({"limit": limit, "path": path, "status": "" if status is None else status})
    for each in _request(url, "GET", f"/requests?{query}"):
        why = "; ".join(told["words"] for told in each["refused"])
        cells = (each["id"], each["method"], each["path"], each["status"], each["ms"], why)
        typer.echo("\t".join(str(cell) for cell in cells))


def _request(url: str, method: str, path: str, fields: Mapping[str, Any] | None = None) -> Any:
    chosen = settings()
    base = url.rstrip("/") or chosen.here
    if not chosen.admin_token:
        fail("Set FATRINA_ADMIN_TOKEN to the token that the service runs with.")
    if not base.startswith(("http://", "https://")):
        fail(f"“{base}” is no address of a service, such as http://127.0.0.1:8000.")
    headers = {
        "Authorization": f"Bearer {chosen.admin_token}",
        "Accept-Language": "en",
        "Content-Type": "application/json",
    }
    body = None if fields is None else json.dumps(fields).encode()
    request = Request(f"{base}/_fatrina{path}", body, headers, method=method)  # noqa: S310
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return json_text.parse(answer.read())["data"]
    except HTTPError as exc:
        fail(f"{base} refuses ({exc.code}): {_error_text(exc)}")
    except (URLError, OSError, ValueError, KeyError, TypeError) as exc:
        fail(f"Nothing of Fatrina answers at {base}: {exc}")


def _error_text(error: HTTPError) -> str:
    try:
        body = json_text.parse(error.read())["error"]
        fields = [text for texts in body.get("fields", {}).values() for text in texts]
        return " ".join(fields) or str(body["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return error.reason
