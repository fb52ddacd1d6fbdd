"""HTTP: the protocol, the layers around the endpoints, bodies and responses."""
