"""`fatrina fault` and `fatrina requests`: inject faults, and read the request journal."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from fatrina.cli.admin_client import UrlOption, request
from fatrina.cli.help import command_group
from fatrina.cli.tables import JsonOption, print_rows
from fatrina.emulator.fault_injection import KINDS

faults = command_group(
    "Inject faults into a running service, to test how clients handle them. The service and "
    "this command need the same FATRINA_ADMIN_TOKEN."
)


@faults.command("add", help="Inject a fault. " + " ".join(f"{k}: {w}" for k, w in KINDS.items()))
def fault_add(  # noqa: PLR0913, PLR0917  an option each
    what: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    path: Annotated[str, typer.Option(help="Pattern of the paths; * matches anything.")] = "*",
    method: Annotated[str, typer.Option(help="HTTP method.")] = "*",
    merchant: Annotated[
        str, typer.Option(help="Code of the merchant whose requests are affected. [all]")
    ] = "",
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
    fields |= {"merchant": merchant} if merchant else {}
    fields |= {
        name: given for name, given in (("times", times), ("share", share)) if given is not None
    }
    fault = request(url, "POST", "/faults", fields)
    typer.echo(f"Fault {fault['id']} added.", err=True)


@faults.command("list")
def fault_list(as_json: JsonOption = False, url: UrlOption = "") -> None:
    """List the injected faults, with the requests that they still affect and have affected."""
    rows = [
        {
            **fault,
            "left": "always" if fault["times"] is None else fault["times"],
            "hits": fault["struck"],
        }
        for fault in request(url, "GET", "/faults")
    ]
    columns = ("id", "what", "method", "path", "merchant", "left", "hits")
    print_rows(rows, columns, as_json=as_json, empty="No faults: fatrina fault add 503")


@faults.command("clear")
def fault_clear(url: UrlOption = "") -> None:
    """Remove all faults."""
    request(url, "DELETE", "/faults")
    typer.echo("All faults removed.", err=True)


def requests(  # noqa: PLR0913, PLR0917  an option each
    path: Annotated[str, typer.Option(help="Only requests whose path begins with this.")] = "",
    status: Annotated[int | None, typer.Option(help="Only requests with this status.")] = None,
    merchant: Annotated[
        str, typer.Option(help="Only requests of the merchant with this code.")
    ] = "",
    limit: Annotated[int, typer.Option(help="Maximum number, the newest first.")] = 50,
    not_emulated: Annotated[
        bool,
        typer.Option(
            "--not-emulated",
            help="Count the requests to endpoints that Fatrina does not implement instead.",
        ),
    ] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Delete the journal afterwards.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = "",
) -> None:
    """List the latest requests to a running service, and why they were rejected."""
    if not_emulated:
        counts = request(url, "GET", "/requests/not-emulated")
        headings = ("count", "stub", "method", "path", "last_at")
        print_rows(counts, headings, as_json=as_json, empty="All requests were to known endpoints.")
    else:
        state = "" if status is None else status
        query = {"limit": limit, "path": path, "status": state, "merchant": merchant}
        entries = request(url, "GET", f"/requests?{urlencode(query)}")
        rows = [{**entry, "time": entry["at"][11:23], "why": _reasons(entry)} for entry in entries]
        columns = ("time", "id", "method", "path", "status", "ms", "why")
        print_rows(rows, columns, as_json=as_json, empty="No requests yet.")
    if clear:
        request(url, "DELETE", "/requests")


def _reasons(entry: Mapping[str, Any]) -> str:
    return "; ".join(error["words"] for error in entry["refused"])
