"""Tests, in the same layout as src/."""
