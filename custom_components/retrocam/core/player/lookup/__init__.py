"""Looks up what a user asks for - a URL, a video's id, search words - with yt-dlp.

May import `core.errors`, `core.sources` and the player's network; nothing else of the player.
"""
