"""Share pages without Home Assistant: PINs, cookies and the rate limit of wrong PINs.

May import modules directly in `core`.
"""
