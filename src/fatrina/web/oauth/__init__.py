"""OAuth 2.0 for apps: `/oauth2/auth`, `/oauth2/token` and `/oauth2/user/info`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fatrina.actions import Services
from fatrina.domain import oauth
from fatrina.domain.access import SCOPES
from fatrina.web.http.body import BodyTimeouts
from fatrina.web.oauth.consent import ConsentEndpoints
from fatrina.web.oauth.token import TokenEndpoints

_AUTH, _TOKEN, _USER_INFO = "/oauth2/auth", "/oauth2/token", "/oauth2/user/info"


def routes(services: Services, base_url: str, timeouts: BodyTimeouts) -> list[Route]:
    """Return the routes of OAuth; `base_url` is the public URL of the service, the issuer."""
    consent = ConsentEndpoints(services, base_url, timeouts)
    tokens = TokenEndpoints(services, timeouts)

    async def metadata(_: Request) -> Response:
        return JSONResponse(_metadata(base_url))

    return [
        Route(_AUTH, consent.show, methods=["GET"]),
        Route(_AUTH, consent.decide, methods=["POST"]),
        Route(_TOKEN, tokens.issue, methods=["POST"]),
        Route(_USER_INFO, tokens.user_info, methods=["GET"]),
        Route("/admin/v2" + _USER_INFO, tokens.user_info, methods=["GET"]),
        Route("/.well-known/oauth-authorization-server", metadata, methods=["GET"]),
    ]


def _metadata(base_url: str) -> dict[str, object]:
    """Return the authorization server metadata (RFC 8414, section 2)."""
    return {
        "issuer": base_url,
        "authorization_endpoint": base_url + _AUTH,
        "token_endpoint": base_url + _TOKEN,
        "userinfo_endpoint": base_url + _USER_INFO,
        "scopes_supported": [*SCOPES, oauth.OFFLINE_ACCESS],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post", "none"),
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
