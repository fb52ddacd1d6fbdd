"""Routes, and the layers around them."""

import re
from collections.abc import Awaitable, Callable
from typing import Final
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
from fatrina.actions import Parts
from fatrina.actions.courier import Courier
from fatrina.actions.limits import Counter
from fatrina.web import docs, media, oauth, openapi, twin
from fatrina.web.api import Api, Lanes, Rules
from fatrina.web.fairness import FairLimiter
from fatrina.web.faults import Faults
from fatrina.web.forms import Reader
from fatrina.web.linger import Linger
from fatrina.web.observe import Metrics, Observe
from fatrina.web.routing import Exact
from fatrina.wire import Writer

PREFIX: Final = "/admin/v2"
_LOOKS: Final = 16


class _Code(StringConvertor):
    regex = media.CODE


class _Name(StringConvertor):
    regex = media.NAME


class _Endpoint:
    """One endpoint as an application: Starlette's own wrapper costs every waiting upload 3 KB."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self.__name__ = answer.__name__
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)


def build(  # noqa: PLR0913, PLR0917  the root hands everything over once
    parts: Parts,
    metrics: Metrics,
    reader: Reader,
    writer: Writer,
    rules: Rules,
    counter: Counter,
    courier: Courier,
    *,
    changes: int,
    links: int,
    admin_token: str,
) -> ASGIApp:
    """The whole application: the API, the pictures, the operator's pages, the twin's controls.

    `changes` and `links` are how many updates, and updates by link, are worked on at once.
    """
    lanes = Lanes(CapacityLimiter(_LOOKS), FairLimiter(changes), FairLimiter(links))
    api = Api(parts, reader, writer, rules, lanes, counter)
    controls = twin.Twin(parts, reader, counter, admin_token)
    routes: list[BaseRoute] = [  # pictures first: most of what is asked for, in the least time
        *_media(parts, urlsplit(writer.base).path),
        *_api(api),
        *_operators_pages(parts, metrics, courier),
        *docs.routes(PREFIX, writer.base),
        *oauth.routes(parts, writer.base, reader.pace),
        *controls.routes(),
    ]
    for route in routes:
        _match_to_the_end(route)
    answering = controls.over(Faults(routes, metrics))
    return Linger(Observe(answering, metrics, controls.note))


def _api(api: Api) -> list[Route]:
    return [
        Exact(PREFIX + endpoint.path, _Endpoint(getattr(api, name)), methods=[endpoint.method])
        for name, endpoint in openapi.ENDPOINTS.items()
    ]


def _operators_pages(parts: Parts, metrics: Metrics, courier: Courier) -> list[Route]:
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "live", "version": __version__})

    async def ready(_: Request) -> Response:
        await run_sync(parts.database.check)
        await run_sync(parts.storage.check)
        # Photos are served while events wait: a stuck dispatcher is reported, and stops no traffic.
        stuck = {"webhooks": "stuck"} if courier.health().stuck else {}
        return JSONResponse({"status": "ready", **stuck})

    async def told(_: Request) -> Response:
        metrics.waiting.set(parts.decoders.waiting)
        metrics.decoder_faults.set(parts.decoders.faults)
        metrics.log_lines_dropped.set(logs.dropped())
        metrics.dispatcher(await run_sync(courier.figures))
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/health", health), Route("/ready", ready), Route("/metrics", told)]


def _media(parts: Parts, below: str) -> list[Route]:
    """The pictures at the root, and below the path of their public URLs when those have one."""
    register_url_convertor("code", _Code())
    register_url_convertor("name", _Name())
    pictures = media.Media(parts)
    return [
        Route(f"{path}/{{code:code}}/{{name:name}}", pictures, methods=["GET", "HEAD"])
        for path in dict.fromkeys(("", below))
    ]


def _match_to_the_end(route: BaseRoute) -> None:
    """Starlette ends a route's expression with `$`, which a line feed may follow."""
    if isinstance(route, Route):
        route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
