"""The ASGI application: routes and middleware."""

import re
from collections.abc import Awaitable, Callable
from typing import Final, Protocol
from urllib.parse import urlsplit

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fatrina import __version__, logs
from fatrina.actions import Services
from fatrina.actions import health as health_checks
from fatrina.actions.rate_limits import RateLimiter
from fatrina.actions.webhooks.dispatcher import WebhookDispatcher
from fatrina.domain.access import MERCHANT_CODE, WEBHOOKS_WRITE, WRITE
from fatrina.web import admin, console, media, oauth
from fatrina.web.admin.gate import AdminRoute
from fatrina.web.api import Api, ApiOptions, Limiters
from fatrina.web.api.endpoints import ENDPOINTS
from fatrina.web.api.idempotent import IdempotentEndpoints
from fatrina.web.api.not_emulated import PREFIX
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.http.exceptions import ExceptionMiddleware
from fatrina.web.http.fair_limiter import FairLimiter
from fatrina.web.http.lingering_close import LingeringClose
from fatrina.web.http.routing import SegmentRoute
from fatrina.web.http.telemetry import Metrics, OnRequest, TelemetryMiddleware
from fatrina.web.parsing.forms import FormReader
from fatrina.web.reference import pages
from fatrina.wire import Serializer

_LOOKUP_THREADS: Final = 16


class Extension(Protocol):
    """Adds middleware and admin endpoints to the application, such as `fatrina.emulator`."""

    admin_routes: list[AdminRoute]

    @property
    def on_request(self) -> OnRequest:
        """Return a callback for each finished request."""

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the application inside the middleware of this extension."""


class _MerchantCodeConvertor(StringConvertor):
    regex = MERCHANT_CODE


class _FileNameConvertor(StringConvertor):
    regex = media.NAME_PATTERN


class _Endpoint:
    """An endpoint as an ASGI application; Starlette's wrapper costs 3 KB per running upload."""

    def __init__(self, handler: Callable[[Request], Awaitable[Response]]) -> None:
        self.__name__ = handler.__name__
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handler(Request(scope, receive))
        await response(scope, receive, send)


def build(  # noqa: PLR0913, PLR0917  called once, by the composition root
    services: Services,
    metrics: Metrics,
    form_reader: FormReader,
    serializer: Serializer,
    options: ApiOptions,
    rate_limiter: RateLimiter,
    dispatcher: WebhookDispatcher,
    *,
    max_updates: int,
    max_link_updates: int,
    admin_token: str = "",
    log_images: bool = True,
    extension: Extension | None = None,
) -> ASGIApp:
    """Return the complete application: the API, images, operator pages and admin endpoints.

    `max_updates` limits concurrent updates, `max_link_updates` those that download a link.
    `extension` adds middleware and admin endpoints. Without `admin_token` there are no admin
    endpoints.
    """
    limiters = Limiters(
        CapacityLimiter(_LOOKUP_THREADS), FairLimiter(max_updates), FairLimiter(max_link_updates)
    )
    api = Api(services, form_reader, serializer, options, limiters, rate_limiter)
    admin_routes = [
        *(extension.admin_routes if extension else ()),
        *admin.apps.routes(services),
        *admin.deliveries.routes(services),
        *admin.backup.routes(services, rate_limiter, form_reader.timeouts),
    ]
    routes: list[BaseRoute] = [  # images first: they are requested most often
        *_media_routes(services, urlsplit(serializer.base).path),
        *_api_routes(api),
        *_operator_routes(services, metrics, dispatcher),
        *pages.routes(PREFIX, serializer.base, contract_only=options.contract_only),
        *oauth.routes(services, serializer.base, form_reader.timeouts),
        *_console_routes(services, serializer.base, form_reader.timeouts, options),
        *admin.protect(admin_routes, admin_token),
    ]
    for route in routes:
        _match_full_path(route)
    application: ASGIApp = ExceptionMiddleware(routes, metrics, api.not_emulated)
    on_request = None
    if extension is not None:
        application, on_request = extension.wrap(application), extension.on_request
    return LingeringClose(
        TelemetryMiddleware(application, metrics, on_request, log_images=log_images)
    )


def _api_routes(api: Api) -> list[Route]:
    contract_only, idempotent = api.options.contract_only, IdempotentEndpoints(api)
    routes: list[Route] = []
    for name, endpoint in ENDPOINTS.items():
        if endpoint.is_extension and contract_only:
            continue
        handler = getattr(api, name)
        if endpoint.method != "GET" and not contract_only:
            is_webhook = endpoint.path.startswith("/webhooks")
            scope = (WEBHOOKS_WRITE, WRITE) if is_webhook else (WRITE,)
            handler = idempotent.wrap(name, handler, scope)
        routes.append(
            SegmentRoute(PREFIX + endpoint.path, _Endpoint(handler), methods=[endpoint.method])
        )
    return routes


def _console_routes(
    services: Services, base_url: str, timeouts: BodyTimeouts, options: ApiOptions
) -> list[Route]:
    """Return the routes of the console, which needs the extensions of the contract."""
    return [] if options.contract_only else console.routes(services, base_url, timeouts)


def _operator_routes(
    services: Services, metrics: Metrics, dispatcher: WebhookDispatcher
) -> list[Route]:
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "live", "version": __version__})

    async def ready(_: Request) -> Response:
        await run_sync(health_checks.check_ready, services)
        # A stuck dispatcher is reported only: images can be served, so traffic must continue.
        stuck = {"webhooks": "stuck"} if dispatcher.health().stuck else {}
        return JSONResponse({"status": "ready", **stuck})

    async def metrics_page(_: Request) -> Response:
        decoders = health_checks.decoder_figures(services)
        metrics.decoder_waiting.set(decoders.waiting)
        metrics.decoder_exceptions.set(decoders.exceptions)
        metrics.log_lines_dropped.set(logs.dropped())
        metrics.set_dispatcher_gauges(await run_sync(dispatcher.metrics))
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/health", health), Route("/ready", ready), Route("/metrics", metrics_page)]


def _media_routes(services: Services, public_path: str) -> list[Route]:
    """Return the image routes: at the root, and below the path of the public URL if it has one."""
    register_url_convertor("code", _MerchantCodeConvertor())
    register_url_convertor("name", _FileNameConvertor())
    endpoint = media.Media(services)
    return [
        Route(f"{path}/{{code:code}}/{{name:name}}", endpoint, methods=["GET", "HEAD"])
        for path in dict.fromkeys(("", public_path))
    ]


def _match_full_path(route: BaseRoute) -> None:
    """Replace the `$` at the end of the route's pattern, which also matches before a line feed."""
    if isinstance(route, Route):
        route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
