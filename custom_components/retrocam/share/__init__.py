"""The page of guests: its views, and what guests may do.

May import `http`, `actions`, `cameras`, `media`, `panel` and `core`.
"""
