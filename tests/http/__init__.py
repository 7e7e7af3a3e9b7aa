"""Tests of the views for users."""
