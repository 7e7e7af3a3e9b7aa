"""Tests of ISO base media files."""
