"""Tests of HLS."""
