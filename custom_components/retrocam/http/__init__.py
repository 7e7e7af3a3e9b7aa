"""Views for users who are logged in or have a signed path, and the feed of a WebSocket subscription.

May import `cameras`, `media` and `core`.
"""
