"""Looks up what a user asks for - a URL, a video's id, search words - with yt-dlp.

May import `core.sources`, `core.player.net` and modules directly in `core`.
"""
