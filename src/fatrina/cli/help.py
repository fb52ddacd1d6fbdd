"""Help of the commands: complete descriptions in lists, and an example for each command."""

from collections.abc import Iterator
from typing import Any, Final

import typer
from typer.core import TyperGroup

_UNLIMITED: Final = 10_000
# Verbatim in the help: "\b" prevents that lines are joined.
_EPILOG: Final = "\b\nExample:\n  $ {}"
EXAMPLES: Final = {
    "serve": "fatrina serve --ephemeral --port 0 --admin-token auto",
    "demo": "fatrina demo --port 8000",
    "tls": "fatrina tls tls/ --name fatrina.test",
    "migrate": "FATRINA_DATABASE=postgresql:///fatrina fatrina migrate",
    "seed": "fatrina seed store.json --images photos/",
    "reset": "fatrina reset --keep-merchants --yes",
    "dump": "fatrina dump backup.tar",
    "restore": "fatrina restore backup.tar",
    "sweep": "fatrina sweep --dry-run",
    "doctor": "fatrina doctor --deep",
    "console": "fatrina console --merchant shop1",
    "requests": "fatrina requests --status 422 --limit 10",
    "merchant create": "fatrina merchant create shop1 --name 'My store'",
    "merchant list": "fatrina merchant list --json",
    "merchant edit": "fatrina merchant edit shop1 --email owner@example.com",
    "merchant plan": "fatrina merchant plan shop1 pro",
    "merchant key": "fatrina merchant key shop1",
    "token create": "export TOKEN=$(fatrina token create --merchant shop1 --expires 1d)",
    "token list": "fatrina token list --json",
    "token revoke": "fatrina token revoke 7",
    "app create": "fatrina app create --name 'My app' --redirect https://app.example.com/callback",
    "app install": "fatrina app install CLIENT_ID --merchant shop1",
    "app uninstall": "fatrina app uninstall CLIENT_ID --merchant shop1",
    "app list": "fatrina app list --json",
    "app remove": "fatrina app remove 3f8UkQzXw1RrTb0P",
    "webhook list": "fatrina webhook list --merchant shop1",
    "webhook log": "fatrina webhook log --failed --limit 20",
    "webhook redeliver": "fatrina webhook redeliver 31",
    "fault add": "fatrina fault add 503 --path '/admin/v2/products/*' --times 2",
    "fault list": "fatrina fault list",
    "fault clear": "fatrina fault clear",
}
"""An example by command."""


class Group(TyperGroup):
    """A group of commands whose help lists them with complete first sentences."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands; the base class cuts their descriptions at the end of the line."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [
            (name, command.get_short_help_str(_UNLIMITED))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def command_group(description: str) -> typer.Typer:
    """Return a group without commands."""
    return typer.Typer(help=description, no_args_is_help=True, cls=Group)


def add_examples(root: typer.Typer) -> None:
    """Add its example to the help of each command."""
    for name, info in _commands(root):
        if name in EXAMPLES:
            info.epilog = _EPILOG.format(EXAMPLES[name])


def _commands(
    group: typer.Typer, prefix: str = ""
) -> Iterator[tuple[str, typer.models.CommandInfo]]:
    for info in group.registered_commands:
        function = info.callback.__name__ if info.callback else ""
        yield prefix + (info.name or function), info
    for below in group.registered_groups:
        if below.typer_instance is not None:
            yield from _commands(below.typer_instance, f"{prefix}{below.name} ")
