"""Long tests of a complete service: kills, a full disk, slow receivers. Run by `scripts/`."""
