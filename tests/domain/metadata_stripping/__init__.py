"""What may be served of an original."""
