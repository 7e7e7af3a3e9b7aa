"""The ring of fragmented MP4 segments that a stream worker brings: its clock and its cursors.

May import `core.mp4` and modules directly in `core`.
"""
