"""Views for authenticated users, and what WebSocket subscriptions are told of media and footage.

May import `cameras`, `media` and `core`.
"""
