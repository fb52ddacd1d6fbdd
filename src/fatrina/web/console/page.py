"""The page of the console and its built files, with a strict Content-Security-Policy."""

from hashlib import sha256
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fatrina.domain import errors, messages

_MEDIA_TYPES: Final = {
    "app.js": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_PAGE: Final = """\
<!doctype html>
<html lang="{language}" dir="{direction}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Fatrina</title>
<link rel="icon" href="console/icon.svg">
<link rel="stylesheet" href="console/app.css?v={version}">
<script type="module" src="console/app.js?v={version}"></script>
<div id="app"></div>
<noscript>{noscript}</noscript>
</html>
"""
_NOSCRIPT: Final = {
    "ar": "تحتاج لوحة الصور إلى جافاسكربت. فعّلها في المتصفح ثم أعد تحميل الصفحة.",
    "en": "The console needs JavaScript. Enable it in the browser and reload the page.",
}


class ConsolePage:
    """The page and its files, which are read once."""

    def __init__(self, base_url: str) -> None:
        folder = files("fatrina.web.console") / "static"
        self._files = {name: (folder / name).read_bytes() for name in _MEDIA_TYPES}
        digests = {name: sha256(data).hexdigest()[:16] for name, data in self._files.items()}
        self._version = sha256("".join(digests.values()).encode()).hexdigest()[:16]
        self._headers = {
            "Content-Security-Policy": _policy(base_url),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    async def show(self, request: Request) -> Response:
        """Return the page in the language that the browser accepts."""
        language = messages.negotiate_language(request.headers.get("accept-language"))
        page = _PAGE.format(
            language=language,
            direction="rtl" if language == "ar" else "ltr",
            version=self._version,
            noscript=_NOSCRIPT[language],
        )
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language", **self._headers}
        return HTMLResponse(page, headers=headers)

    async def redirect(self, _: Request) -> Response:
        """Redirect to the page without a slash, which its relative links need."""
        return RedirectResponse("../console", 308)

    async def asset(self, request: Request) -> Response:
        """Return a built file; the page links to its current version."""
        name = request.path_params["name"]
        if name not in self._files:
            raise errors.NotFound
        is_current = request.query_params.get("v") == self._version
        caching = "public, max-age=31536000, immutable" if is_current else "no-cache"
        headers = {**self._headers, "Cache-Control": caching}
        return Response(self._files[name], headers=headers, media_type=_MEDIA_TYPES[name])


def _policy(base_url: str) -> str:
    """Return the policy: nothing from other origins, except images from the public URL."""
    parts = urlsplit(base_url)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob: {parts.scheme}://{parts.netloc}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
