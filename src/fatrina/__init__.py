"""Fatrina keeps the pictures of a shop's products and swaps them safely and at once."""

__version__ = "0.1.0"
