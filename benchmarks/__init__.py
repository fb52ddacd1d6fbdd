"""What an update costs, next to what it could cost and what others would pay: `scripts/bench`."""
