"""What is true: pure rules, no I/O, no clock, no framework."""
