"""Frames, or a source, to one H.264 and AAC stream in MPEG-TS, for all its readers.

May import `core.frames` and modules directly in `core`.
"""
