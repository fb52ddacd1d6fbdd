"""Base class of the endpoints: authorize a request, read its form, run an action in a thread."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from fatrina.actions import Services, access, cancellation, health, products
from fatrina.actions.galleries import Precondition, no_precondition
from fatrina.actions.idempotency import KeyedRequest
from fatrina.actions.rate_limits import RateLimiter
from fatrina.actions.receiving import PhotoLink, PhotoSource
from fatrina.domain import errors, preconditions, text
from fatrina.domain.access import Caller
from fatrina.domain.integers import MAX_INT32
from fatrina.domain.rate_limit import RateLimitStatus
from fatrina.domain.types import Millis, ProductId
from fatrina.domain.views import ImageView
from fatrina.web.api.ignored import add_ignored_header
from fatrina.web.api.recording import fingerprint, recorder
from fatrina.web.http import auth, context
from fatrina.web.http.fair_limiter import FairLimiter
from fatrina.web.http.responses import success
from fatrina.web.parsing import history_commands
from fatrina.web.parsing.forms import Form, FormReader
from fatrina.wire import Serializer

T = TypeVar("T")
Lookup = Callable[[Services, Caller], T]

# ASCII digits without leading zeros: `int` accepts Arabic digits, spaces and signs too.
_ID_PATTERN: Final = re.compile(r"[1-9][0-9]{0,18}")
_NO_ID: Final = 0
_RATE_LIMIT_HEADERS: Final = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")
_UPDATED: Final = {"message": "The entity has been updated successfully", "code": 201}
_REMOVED: Final = {"message": "The Object has been removed successfully", "code": 202}


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """Settings that the endpoints use."""

    alt_length: int
    photo_required: bool
    contract_only: bool
    """Disables the extensions of the contract."""
    require_if_match: bool
    retention_ms: Millis
    """How long the files of replaced and deleted images are kept, in milliseconds."""
    idempotency_ms: Millis
    """How long the response to a request with an idempotency key is kept, in milliseconds."""
    find_stub: Callable[[str, str], Response | None] | None = None
    """Returns the canned response for a method and a path below `/admin/v2`, or None."""


@dataclass(frozen=True, slots=True)
class Limiters:
    """Thread limits for each kind of work, so that no kind starves another."""

    lookups: CapacityLimiter
    updates: FairLimiter
    link_updates: FairLimiter


@dataclass(frozen=True)
class BaseEndpoints:
    """Steps that all endpoints share."""

    services: Services
    form_reader: FormReader
    serializer: Serializer
    options: ApiOptions
    limiters: Limiters
    rate_limiter: RateLimiter

    async def authorize(
        self, request: Request, scope: str | tuple[str, ...] | None, lookup: Lookup[T]
    ) -> tuple[Caller, T]:
        """Return the caller and the result of `lookup`; call this before the body is read.

        The token must have `scope`, or one of several; without `scope`, any valid token is
        accepted.

        Raises:
            errors.Unauthorized: the token is invalid or lacks the scope.
            errors.TooManyRequests: the rate limit of the merchant is exceeded.
            errors.ServiceError: `lookup` has failed, usually with errors.NotFound.
        """

        def check() -> tuple[Caller, T]:
            caller = context.get(request.scope).caller or self._authenticate(request)
            if scope is not None:
                caller.require_scope(*((scope,) if isinstance(scope, str) else scope))
            return caller, lookup(self.services, caller)

        with self.services.clock.stage("admit"):
            return await run_sync(check, limiter=self.limiters.lookups)

    def _authenticate(self, request: Request) -> Caller:
        """Return the caller, and count the request in the rate limit; called once per request."""
        request_context = context.get(request.scope)
        caller = access.authenticate(self.services, auth.access_token(request))
        request_context.log_fields |= {"merchant": caller.merchant_code, "token": caller.token_id}
        _check_rate_limit(request, self.rate_limiter.count(caller))
        request_context.caller = caller
        return caller

    async def read_form(
        self, request: Request, stack: ExitStack, *, may_have_photo: bool = False
    ) -> Form:
        """Return the form in the body; its photo file is closed with `stack`.

        If the body may have a photo, first check that there is capacity to decode it.

        Raises:
            errors.Busy: too many photos are waiting for a decoder.
            errors.ServiceError: the body cannot be read; see `FormReader.read`.
        """
        self.form_reader.check_length(request)
        if may_have_photo:
            health.check_decoder_capacity(self.services)
        with self.services.clock.stage("receive"):
            form = await self.form_reader.read(request, stack)
        request_context = context.get(request.scope)
        request_context.body_shape, request_context.ignored = form.shape(), form.ignored
        if (slot := request_context.idempotency_slot) is not None:
            retention_ms = self.options.idempotency_ms
            request_context.keyed_request = KeyedRequest(
                slot, fingerprint(request, form), retention_ms
            )
        return form

    async def respond(
        self,
        request: Request,
        caller: Caller,
        action: Callable[[Services, Caller], T],
        render: Callable[[T], Response],
        photo: PhotoSource | None = None,
    ) -> Response:
        """Run an action in a thread, and return its result as a response.

        With an idempotency key, the response is stored in the transaction of the action.

        Raises:
            errors.Busy: no slot became free in time.
            errors.ClientGone: the client disconnected while the request was waiting.
        """
        limiter = (
            self.limiters.link_updates if isinstance(photo, PhotoLink) else self.limiters.updates
        )
        services = await self._services_for(request, render)
        cancellation.client_gone.set(context.get(request.scope).is_client_gone)
        with self.services.clock.stage("act"):
            async with limiter.slot(caller.merchant_id):
                cancellation.check_client()
                result = await run_sync(action, services, caller, limiter=limiter.threads)
        add_ignored_header(context.get(request.scope))
        return render(result)

    async def _services_for(self, request: Request, render: Callable[[T], Response]) -> Services:
        """Return the services with the outbox and the recorder of this request."""
        request_context, services = context.get(request.scope), self.services
        if request_context.outbox is not None:
            services = replace(services, outbox=request_context.outbox)
        if request_context.idempotency_slot is None:
            return services
        if request_context.keyed_request is None:  # the endpoint does not use the body
            with ExitStack() as stack:
                await self.read_form(request, stack)
        return replace(services, recorder=recorder(request_context, services.clock, render))

    def parse_precondition(self, request: Request) -> Precondition:
        """Return the condition of the If-Match header (RFC 9110, section 13.1.1).

        Raises:
            errors.PreconditionRequired: the header is missing, and the settings require it.
        """
        condition = self.parse_if_match(request)
        if condition is None:
            return no_precondition
        expected: list[ImageView] = []

        def check(image: ImageView) -> None:
            # Usually the transaction finds the state that was checked before the body was read.
            if image not in expected:
                check_etag(condition, self.serializer.etag(image))
                expected.append(image)

        return check

    def parse_if_match(self, request: Request) -> str | None:
        """Return the If-Match header; None without one.

        Raises:
            errors.PreconditionRequired: the header is missing, and the settings require it.
        """
        conditions = request.headers.getlist("if-match")
        if self.options.contract_only or not (conditions or self.options.require_if_match):
            return None
        if not conditions:
            raise errors.PreconditionRequired
        return ", ".join(conditions)

    def parse_reason(self, request: Request, form: Form) -> str | None:
        """Return the reason of a change, from the body or from the header.

        Raises:
            errors.ValidationFailed: it is invalid.
        """
        if self.options.contract_only:
            return None
        header = request.headers.get(history_commands.REASON_HEADER)
        return history_commands.parse_reason(form, header)

    def image_response(
        self, status: int, image: ImageView, *, http_status: int | None = None
    ) -> Response:
        """Return the response with a single image and its ETag."""
        headers = {} if self.options.contract_only else {"ETag": self.serializer.etag(image)}
        data = self.serializer.image(image)
        return success(status, data, http_status=http_status, headers=headers)


def check_etag(condition: str, etag: str) -> None:
    """Raise errors.PreconditionFailed unless the If-Match header `condition` is true."""
    if not preconditions.matches_strongly(condition, etag):
        raise errors.PreconditionFailed(etag=etag)


def add_rate_limit_headers(scope: Scope, status: RateLimitStatus) -> None:
    """Add the X-RateLimit headers to the response."""
    values = (status.limit, status.remaining, status.reset_at)
    context.get(scope).headers.extend(
        (name, str(value).encode()) for name, value in zip(_RATE_LIMIT_HEADERS, values, strict=True)
    )


def _check_rate_limit(request: Request, status: RateLimitStatus | None) -> None:
    """Add the X-RateLimit headers; raise errors.TooManyRequests if the limit is exceeded."""
    if status is None:
        return
    add_rate_limit_headers(request.scope, status)
    if status.retry_after:
        raise errors.TooManyRequests(limit=status.limit, retry=status.retry_after)


def no_lookup(_: Services, __: Caller) -> None:
    """Return None: the endpoint needs no lookup during authorization."""


def removed_response(_: None) -> Response:
    """Return the contract's response for a deleted object."""
    return success(202, _REMOVED)


def updated_response(_: object) -> Response:
    """Return the contract's response to a change that returns no object."""
    return success(201, _UPDATED)


def path_id(request: Request, name: str, max_id: int = MAX_INT32) -> int:
    """Return an id from the path; 0, which no object has, unless it is plain ASCII digits."""
    digits: str = request.path_params[name]
    value = int(digits) if _ID_PATTERN.fullmatch(digits) else _NO_ID
    return value if value <= max_id else _NO_ID


def path_text(request: Request, name: str) -> str:
    """Return a text parameter from the path.

    Raises:
        errors.NotFound: it contains a control character, so no object can have it.
    """
    value: str = request.path_params[name]
    try:
        return text.validate(name, value, len(value))
    except errors.FieldError:
        raise errors.NotFound from None


def find_product(request: Request) -> Lookup[ProductId]:
    """Return a lookup of the product in the path, by SKU or by id."""

    def lookup(services: Services, caller: Caller) -> ProductId:
        if "sku" in request.path_params:
            return products.find_by_sku(services, caller, path_text(request, "sku"))
        return products.check_exists(services, caller, ProductId(path_id(request, "product_id")))

    return lookup
