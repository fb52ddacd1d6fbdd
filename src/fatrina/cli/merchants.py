"""`fatrina merchant`: the merchants that use this service."""

import re
from typing import Annotated, Final

import typer

from fatrina.actions import access, oauth
from fatrina.cli.common import CLOCK, DataOption, fail, open_database
from fatrina.cli.help import command_group
from fatrina.cli.tables import JsonOption, format_time, print_rows
from fatrina.domain import errors, messages, text
from fatrina.domain.access import MERCHANT_CODE
from fatrina.domain.rate_limit import DEFAULT_PLAN, PLANS

_MAX_PROFILE_LENGTH: Final = 300
_PLANS: Final = ", ".join(f"{name} ({limit})" for name, limit in PLANS.items())
PlanOption = Annotated[
    str,
    typer.Option(help=f"Plan, which sets the request limit if rate limits are enabled: {_PLANS}."),
]

NameOption = Annotated[str | None, typer.Option(help="Name of the store.")]
EmailOption = Annotated[str | None, typer.Option(help="Email address of the owner.")]
MobileOption = Annotated[str | None, typer.Option(help="Mobile number of the owner.")]
DomainOption = Annotated[str | None, typer.Option(help="URL of the store.")]
AvatarOption = Annotated[str | None, typer.Option(help="URL of the store's logo.")]

merchant = command_group("Manage the merchants that use this service.")


@merchant.command("create")
def merchant_create(  # noqa: PLR0913, PLR0917  one for each option
    code: Annotated[
        str, typer.Argument(help="4 to 6 letters and digits; part of every image URL.")
    ],
    plan: PlanOption = DEFAULT_PLAN,
    name: NameOption = None,
    email: EmailOption = None,
    mobile: MobileOption = None,
    domain: DomainOption = None,
    avatar: AvatarOption = None,
    data: DataOption = None,
) -> None:
    """Add a merchant; the details appear in OAuth user info and Store Info."""
    if not re.fullmatch(MERCHANT_CODE, code):
        fail(
            f"“{code}” is not a valid merchant code: use 4 to 6 letters and digits, such as shop1."
        )
    _check_plan(plan)
    profile = _profile(name=name, email=email, mobile=mobile, domain=domain, avatar=avatar)
    with open_database(data, create=True) as database:
        if not access.create_merchant(database, code, CLOCK(), plan, profile):
            fail(f"Merchant “{code}” already exists.")
    typer.echo(f"Merchant {code} created. Next: fatrina token create --merchant {code}", err=True)


@merchant.command("list")
def merchant_list(as_json: JsonOption = False, data: DataOption = None) -> None:
    """List the merchants."""
    with open_database(data) as database:
        rows = access.list_merchants(database)
    merchants = [
        {
            "code": row.code,
            "id": row.id,
            "plan": row.plan,
            "created": format_time(row.created_at),
            "name": row.name,
        }
        for row in rows
    ]
    empty = "No merchants yet: fatrina merchant create CODE"
    print_rows(merchants, ("code", "plan", "created", "name"), as_json=as_json, empty=empty)


@merchant.command("edit")
def merchant_edit(  # noqa: PLR0913, PLR0917  one for each option
    code: Annotated[str, typer.Argument(help="The merchant's code.")],
    name: NameOption = None,
    email: EmailOption = None,
    mobile: MobileOption = None,
    domain: DomainOption = None,
    avatar: AvatarOption = None,
    data: DataOption = None,
) -> None:
    """Change the details of a merchant that appear in OAuth user info and Store Info."""
    profile = _profile(name=name, email=email, mobile=mobile, domain=domain, avatar=avatar)
    with open_database(data) as database:
        if not access.change_profile(database, code, profile):
            fail(f"There is no merchant “{code}”: fatrina merchant create {code}")
    typer.echo(f"Merchant {code} changed: {', '.join(profile) or 'nothing'}.", err=True)


@merchant.command("plan")
def merchant_plan(
    code: Annotated[str, typer.Argument(help="The merchant's code.")],
    plan: Annotated[str, typer.Argument(help=f"The plan, with its request limit: {_PLANS}.")],
    data: DataOption = None,
) -> None:
    """Change a merchant's plan; it applies to a running service at once."""
    _check_plan(plan)
    with open_database(data) as database:
        if not access.change_plan(database, code, plan):
            fail(f"There is no merchant “{code}”: fatrina merchant create {code}")
    typer.echo(f"Merchant {code} has plan {plan} now: {PLANS[plan]} requests.", err=True)


@merchant.command("key")
def merchant_key(
    code: Annotated[str, typer.Argument(help="The merchant's code.")],
    data: DataOption = None,
) -> None:
    """Print a new owner key, with which the merchant grants access to apps; revoke the old one."""
    with open_database(data) as database:
        key = oauth.rotate_owner_key(database, code, CLOCK())
    if key is None:
        fail(f"There is no merchant “{code}”: fatrina merchant create {code}")
    typer.echo(key)


def _profile(**given: str | None) -> dict[str, str]:
    """Return the fields that were given; print an error and exit if one is too long."""
    try:
        return {
            field: text.normalize_line(field, value, _MAX_PROFILE_LENGTH)
            for field, value in given.items()
            if value is not None
        }
    except errors.FieldError as exc:
        fail(messages.render(exc, "en"))


def _check_plan(plan: str) -> None:
    if plan not in PLANS:
        fail(f"“{plan}” is not a plan: use {', '.join(PLANS)}.")
