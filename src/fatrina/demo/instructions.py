"""The commands that the demo prints at its end, ready to be copied."""

import shlex
from pathlib import Path

from fatrina.demo.context import DemoContext
from fatrina.demo.emulator_tour import ADMIN
from fatrina.demo.output import say, title
from fatrina.demo.updates import API


def print_instructions(context: DemoContext, sample: Path, links: list[str]) -> None:
    """Print curl commands that work with the sample store."""
    title("Your turn", "دورك")
    link = f"{context.address}/console#link={context.store.console_secret}"
    say("Open the store in a browser, signed in (the link works once):", "", link, "")
    say("Set these once in your shell:", "")
    say(f"export TOKEN={shlex.quote(context.store.token)}")
    say(f"export ADMIN_TOKEN={shlex.quote(context.admin_token)}", "")
    for heading, sku, fields in (
        ("Replace the vase's photo by file:", "VASE", (_file_field(sample), "alt=كوب قهوة")),
        ("Replace the shirt's photo by link:", "SHIRT", (f"photo={links[1]}", "default=1")),
    ):
        say(heading, "", _api(context, f"/images/{context.store.images[sku]}", fields), "")
    say("Show a product with its images:", "")
    say(_api(context, f"/{context.store.products['VASE']}", ()), "")
    say("Inject an error into the next updates, then see why they failed:", "")
    say(_admin(context, "/faults", ("what=503", f"path={API}/images/*")), "")
    say(_admin(context, "/requests?status=503", ()), "")
    say(
        "Bytes that an image already shows keep its URLs; any photo of yours works as well.",
        f"The token is valid for one day. The API documentation is at {context.address}/docs",
        "",
        f"Fatrina is serving at {context.address}. Press Ctrl-C to stop.",
    )


def _api(context: DemoContext, path: str, fields: tuple[str, ...]) -> str:
    return _curl(context.address + API + path, "TOKEN", fields)


def _admin(context: DemoContext, path: str, fields: tuple[str, ...]) -> str:
    return _curl(context.address + ADMIN + path, "ADMIN_TOKEN", fields)


def _curl(url: str, variable: str, fields: tuple[str, ...]) -> str:
    lines = [
        f"curl -sS {shlex.quote(url)}",
        f'-H "Authorization: Bearer ${variable}"',
        *(f"-F {shlex.quote(field)}" for field in fields),
    ]
    return " \\\n     ".join(lines) + " | python3 -m json.tool --no-ensure-ascii"


def _file_field(path: Path) -> str:
    """Return a file as curl's -F option reads it, with any characters in its path."""
    name = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'photo=@"{name}"'
