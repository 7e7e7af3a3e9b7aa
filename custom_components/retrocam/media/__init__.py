"""How media files are named and described to users and automations.

May import `cameras`, `http.urls` and `core`.
"""
