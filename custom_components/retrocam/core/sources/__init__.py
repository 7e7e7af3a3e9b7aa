"""Video sources: allowed URLs, redaction, and the probe of the config flow.

May import `core.frames` and modules directly in `core`.
"""
