"""OpenAPI components: each named schema once, with references to it everywhere else."""

from typing import Any

from fatrina.web.api.schema_types import NamedSchema, Schema


def extract(value: Any, components: Schema) -> Any:
    """Return a copy in which named schemas are references; add the schemas to `components`."""
    if isinstance(value, NamedSchema):
        if value.name not in components:
            components[value.name] = {}  # reserves its place before those that it contains
            components[value.name] = extract(dict(value.component), components)
        return {"$ref": f"#/components/schemas/{value.name}", **value.beside}
    if isinstance(value, dict):
        return {name: extract(each, components) for name, each in value.items()}
    if isinstance(value, list):
        return [extract(each, components) for each in value]
    return value
