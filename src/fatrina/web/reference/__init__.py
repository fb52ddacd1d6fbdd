"""Reference documentation of the API: OpenAPI, its pages, the compatibility report."""
