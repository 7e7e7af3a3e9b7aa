"""Tests of config and options flows."""
