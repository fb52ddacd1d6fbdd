"""Adapters to external systems: one system per module; adapters do not import each other."""
