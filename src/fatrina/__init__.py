"""Fatrina: a self-hosted product-image service, wire-compatible with Salla's API."""

__version__ = "0.1.0"
