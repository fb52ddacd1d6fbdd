"""`fatrina merchant`: the shops that use this service."""

import re
from typing import Annotated, Final

import typer

from fatrina.actions import access, oauth
from fatrina.cli.common import CLOCK, DataOption, fail, open_database
from fatrina.domain.access import MERCHANT_CODE
from fatrina.domain.rate_limit import DEFAULT, PLANS

_PLANS: Final = ", ".join(f"{name} ({limit})" for name, limit in PLANS.items())
PlanOption = Annotated[
    str, typer.Option(help=f"How many requests the shop may make where limits are on: {_PLANS}.")
]

merchant = typer.Typer(help="The shops that use this service.", no_args_is_help=True)


@merchant.command("create")
def merchant_create(
    code: Annotated[str, typer.Argument(help="4 to 6 letters and digits; part of every URL.")],
    plan: PlanOption = DEFAULT,
    data: DataOption = None,
) -> None:
    """Add a merchant."""
    if not re.fullmatch(MERCHANT_CODE, code):
        fail(f"“{code}” is no merchant code: use 4 to 6 letters and digits, such as shop1.")
    _check_plan(plan)
    with open_database(data, make=True) as database:
        if not access.create_merchant(database, code, CLOCK(), plan):
            fail(f"There is a merchant “{code}” already.")
    typer.echo(f"Merchant {code} created. Next: fatrina token create --merchant {code}", err=True)


@merchant.command("list")
def merchant_list(data: DataOption = None) -> None:
    """List the merchants: code and plan."""
    with open_database(data) as database:
        rows = access.list_merchants(database)
    for row in rows:
        typer.echo(f"{row.code}\t{row.plan}")
    if not rows:
        typer.echo("No merchants yet: fatrina merchant create CODE", err=True)


@merchant.command("plan")
def merchant_plan(
    code: Annotated[str, typer.Argument(help="The merchant's code.")],
    plan: Annotated[str, typer.Argument(help=f"The plan and its requests: {_PLANS}.")],
    data: DataOption = None,
) -> None:
    """Put a merchant on another plan; a running service knows at once."""
    _check_plan(plan)
    with open_database(data) as database:
        if not access.change_plan(database, code, plan):
            fail(f"There is no merchant “{code}”: fatrina merchant create {code}")
    typer.echo(f"Merchant {code} is on plan {plan}: {PLANS[plan]} requests.", err=True)


@merchant.command("key")
def merchant_key(
    code: Annotated[str, typer.Argument(help="The merchant's code.")],
    data: DataOption = None,
) -> None:
    """Print a new owner's key, by which the owner lets apps in; the one before works no more."""
    with open_database(data) as database:
        key = oauth.rotate_owner_key(database, code)
    if key is None:
        fail(f"There is no merchant “{code}”: fatrina merchant create {code}")
    typer.echo(key)


def _check_plan(plan: str) -> None:
    if plan not in PLANS:
        fail(f"“{plan}” is no plan: use {', '.join(PLANS)}.")
