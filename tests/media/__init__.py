"""Tests of how media is described."""
