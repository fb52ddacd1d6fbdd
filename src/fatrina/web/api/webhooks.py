"""Webhook endpoints: subscribe, update, list, list events, unsubscribe."""

from contextlib import ExitStack
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fatrina import wire
from fatrina.actions.webhooks import subscriptions
from fatrina.domain.access import READ, WEBHOOKS_READ, WEBHOOKS_WRITE, WRITE
from fatrina.domain.types import SubscriptionId
from fatrina.domain.webhook import Subscription
from fatrina.web.api.base import BaseEndpoints, no_lookup, path_id, removed_response
from fatrina.web.http.responses import success
from fatrina.web.parsing import commands
from fatrina.web.parsing.forms import Form
from fatrina.web.parsing.history_commands import parse_page

_READ: Final = (WEBHOOKS_READ, READ)
_WRITE: Final = (WEBHOOKS_WRITE, WRITE)
"""Tokens from before the scopes of webhooks existed have those of products."""


class Webhooks(BaseEndpoints):
    """The endpoints of the group Webhooks."""

    async def subscribe(self, request: Request) -> Response:
        """Subscribe a URL to an event; update the subscription if there is one already."""
        caller, _ = await self.authorize(request, _WRITE, no_lookup)
        with ExitStack() as stack:
            subscription = commands.parse_subscribe(await self.read_form(request, stack))
        action = partial(subscriptions.subscribe, subscription=subscription)

        def render(subscription_id: SubscriptionId) -> Response:
            return success(200, wire.subscription(subscription_id, subscription))

        return await self.respond(request, caller, action, render)

    async def update_subscription(self, request: Request) -> Response:
        """Update the given fields of a subscription."""
        subscription_id = SubscriptionId(path_id(request, "webhook_id"))
        lookup = partial(subscriptions.check_exists, subscription_id=subscription_id)
        caller, _ = await self.authorize(request, _WRITE, lookup)
        with ExitStack() as stack:
            changes = commands.parse_update_subscription(await self.read_form(request, stack))
        action = partial(subscriptions.update, subscription_id=subscription_id, changes=changes)

        def render(subscription: Subscription) -> Response:
            return success(200, wire.subscription(subscription_id, subscription))

        return await self.respond(request, caller, action, render)

    async def list_subscriptions(self, request: Request) -> Response:
        """Return a page of the subscriptions of the store, newest last."""
        page = parse_page(request.query_params)
        _, found = await self.authorize(request, _READ, subscriptions.list_subscriptions)
        shown = found[page.offset : page.offset + page.size]
        pagination = self.serializer.page(
            page, len(shown), len(found), request.scope["path"], request.query_params
        )
        data = [
            wire.subscription(SubscriptionId(subscription_id), subscription)
            for subscription_id, subscription in shown
        ]
        return success(200, data, pagination=pagination)

    async def list_events(self, request: Request) -> Response:
        """Return the events that exist."""
        await self.authorize(request, _READ, no_lookup)
        return success(200, wire.events())

    async def unsubscribe(self, request: Request) -> Response:
        """Delete the subscription with an id, or all subscriptions with a URL."""
        caller, _ = await self.authorize(request, _WRITE, no_lookup)
        with ExitStack() as stack:
            body = await self.read_form(request, stack)
            subscription_id, url = commands.parse_unsubscribe(
                Form(dict(request.query_params)), body
            )
        action = partial(
            subscriptions.unsubscribe, subscription_id=SubscriptionId(subscription_id), url=url
        )
        return await self.respond(request, caller, action, removed_response)
