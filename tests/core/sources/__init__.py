"""Tests of sources of video."""
