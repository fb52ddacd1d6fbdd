"""Tests of the way in, over a real socket."""
