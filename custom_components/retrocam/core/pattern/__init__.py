"""The picture of the demo camera, with a clock and frame numbers that tests can read.

May import `core.segments`, `core.frames` and modules directly in `core`.
"""
