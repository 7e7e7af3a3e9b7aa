"""Benchmarks: side by side with a peer or a limit, in one run. See README.md."""
