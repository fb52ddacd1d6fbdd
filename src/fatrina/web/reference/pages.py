"""The OpenAPI document, its page and the compatibility report, without external resources."""

import json
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from fatrina.domain import messages
from fatrina.web.reference import compatibility, openapi

_DOCS_PAGE: Final = """\
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


_COMPATIBILITY_PAGE: Final = """\
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


def _compatibility_page(language: messages.Language) -> str:
    sections = []
    for title, rows in compatibility.report_sections(language):
        lines = "".join(
            f"<tr><td><code>{escape(subjects)}</code><td>{escape(confidence)}<td>{escape(note)}"
            for subjects, confidence, note in rows
        )
        sections.append(f"<h2>{escape(title)}</h2>\n<table>{lines}</table>")
    return _COMPATIBILITY_PAGE.format(
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        title=_TITLES[language],
        sections="\n".join(sections),
    )


def routes(prefix: str, base_url: str, *, contract_only: bool) -> list[BaseRoute]:
    """Return the routes of `/openapi.json`, its page `/docs/` and `/docs/compatibility`."""
    document = json.dumps(
        openapi.document(prefix, base_url, contract_only=contract_only), ensure_ascii=False
    ).encode()

    async def openapi_document(_: Request) -> Response:
        return Response(document, media_type="application/json")

    async def compatibility_page(request: Request) -> Response:
        language = messages.negotiate_language(request.headers.get("accept-language"))
        return HTMLResponse(_compatibility_page(language), headers={"Vary": "Accept-Language"})

    async def start_page(_: Request) -> Response:
        return RedirectResponse("/docs")

    async def docs_page(_: Request) -> Response:
        return HTMLResponse(_DOCS_PAGE)

    return [
        Route("/", start_page),
        Route("/openapi.json", openapi_document),
        Route("/docs", docs_page),
        Route("/docs/", docs_page),
        Route("/docs/compatibility", compatibility_page),
        Mount("/docs/assets", StaticFiles(directory=_assets())),
    ]


def _assets() -> Path:
    """Return the directory of Swagger UI in `fastapi_offline`; the package is not imported."""
    spec = find_spec("fastapi_offline")
    folders = (spec.submodule_search_locations if spec else None) or ()
    return Path(next(iter(folders))) / "static"
