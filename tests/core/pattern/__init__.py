"""Tests of the demo picture."""
