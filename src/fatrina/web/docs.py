"""The API's description for programs and for people, with nothing loaded from elsewhere."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from fatrina.web import openapi

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fatrina</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="data:,">
<div id="docs"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#docs", deepLinking: true})</script>
</html>
"""


def routes(prefix: str, base: str) -> list[BaseRoute]:
    """`/openapi.json`, and the page at `/docs/` that shows it."""
    document = json.dumps(openapi.document(prefix, base), ensure_ascii=False).encode()

    async def described(_: Request) -> Response:
        return Response(document, media_type="application/json")

    async def page(_: Request) -> Response:
        return HTMLResponse(_PAGE)

    return [
        Route("/openapi.json", described),
        Route("/docs", page),
        Route("/docs/", page),
        Mount("/docs/assets", StaticFiles(directory=_assets())),
    ]


def _assets() -> Path:
    """Swagger UI's files, which `fastapi_offline` carries; nothing of that package is imported."""
    found = find_spec("fastapi_offline")
    folders = (found.submodule_search_locations if found else None) or ()
    return Path(next(iter(folders))) / "static"
