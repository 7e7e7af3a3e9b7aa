"""What actions, buttons and cards call, and the errors that these raise.

May import `entity`, `cameras`, `media` and `core`.
"""
