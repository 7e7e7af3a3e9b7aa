"""Sources of video: which URLs are opened, what of them is shown, and what a probe finds.

May import `core.frames` and modules directly in `core`.
"""
