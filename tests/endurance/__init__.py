"""Whole services under ill-treatment; started by hand or nightly through `scripts/`."""
