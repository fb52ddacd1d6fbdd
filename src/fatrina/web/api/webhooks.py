"""Webhooks: subscribe, change, list, the events there are, unsubscribe."""

from contextlib import ExitStack
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from fatrina import wire
from fatrina.actions import subscriptions
from fatrina.domain.access import READ, WRITE
from fatrina.web import commands
from fatrina.web.answers import done
from fatrina.web.api.desk import Desk, anything, identifier, removed
from fatrina.web.forms import Form


class Webhooks(Desk):
    """The endpoints of the group Webhooks."""

    async def subscribe(self, request: Request) -> Response:
        """Have an event told to a URL from now on."""
        caller, _ = await self.admit(request, WRITE, anything)
        with ExitStack() as arrival:
            wanted = commands.subscription(await self.receive(request, arrival))
        number = await self.act(
            request, caller, partial(subscriptions.subscribe, self.parts, caller, wanted)
        )
        return done(200, wire.subscription(number, wanted))

    async def update_subscription(self, request: Request) -> Response:
        """Change what is mentioned of a subscription."""
        number = identifier(request, "webhook_id")
        look = partial(subscriptions.must_exist, number=number)
        caller, _ = await self.admit(request, WRITE, look)
        with ExitStack() as arrival:
            changes = commands.subscription_change(await self.receive(request, arrival))
        act = partial(subscriptions.change, self.parts, caller, number, changes)
        return done(200, wire.subscription(number, await self.act(request, caller, act)))

    async def list_subscriptions(self, request: Request) -> Response:
        """The shop's subscriptions, the newest last."""
        _, found = await self.admit(request, READ, subscriptions.listed)
        return done(200, [wire.subscription(number, wanted) for number, wanted in found])

    async def list_events(self, request: Request) -> Response:
        """The events that can be subscribed to."""
        await self.admit(request, READ, anything)
        return done(200, wire.events())

    async def unsubscribe(self, request: Request) -> Response:
        """End the subscription with an id, or those with a URL."""
        caller, _ = await self.admit(request, WRITE, anything)
        with ExitStack() as arrival:
            body = await self.receive(request, arrival)
            number, url = commands.unsubscription(Form(dict(request.query_params)), body)
        act = partial(subscriptions.unsubscribe, self.parts, caller, number=number, url=url)
        await self.act(request, caller, act)
        return done(202, removed())
