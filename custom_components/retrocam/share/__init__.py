"""The share page: views for guests, and the actions they may use.

May import `http`, `actions`, `cameras`, `media`, `panel` and `core`.
"""
