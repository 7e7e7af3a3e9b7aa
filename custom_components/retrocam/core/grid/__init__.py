"""Several cameras composed into one picture: layouts, tiles and labels.

May import `core.frames` and modules directly in `core`.
"""
