"""Ring buffer of a stream worker's fragmented MP4 segments, with its timeline and its cursors.

May import `core.mp4` and modules directly in `core`.
"""
