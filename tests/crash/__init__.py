"""Crash and disk error tests: every action, stopped at each of its system calls."""
