"""Tests of decoded frames."""
