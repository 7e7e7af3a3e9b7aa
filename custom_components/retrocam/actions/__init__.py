"""What actions, buttons and cards call, and the errors that these raise.

May import `cameras`, `media`, `http.urls` and `core`.
"""
