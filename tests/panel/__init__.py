"""Tests of the registration of cards."""
