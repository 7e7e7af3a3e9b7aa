"""Ids and descriptions of media files, for users and automations.

May import `core`.
"""
