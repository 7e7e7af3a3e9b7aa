"""Media files on disk: names, index, limits, thumbnails, snapshots and timelapses.

May import `core.mp4`, `core.frames` and modules directly in `core`.
"""
