"""Tests of what guests may control."""
