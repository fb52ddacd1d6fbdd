"""Bodies and fields: from bytes to typed commands."""
