"""Tests of issues and their repairs."""
