"""Tests of metadata stripping."""
