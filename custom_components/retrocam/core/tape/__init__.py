"""Continuous recording to disk: files of parts as they came, their indexes, limits, recovery.

May import `core.mp4`, `core.segments`, `core.library` and modules directly in `core`.
"""
