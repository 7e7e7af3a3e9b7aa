"""One clip of the ring: choose its samples, write, finish and recover its file.

May import `core.mp4`, `core.segments`, `core.library` and modules directly in `core`.
"""
