"""Tests of share pages without Home Assistant."""
