"""Views for authenticated users, and the media feed of a WebSocket subscription.

May import `cameras`, `media` and `core`.
"""
