"""Parsing: from request bodies to fields and typed commands."""
