"""`fatrina merchant`: the shops that use this service."""

import re
from typing import Annotated, Final

import typer

from fatrina.actions import access
from fatrina.cli.common import CLOCK, Data, fail, opened

_CODE: Final = re.compile(r"[A-Za-z0-9]{4,6}")

merchant = typer.Typer(help="The shops that use this service.", no_args_is_help=True)


@merchant.command("create")
def merchant_create(
    code: Annotated[str, typer.Argument(help="4 to 6 letters and digits; part of every URL.")],
    data: Data = None,
) -> None:
    """Add a merchant."""
    if not _CODE.fullmatch(code):
        fail(f"“{code}” is no merchant code: use 4 to 6 letters and digits, such as shop1.")
    with opened(data, make=True) as database:
        if not access.create_merchant(database, code, CLOCK()):
            fail(f"There is a merchant “{code}” already.")
    typer.echo(f"Merchant {code} created. Next: fatrina token create --merchant {code}", err=True)
