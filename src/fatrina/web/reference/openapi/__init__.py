"""The OpenAPI 3.1 document: endpoints, request bodies, responses, statuses."""

from typing import Final

from fatrina import __version__
from fatrina.web.api.endpoints import ENDPOINTS, STATUS_DESCRIPTIONS, Endpoint
from fatrina.web.api.schema_types import TEXT, Schema, object_schema
from fatrina.web.api.schemas import ERROR
from fatrina.web.reference.openapi.links import response_links

__all__ = ["ENDPOINTS", "document"]

_DESCRIPTION: Final = """\
Product images, wire-compatible with Salla's Product Images endpoints.

Every response is a JSON envelope: `{status, success, data}` or `{status, success, error}`. Messages
are Arabic, or English if `Accept-Language` prefers it. The `Fatrina-Reason` header of an error
response contains its stable reasons.
"""
_NOT_MODIFIED: Final = 304
_IDEMPOTENCY_KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "An extension of Fatrina: a request that is repeated with its key happens once.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
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
    """Return the document; `prefix` begins every path, `base_url` is the URL of the server."""
    paths: Schema = {}
    for name, endpoint in ENDPOINTS.items():
        if endpoint.is_extension and contract_only:
            continue
        operations = paths.setdefault(prefix + endpoint.openapi_path, {})
        operation = operations[endpoint.method.lower()] = _operation(name, endpoint)
        if endpoint.method != "GET" and not contract_only:
            operation["parameters"].append(_IDEMPOTENCY_KEY)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fatrina", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}],
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
        "responses": _responses(endpoint),
    }
    if endpoint.is_extension:
        operation["description"] = "An extension of Fatrina, not part of the contract."
    return operation | ({"requestBody": endpoint.body} if endpoint.body else {})


def _tag(name: str, endpoint: Endpoint) -> str:
    if endpoint.path.startswith("/webhooks"):
        return "Webhooks"
    return "Product Images" if "image" in name or "video" in name else "Products"


def _responses(endpoint: Endpoint) -> Schema:
    envelope = {"status": {"const": endpoint.status}, "success": {"const": True}}
    pagination = {} if endpoint.pagination is None else {"pagination": endpoint.pagination}
    body = object_schema({**envelope, "data": endpoint.data, **pagination})
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
