"""Benchmarks: Fatrina compared with a lower limit and with peers (`scripts/bench`)."""
