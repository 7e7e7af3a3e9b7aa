"""Benchmarks: comparisons with a peer or a limit, in one run. See README.md."""
