"""The picture of the demo camera, with a clock and frame numbers that tests can read.

May import `core.segments` and `core.frames`.
"""
