"""PINs, cookies and rate limit of share pages.

May import modules directly in `core`.
"""
