"""Views for users who are logged in, or who have a signed path.

May import `cameras`, `media`, `actions` and `core`.
"""
