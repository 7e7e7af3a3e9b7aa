"""ISO base media files (ISO/IEC 14496-12): reading and writing boxes, fragments and movies.

May import modules directly in `core`.
"""
