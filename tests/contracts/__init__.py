"""Contract tests, run against every storage and every database."""
