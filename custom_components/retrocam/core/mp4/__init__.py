"""ISO base media files (ISO/IEC 14496-12): read and write boxes, fragments and movies.

May import modules directly in `core`.
"""
