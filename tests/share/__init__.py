"""Tests of the share page, over real connections."""
