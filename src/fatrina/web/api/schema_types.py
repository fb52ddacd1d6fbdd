"""Building blocks of JSON Schemas: objects, lists, named schemas, fields with descriptions."""

from typing import Any, Final

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": "string"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
NUMBER: Final[Schema] = {"type": "number"}


class NamedSchema(dict[str, Any]):
    """A schema that the OpenAPI document contains once, as a component with this name."""

    def __init__(self, name: str, schema: Schema, beside: Schema | None = None) -> None:
        """`beside` has keywords for one use of the schema, such as a description."""
        super().__init__({**schema, **(beside or {})})
        self.name = name
        self.component = schema
        self.beside = beside or {}


def object_schema(properties: Schema, *optional: str) -> Schema:
    """Return the schema of an object; all properties are required except `optional`."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def array_schema(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def described(schema: Schema, description: str, **more: Any) -> Schema:
    """Return a copy of a schema with a description and other keywords."""
    if isinstance(schema, NamedSchema):
        return NamedSchema(schema.name, schema.component, {"description": description, **more})
    return {**schema, "description": description, **more}


def nullable(kind: str) -> Schema:
    """Return the schema of a type that can be null."""
    return {"type": [kind, "null"]}


def form_body(multipart: Schema, plain: Schema) -> Schema:
    """Return a request body that can be a form or JSON; generators use the first type."""
    schemas = {
        "multipart/form-data": multipart,
        "application/json": plain,
        "application/x-www-form-urlencoded": plain,
    }
    content = {name: {"schema": schema} for name, schema in schemas.items()}
    return {"required": True, "content": content}


def json_body(schema: Schema, *, required: bool = True) -> Schema:
    """Return a request body that is JSON."""
    return {"required": required, "content": {"application/json": {"schema": schema}}}
