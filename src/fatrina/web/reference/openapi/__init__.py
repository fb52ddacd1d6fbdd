"""The OpenAPI 3.1 document that is served: endpoints, bodies, answers, statuses."""

from typing import Final

from fatrina import __version__
from fatrina.web.api.endpoints import ENDPOINTS, STATUS_DESCRIPTIONS, Endpoint
from fatrina.web.api.schemas import ERROR, TEXT, Schema, object_schema
from fatrina.web.reference.openapi.links import response_links

__all__ = ["ENDPOINTS", "document"]

_DESCRIPTION: Final = """\
Product images, wire-compatible with Salla's Product Images endpoints.

Every answer is an envelope: `{status, success, data}` or `{status, success, error}`. Messages are
Arabic, or English where `Accept-Language` prefers it. The `Fatrina-Reason` header of a refusal
holds its stable reasons.
"""
_ALLOWANCE: Final[Schema] = {
    "headers": {
        f"X-RateLimit-{name}": {"description": text, "schema": {"type": "integer"}}
        for name, text in {
            "Limit": "Requests of the merchant's plan; only where limits are on.",
            "Remaining": "How many of them are left.",
            "Reset": "When all of them are there again: seconds since the epoch.",
        }.items()
    }
}


def document(prefix: str, base: str) -> Schema:
    """The whole document; `prefix` begins every path, `base` is where the service is reached."""
    paths: Schema = {}
    for name, endpoint in ENDPOINTS.items():
        operations = paths.setdefault(prefix + endpoint.openapi_path, {})
        operations[endpoint.method.lower()] = _operation(name, endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fatrina", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}],
    }


def _operation(name: str, endpoint: Endpoint) -> Schema:
    query = endpoint.query or {}
    names = (each for each in endpoint.parameters if each not in query)
    operation: Schema = {
        "operationId": name,
        "summary": endpoint.summary,
        "tags": [_group(name, endpoint)],
        "parameters": [
            *({"name": each, "in": "path", "required": True, "schema": TEXT} for each in names),
            *({"name": each, "in": "query", "schema": shape} for each, shape in query.items()),
        ],
        "responses": _answers(endpoint),
    }
    return operation | ({"requestBody": endpoint.body} if endpoint.body else {})


def _group(name: str, endpoint: Endpoint) -> str:
    if endpoint.path.startswith("/webhooks"):
        return "Webhooks"
    return "Product Images" if "image" in name or "video" in name else "Products"


def _answers(endpoint: Endpoint) -> Schema:
    envelope = {"status": {"const": endpoint.status}, "success": {"const": True}}
    beside = {} if endpoint.pagination is None else {"pagination": endpoint.pagination}
    done = object_schema({**envelope, "data": endpoint.data, **beside})
    status = str(endpoint.http_status or endpoint.status)
    answers: Schema = {status: {"description": "Done.", **_content(done), **_ALLOWANCE}}
    if links := response_links(endpoint, ENDPOINTS):
        answers[status]["links"] = links
    for code in endpoint.errors:
        answers[str(code)] = {
            "description": STATUS_DESCRIPTIONS[code],
            **_content(ERROR),
            **_ALLOWANCE,
        }
    return answers


def _content(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}
