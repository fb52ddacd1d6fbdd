"""The console: a web page for people, which is a client of the public API, and its sessions."""

from starlette.routing import Route

from fatrina.actions import Services
from fatrina.web.console.page import ConsolePage
from fatrina.web.console.session import SessionEndpoints
from fatrina.web.http.body import BodyTimeouts

PATH = "/console"


def routes(services: Services, base_url: str, timeouts: BodyTimeouts) -> list[Route]:
    """Return the routes of the console; `base_url` is the public URL of the service."""
    page = ConsolePage(base_url)
    sessions = SessionEndpoints(services, timeouts, is_secure=base_url.startswith("https:"))
    return [
        Route(PATH, page.show, methods=["GET"]),
        Route(f"{PATH}/", page.redirect, methods=["GET"]),
        Route(f"{PATH}/session", sessions.show, methods=["GET"]),
        Route(f"{PATH}/session", sessions.sign_in, methods=["POST"]),
        Route(f"{PATH}/session", sessions.sign_out, methods=["DELETE"]),
        Route(f"{PATH}/{{name}}", page.asset, methods=["GET"]),
    ]
