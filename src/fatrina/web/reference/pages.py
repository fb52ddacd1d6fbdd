"""The API's description for programs and for people, with nothing loaded from elsewhere."""

import json
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from fatrina.domain import messages
from fatrina.web.reference import compatibility, openapi

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


_TABLE: Final = """\
<!doctype html>
<html lang="{language}" dir="{direction}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fatrina</title>
<style>
body {{ font: 16px/1.6 system-ui, "Noto Sans Arabic", sans-serif; margin: 2rem auto;
  width: min(60rem, 100% - 2rem); color-scheme: light dark; }}
table {{ border-collapse: collapse; width: 100%; }}
td {{ border-top: 1px solid #8886; padding: .4rem .6rem; text-align: start; vertical-align: top; }}
td:nth-child(2) {{ white-space: nowrap; }}
</style>
<h1>{title}</h1>
{sections}
</html>
"""
_TITLES: Final = {
    "en": "What is documented, and what is assumed",
    "ar": "ما هو موثّق وما هو مفترض",
}


def _compatibility(language: messages.Language) -> str:
    sections = []
    for title, rows in compatibility.rows(language):
        lines = "".join(
            f"<tr><td><code>{escape(subjects)}</code><td>{escape(sure)}<td>{escape(note)}"
            for subjects, sure, note in rows
        )
        sections.append(f"<h2>{escape(title)}</h2>\n<table>{lines}</table>")
    return _TABLE.format(
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        title=_TITLES[language],
        sections="\n".join(sections),
    )


def routes(prefix: str, base: str) -> list[BaseRoute]:
    """`/openapi.json`, and the page at `/docs/` that shows it."""
    document = json.dumps(openapi.document(prefix, base), ensure_ascii=False).encode()

    async def described(_: Request) -> Response:
        return Response(document, media_type="application/json")

    async def faithful(request: Request) -> Response:
        language = messages.language(request.headers.get("accept-language"))
        return HTMLResponse(_compatibility(language), headers={"Vary": "Accept-Language"})

    async def page(_: Request) -> Response:
        return HTMLResponse(_PAGE)

    return [
        Route("/openapi.json", described),
        Route("/docs", page),
        Route("/docs/", page),
        Route("/docs/compatibility", faithful),
        Mount("/docs/assets", StaticFiles(directory=_assets())),
    ]


def _assets() -> Path:
    """Swagger UI's files, which `fastapi_offline` carries; nothing of that package is imported."""
    found = find_spec("fastapi_offline")
    folders = (found.submodule_search_locations if found else None) or ()
    return Path(next(iter(folders))) / "static"
