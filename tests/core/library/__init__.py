"""Tests of core.library."""
