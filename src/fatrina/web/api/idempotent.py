"""Idempotency-Key: execute a request once, and send its stored response to repetitions."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial, wraps
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from fatrina.actions import idempotency
from fatrina.domain import errors
from fatrina.domain.idempotency import HEADER, Slot, StoredRequest, parse_key, should_store
from fatrina.web.api.base import BaseEndpoints, no_lookup
from fatrina.web.api.recording import fingerprint
from fatrina.web.http import context
from fatrina.web.http.responses import error, from_stored, to_stored

Handler = Callable[[Request], Awaitable[Response]]
_REPLAYED: Final = {"Idempotency-Replayed": "true"}


class IdempotentEndpoints:
    """Wraps endpoints; knows which keys this process is executing.

    Two nodes may execute requests with the same key at the same time: the database accepts the
    effect of only one of them, because both store their response under the same key.
    """

    def __init__(self, api: BaseEndpoints) -> None:
        """Authorize and read repeated requests with `api`."""
        self._api = api
        self._running: set[Slot] = set()

    def wrap(self, operation: str, handler: Handler, scope: tuple[str, ...]) -> Handler:
        """Return the handler of an endpoint, which executes requests with the same key once.

        A token needs one of the scopes that the endpoint accepts.
        """

        @wraps(handler)
        async def handle(request: Request) -> Response:
            keys = request.headers.getlist(HEADER)
            if not keys:
                return await handler(request)
            caller, _ = await self._api.authorize(request, scope, no_lookup)
            slot = Slot(caller.merchant_id, operation, parse_key(", ".join(keys)))
            if slot in self._running:
                raise errors.IdempotencyRunning
            self._running.add(slot)
            try:
                return await self._execute(request, slot, handler)
            finally:
                self._running.discard(slot)

        return handle

    async def _execute(self, request: Request, slot: Slot, handler: Handler) -> Response:
        services = self._api.services
        find = partial(idempotency.find, services, slot)
        stored = await run_sync(find, limiter=self._api.limiters.lookups)
        if stored is not None:
            return await self._replay(request, stored)
        context.get(request.scope).idempotency_slot = slot
        try:
            return await handler(request)
        except errors.ServiceError as exc:
            await self._store_error(request, exc)
            raise

    async def _replay(self, request: Request, stored: StoredRequest) -> Response:
        """Return the stored response, after the repeated request was read and compared."""
        with ExitStack() as stack:
            form = await self._api.read_form(request, stack)
            response = stored.replay(fingerprint(request, form))
        context.get(request.scope).log_fields["idempotency"] = "replayed"
        return from_stored(response, _REPLAYED)

    async def _store_error(self, request: Request, service_error: errors.ServiceError) -> None:
        """Store the error of a request whose body was read, if it is final."""
        keyed = context.get(request.scope).keyed_request
        if keyed is None or not should_store(service_error.status):
            return
        services = self._api.services
        response = to_stored(error(request, service_error))
        store = partial(idempotency.store_error, services, keyed, response)
        await run_sync(store, limiter=self._api.limiters.lookups)
