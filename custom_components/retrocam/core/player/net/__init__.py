"""HTTP of the player, over connections of which each address is checked.

May import modules directly in `core`.
"""
