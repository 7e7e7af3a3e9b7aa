"""Tests of the core, which run without Home Assistant."""
