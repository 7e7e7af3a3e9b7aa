"""Connections of the player: each address is checked at the moment of connecting.

May import modules directly in `core`.
"""
