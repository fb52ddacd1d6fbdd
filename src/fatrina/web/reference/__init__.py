"""The API described: OpenAPI, its pages, and the compatibility report."""
