"""`fatrina console`: print a link that signs in to the console of a merchant."""

from typing import Annotated

import typer

from fatrina.actions import sessions
from fatrina.cli.common import CLOCK, DataOption, fail, load_settings, open_database


def console(
    merchant: Annotated[str, typer.Option(help="The merchant's code.")],
    data: DataOption = None,
) -> None:
    """Print a link to the console that signs in once, within the next hour."""
    with open_database(data) as database:
        secret = sessions.create_link(database, merchant, CLOCK())
    if secret is None:
        fail(f"There is no merchant “{merchant}”: fatrina merchant create {merchant}")
    typer.echo(f"{load_settings(data=data).base}/console#link={secret}")
