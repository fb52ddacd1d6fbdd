"""What every storage and every database must do, whichever it is."""
