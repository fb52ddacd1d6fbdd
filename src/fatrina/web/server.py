"""Routes and middleware, and the one error handler."""

import errno
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from fatrina import __version__
from fatrina.actions import Parts
from fatrina.domain import errors
from fatrina.web import media, openapi
from fatrina.web.answers import refused
from fatrina.web.api import Api, Lanes, Rules
from fatrina.web.forms import Reader
from fatrina.web.observe import Metrics, Observe
from fatrina.wire import Writer

PREFIX: Final = "/admin/v2"
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
    parts: Parts, reader: Reader, writer: Writer, rules: Rules, *, changes: int, links: int
) -> ASGIApp:
    """The whole application: the API, the pictures, and the operator's pages.

    `changes` and `links` are how many updates, and updates by link, are worked on at once.
    """
    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        title="Fatrina",
        version=__version__,
        description=openapi.DESCRIPTION,
        redirect_slashes=False,
    )
    metrics = Metrics()
    lanes = Lanes(CapacityLimiter(_LOOKS), CapacityLimiter(changes), CapacityLimiter(links))
    _add_api(app, Api(parts, reader, writer, rules, metrics, lanes))
    _add_operators_pages(app, parts, metrics)
    _add_media(app, parts)
    _add_error_handlers(app, metrics)
    return Observe(app, metrics)


def _add_api(app: FastAPI, api: Api) -> None:
    endpoints: dict[tuple[str, str], Callable[..., Awaitable[Response]]] = {
        ("POST", "/products/images/{image_id}"): api.update_image,
        ("DELETE", "/products/images/{image_id}"): api.delete_image,
        ("POST", "/products/{product_id}/images"): api.attach_image,
        ("POST", "/products"): api.create_product,
        ("GET", "/products/{product_id}"): api.product_details,
    }
    for (method, path), endpoint in endpoints.items():
        app.add_api_route(
            PREFIX + path, endpoint, methods=[method], **openapi.described(endpoint.__name__)
        )


def _add_operators_pages(app: FastAPI, parts: Parts, metrics: Metrics) -> None:
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "live", "version": __version__})

    async def ready(_: Request) -> Response:
        await run_sync(parts.database.check)
        await run_sync(parts.storage.check)
        return JSONResponse({"status": "ready"})

    async def told(_: Request) -> Response:
        metrics.waiting.set(parts.decoders.waiting)
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    for path, page in (("/health", health), ("/ready", ready), ("/metrics", told)):
        app.router.routes.append(Route(path, page, methods=["GET"]))


def _add_media(app: FastAPI, parts: Parts) -> None:
    register_url_convertor("code", _Code())
    register_url_convertor("name", _Name())
    route = Route("/{code:code}/{name:name}", media.Media(parts), methods=["GET", "HEAD"])
    app.router.routes.append(route)


def _add_error_handlers(app: FastAPI, metrics: Metrics) -> None:
    def told(request: Request, refusal: errors.Refusal) -> Response:
        metrics.refused(refusal)
        request.state.noted = {**getattr(request.state, "noted", {}), **_noted(refusal)}
        return refused(request, refusal)

    async def on_refusal(request: Request, fault: Exception) -> Response:
        return told(request, fault if isinstance(fault, errors.Refusal) else errors.Internal())

    async def on_routing(request: Request, fault: Exception) -> Response:
        allow = (getattr(fault, "headers", None) or {}).get("Allow", "")
        return told(request, errors.MethodNotAllowed(allow=allow) if allow else errors.Missing())

    async def on_disk(request: Request, fault: Exception) -> Response:
        log.error("disk", error=repr(fault), id=request.state.request_id)
        return told(request, _of_disk(fault))

    app.add_exception_handler(errors.Refusal, on_refusal)
    app.add_exception_handler(HTTPException, on_routing)
    app.add_exception_handler(OSError, on_disk)
    app.add_exception_handler(Exception, on_refusal)


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
