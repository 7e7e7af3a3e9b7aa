"""Tests of the store of snapshots."""
