"""`fatrina webhook`: list webhook deliveries and repeat them."""

from typing import Annotated

import typer

from fatrina.actions.webhooks import subscriptions
from fatrina.adapters.database.delivery_log import DeliveryRow
from fatrina.cli.common import CLOCK, DataOption, fail, open_database
from fatrina.cli.help import command_group
from fatrina.cli.tables import JsonOption, format_time, print_rows
from fatrina.domain.integers import MAX_INT64
from fatrina.domain.types import DeliveryId

webhook = command_group("List webhook subscriptions and deliveries, and repeat deliveries.")


@webhook.command("list")
def webhook_list(
    merchant: Annotated[
        str, typer.Option(help="Only subscriptions of the merchant with this code.")
    ] = "",
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List the webhook subscriptions."""
    with open_database(data) as database:
        rows = subscriptions.list_for_operator(database, merchant_code=merchant)
    listed = [
        {
            "id": row.id,
            "merchant": row.merchant_code,
            "created": format_time(row.created_at),
            "event": row.event,
            "url": row.url,
            "name": row.name,
            "strategy": row.strategy,
            "failures": row.failures,
            "paused_until": format_time(row.paused_until),
        }
        for row in rows
    ]
    columns = ("id", "merchant", "created", "event", "url", "strategy", "failures", "paused_until")
    print_rows(listed, columns, as_json=as_json, empty="No subscriptions.")


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
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List the deliveries of events, and their results."""
    with open_database(data) as database:
        rows = subscriptions.list_deliveries(
            database, merchant_code=merchant, failed=failed, limit=limit
        )
    columns = ("id", "time", "merchant", "event", "product", "url", "attempts", "result")
    deliveries = [
        {
            "id": row.id,
            "time": format_time(row.created_at),
            "merchant": row.merchant_code,
            "event": row.event,
            "product": row.product_id,
            "url": row.url,
            "attempts": row.attempts,
            "result": _outcome(row),
        }
        for row in rows
    ]
    print_rows(deliveries, columns, as_json=as_json, empty="No deliveries.")


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
