"""Routes and middleware, and the one error handler."""

import errno
import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp

from fatrina import __version__
from fatrina.actions import Parts
from fatrina.domain import errors
from fatrina.web import docs, media, openapi
from fatrina.web.answers import refused
from fatrina.web.api import Api, Lanes, Rules
from fatrina.web.forms import Reader
from fatrina.web.linger import Linger
from fatrina.web.observe import Metrics, Observe
from fatrina.wire import Writer

PREFIX: Final = "/admin/v2"
Handler = Callable[[Request, Exception], Awaitable[Response]]

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_CROWDED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_LOOKS: Final = 16
_RETRY: Final = 2
log = structlog.get_logger("fatrina")


class _Code(StringConvertor):
    regex = media.CODE


class _Name(StringConvertor):
    regex = media.NAME


def build(  # noqa: PLR0913  the root hands everything over once
    parts: Parts,
    metrics: Metrics,
    reader: Reader,
    writer: Writer,
    rules: Rules,
    *,
    changes: int,
    links: int,
) -> ASGIApp:
    """The whole application: the API, the pictures, and the operator's pages.

    `changes` and `links` are how many updates, and updates by link, are worked on at once.
    """
    lanes = Lanes(CapacityLimiter(_LOOKS), CapacityLimiter(changes), CapacityLimiter(links))
    api = Api(parts, reader, writer, rules, lanes)
    routes = [*_api(api), *_operators_pages(parts, metrics), *docs.routes(PREFIX, writer.base)]
    routes += _media(parts, urlsplit(writer.base).path)
    for route in routes:
        _match_to_the_end(route)
    app = Starlette(routes=routes, exception_handlers=_handlers(metrics))
    app.router.redirect_slashes = False
    return Linger(Observe(app, metrics))


def _api(api: Api) -> list[Route]:
    return [
        Route(PREFIX + endpoint.path, getattr(api, name), methods=[endpoint.method])
        for name, endpoint in openapi.ENDPOINTS.items()
    ]


def _operators_pages(parts: Parts, metrics: Metrics) -> list[Route]:
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "live", "version": __version__})

    async def ready(_: Request) -> Response:
        await run_sync(parts.database.check)
        await run_sync(parts.storage.check)
        return JSONResponse({"status": "ready"})

    async def told(_: Request) -> Response:
        metrics.waiting.set(parts.decoders.waiting)
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


def _handlers(metrics: Metrics) -> dict[type[Exception], Handler]:
    def told(request: Request, refusal: errors.Refusal) -> Response:
        metrics.refused(refusal)
        request.state.noted = {**getattr(request.state, "noted", {}), **_noted(refusal)}
        return refused(request, refusal)

    async def on_refusal(request: Request, fault: Exception) -> Response:
        return told(request, fault if isinstance(fault, errors.Refusal) else errors.Internal())

    async def on_routing(request: Request, fault: Exception) -> Response:
        del fault
        allow = _allowed(request)
        return told(request, errors.MethodNotAllowed(allow=allow) if allow else errors.Missing())

    async def on_disk(request: Request, fault: Exception) -> Response:
        log.error("disk", error=repr(fault), id=request.state.request_id)
        return told(request, _of_disk(fault))

    return {
        errors.Refusal: on_refusal,
        HTTPException: on_routing,
        OSError: on_disk,
        Exception: on_refusal,
    }


def _allowed(request: Request) -> str:
    """The methods of every route at this path, for a request that has none of them."""
    routes: list[BaseRoute] = request.app.routes
    here = (each for each in routes if each.matches(request.scope)[0] is Match.PARTIAL)
    return ", ".join(sorted(method for each in here for method in getattr(each, "methods", ())))


def _of_disk(fault: Exception) -> errors.Refusal:
    number = getattr(fault, "errno", None)
    if number in _FULL:
        return errors.StorageFull()
    return errors.Busy(retry=_RETRY) if number in _CROWDED else errors.StorageDown()


def _noted(refusal: errors.Refusal) -> dict[str, object]:
    problems = refusal.problems if isinstance(refusal, errors.Invalid) else (refusal,)
    noted: dict[str, object] = {"refused": [problem.reason for problem in problems]}
    cause = refusal.__cause__
    return noted | ({"cause": repr(cause)} if cause is not None else {})
