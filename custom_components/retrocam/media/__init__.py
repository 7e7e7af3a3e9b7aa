"""How media files are named and described to users and automations.

May import `core`.
"""
