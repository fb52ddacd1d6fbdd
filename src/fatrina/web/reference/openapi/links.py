"""What follows from an answer: the calls that take the ids it tells."""

from collections.abc import Mapping
from typing import Final

from fatrina.web.api.endpoints import Endpoint
from fatrina.web.api.schemas import IMAGE, PRODUCT, SUBSCRIPTION, Schema

_TOLD: Final = (
    (PRODUCT, {"product_id": "id", "sku": "sku"}),
    (IMAGE, {"image_id": "id"}),
    (SUBSCRIPTION, {"webhook_id": "id", "id": "id"}),
)
"""By the shape of an answer's data: the parameters of other calls that it has values for."""


def response_links(endpoint: Endpoint, endpoints: Mapping[str, Endpoint]) -> Schema:
    """The links of an endpoint's answer, by the names of the calls they lead to."""
    told = next((names for shape, names in _TOLD if shape is endpoint.data), {})
    return {
        name: {
            "operationId": name,
            "parameters": {parameter: f"$response.body#/data/{told[parameter]}"},
        }
        for name, other in endpoints.items()
        for parameter in other.parameters
        if parameter in told
    }
