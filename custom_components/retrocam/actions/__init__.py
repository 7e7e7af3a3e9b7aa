"""Implementation of the actions, for `services.py`, buttons and cards, and the errors they raise.

May import `entity`, `cameras`, `media` and `core`.
"""
