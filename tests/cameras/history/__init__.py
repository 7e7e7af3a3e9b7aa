"""Tests of the snapshot history."""
