"""Tests of checked connections."""
