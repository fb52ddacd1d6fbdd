"""The tables' history, one revision a file."""
