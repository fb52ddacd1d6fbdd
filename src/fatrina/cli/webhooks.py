"""`fatrina webhook`: list webhook deliveries and repeat them."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from fatrina.actions.webhooks import subscriptions
from fatrina.adapters.database.delivery_log import DeliveryRow
from fatrina.cli.common import CLOCK, DataOption, fail, open_database
from fatrina.domain.integers import MAX_INT64
from fatrina.domain.types import DeliveryId

webhook = typer.Typer(help="List webhook deliveries and repeat them.", no_args_is_help=True)


@webhook.command("log")
def webhook_log(
    merchant: Annotated[
        str, typer.Option(help="Only deliveries of the merchant with this code.")
    ] = "",
    failed: Annotated[
        bool, typer.Option("--failed", help="Only deliveries whose last attempt failed.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Maximum number, the newest first.")
    ] = 50,
    data: DataOption = None,
) -> None:
    """List deliveries: id, time, merchant, event, product, URL, attempts and result."""
    with open_database(data) as database:
        rows = subscriptions.list_deliveries(
            database, merchant_code=merchant, failed=failed, limit=limit
        )
    for row in rows:
        at = datetime.fromtimestamp(row.created_at / 1000, UTC).isoformat(timespec="seconds")
        cells = (
            row.id,
            at,
            row.merchant_code,
            row.event,
            row.product_id,
            row.url,
            row.attempts,
            _outcome(row),
        )
        typer.echo("\t".join(str(cell) for cell in cells))
    if not rows:
        typer.echo("No deliveries.", err=True)


@webhook.command("redeliver")
def webhook_redeliver(
    identifier: Annotated[
        int,
        typer.Argument(metavar="ID", min=1, max=MAX_INT64, help="From `webhook log`."),
    ],
    data: DataOption = None,
) -> None:
    """Deliver an event again with the same body; a running service sends it at once."""
    with open_database(data) as database:
        if not subscriptions.redeliver(database, DeliveryId(identifier), CLOCK()):
            fail(f"Delivery {identifier} does not exist, is still pending, or has no subscription.")
    typer.echo(f"Delivery {identifier} is pending.", err=True)


def _outcome(row: DeliveryRow) -> str:
    if row.error is None:
        outcome = "pending" if row.due_at is not None else f"delivered, {row.status}"
    else:
        outcome = f"{row.error}, {'given up' if row.due_at is None else 'will be retried'}"
    if row.due_at is not None and row.paused_until is not None:
        outcome = f"{outcome}; paused"
    return f"{outcome}; {row.dropped} older events dropped" if row.dropped else outcome
