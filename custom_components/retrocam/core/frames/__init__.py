"""Decoded frames: decode, scale, orient, encode as JPEG, keep, and fan out as MJPEG.

May import `core.mp4` and `core.segments`.
"""
