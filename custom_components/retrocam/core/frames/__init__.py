"""Decoded frames: decode, scale, orient, encode as JPEG, keep, and fan out as MJPEG.

May import `core.mp4`, `core.segments` and modules directly in `core`.
"""
