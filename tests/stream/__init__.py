"""Tests of what touches Home Assistant's stream component."""
