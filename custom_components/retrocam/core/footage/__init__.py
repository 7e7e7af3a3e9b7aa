"""Footage: the past of a camera as moving pictures, by wall time.

May import `core`, `core.mp4`, `core.segments`, `core.frames` and `core.tape`.
"""
