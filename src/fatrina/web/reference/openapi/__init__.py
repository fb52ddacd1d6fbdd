"""The OpenAPI 3.1 document: endpoints, request bodies, responses, statuses."""

from typing import Final

from fatrina import __version__
from fatrina.domain.access import SCOPES
from fatrina.web.api.endpoints import ENDPOINTS, STATUS_DESCRIPTIONS, Endpoint
from fatrina.web.api.schema_types import TEXT, NamedSchema, Schema, object_schema
from fatrina.web.api.schemas import ERROR
from fatrina.web.reference.openapi.components import extract
from fatrina.web.reference.openapi.links import response_links

__all__ = ["ENDPOINTS", "document"]

_DESCRIPTION: Final = """\
Product images, wire-compatible with Salla's Product Images endpoints.

Every response is a JSON envelope: `{status, success, data}` or `{status, success, error}`. Messages
are Arabic, or English if `Accept-Language` prefers it. The `Fatrina-Reason` header of an error
response contains its stable reasons.
"""
_NOT_MODIFIED: Final = 304
_EXTENSIONS: Final = """
Every POST, PUT and DELETE accepts the header `Idempotency-Key` (1 to 255 visible ASCII characters),
an extension of Fatrina: a request that is repeated with its key happens once.
"""
_TAGS: Final = {
    "Product Images": "Images and videos of products.",
    "Products": "Products and their fields.",
    "Store": "The store itself.",
    "Webhooks": "Subscriptions to events.",
}
_RATE_LIMIT_HEADERS: Final[Schema] = {
    "headers": {
        f"X-RateLimit-{name}": {"description": text, "schema": {"type": "integer"}}
        for name, text in {
            "Limit": "Requests that the plan allows; only if rate limits are enabled.",
            "Remaining": "Requests that are left.",
            "Reset": "Time when all requests are available again, in seconds since the epoch.",
        }.items()
    }
}


def document(prefix: str, base_url: str, *, contract_only: bool = False) -> Schema:
    """Return the document; its paths are relative to `prefix` at `base_url`, the server's URL."""
    paths: Schema = {}
    for name, endpoint in ENDPOINTS.items():
        if endpoint.is_extension and contract_only:
            continue
        operations = paths.setdefault(endpoint.openapi_path, {})
        operations[endpoint.method.lower()] = _operation(name, endpoint)
    schemas: Schema = {}
    paths = extract(paths, schemas)
    description = _DESCRIPTION + ("" if contract_only else _EXTENSIONS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fatrina", "version": __version__, "description": description},
        "servers": [{"url": base_url + prefix, "description": "This service."}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _security_schemes(base_url)},
        "security": [{"bearer": []}, {"oauth2": []}],
    }


def _security_schemes(base_url: str) -> Schema:
    flow = {
        "authorizationUrl": f"{base_url}/oauth2/auth",
        "tokenUrl": f"{base_url}/oauth2/token",
        "refreshUrl": f"{base_url}/oauth2/token",
        "scopes": {scope: f"Access to {scope.split('.')[0]}." for scope in SCOPES},
    }
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An access token."},
        "oauth2": {"type": "oauth2", "flows": {"authorizationCode": flow}},
    }


def _operation(name: str, endpoint: Endpoint) -> Schema:
    query = endpoint.query or {}
    path_names = (parameter for parameter in endpoint.parameters if parameter not in query)
    operation: Schema = {
        "operationId": name,
        "summary": endpoint.summary,
        "tags": [_tag(name, endpoint)],
        "parameters": [
            *(
                {"name": each, "in": "path", "required": True, "schema": TEXT}
                for each in path_names
            ),
            *({"name": each, "in": "query", "schema": schema} for each, schema in query.items()),
        ],
        "responses": _responses(name, endpoint),
    }
    if endpoint.is_extension:
        operation["description"] = "An extension of Fatrina, not part of the contract."
    return operation | ({"requestBody": _body(name, endpoint.body)} if endpoint.body else {})


def _body(name: str, body: Schema) -> Schema:
    """Return a body whose schemas have names: that of the form, and that of the other types."""
    content = {
        media: {"schema": NamedSchema(_component(name, media), each["schema"])}
        for media, each in body["content"].items()
    }
    return {**body, "content": content}


def _component(name: str, media: str) -> str:
    suffix = {"multipart/form-data": "Form", "application/x-www-form-urlencoded": "Fields"}
    return _title(name) + suffix.get(media, "Body")


def _title(name: str) -> str:
    return name.title().replace("_", "")


def _tag(name: str, endpoint: Endpoint) -> str:
    if endpoint.path.startswith("/store"):
        return "Store"
    if endpoint.path.startswith("/webhooks"):
        return "Webhooks"
    return "Product Images" if "image" in name or "video" in name else "Products"


def _responses(name: str, endpoint: Endpoint) -> Schema:
    envelope = {"status": {"const": endpoint.status}, "success": {"const": True}}
    pagination = {} if endpoint.pagination is None else {"pagination": endpoint.pagination}
    body = NamedSchema(
        f"{_title(name)}Response",
        object_schema({**envelope, "data": endpoint.data, **pagination}),
    )
    status = str(endpoint.http_status or endpoint.status)
    responses: Schema = {
        status: {"description": "Success.", **_content(body), **_RATE_LIMIT_HEADERS}
    }
    if links := response_links(endpoint, ENDPOINTS):
        responses[status]["links"] = links
    for code in endpoint.errors:
        responses[str(code)] = {
            "description": STATUS_DESCRIPTIONS[code],
            **({} if code == _NOT_MODIFIED else _content(ERROR)),
            **_RATE_LIMIT_HEADERS,
        }
    return responses


def _content(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}
