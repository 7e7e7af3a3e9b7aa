"""Looks up media by URL, video id or search words, with yt-dlp in a process of its own.

May import `core.sources`, `core.player.net` and modules directly in `core`.
"""
