"""Tests of loaded entries."""
