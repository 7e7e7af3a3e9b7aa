"""Tests of the views of users."""
