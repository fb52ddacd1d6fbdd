"""What Fatrina touches: one outside thing a module; adapters never meet."""
