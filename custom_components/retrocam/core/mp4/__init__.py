"""ISO base media files (ISO/IEC 14496-12): reading and writing boxes, fragments and movies.

May import `core.errors` and other modules directly in `core`.
"""
