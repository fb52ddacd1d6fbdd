"""OpenAPI links: the operations whose parameters appear in the data of a response."""

from collections.abc import Mapping
from typing import Final

from fatrina.web.api.endpoints import Endpoint
from fatrina.web.api.product_schemas import PRODUCT
from fatrina.web.api.schema_types import Schema
from fatrina.web.api.schemas import IMAGE, SUBSCRIPTION

_LINK_PARAMETERS: Final = (
    (PRODUCT, {"product_id": "id", "sku": "sku"}),
    (IMAGE, {"image_id": "id"}),
    (SUBSCRIPTION, {"webhook_id": "id", "id": "id"}),
)
"""For each schema of response data: parameters of other operations, and the data's fields."""


def response_links(endpoint: Endpoint, endpoints: Mapping[str, Endpoint]) -> Schema:
    """Return the links of an endpoint's response by the names of the linked operations."""
    fields = next((names for schema, names in _LINK_PARAMETERS if schema is endpoint.data), {})
    return {
        name: {
            "operationId": name,
            "parameters": {parameter: f"$response.body#/data/{fields[parameter]}"},
        }
        for name, other in endpoints.items()
        for parameter in other.parameters
        if parameter in fields
    }
