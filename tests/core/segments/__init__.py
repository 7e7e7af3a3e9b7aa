"""Tests of the ring of segments."""
