"""Tests of Retrocam."""
