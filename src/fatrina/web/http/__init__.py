"""HTTP: protocol, middleware, request bodies and responses."""
