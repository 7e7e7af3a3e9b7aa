"""HLS media playlists (RFC 8216), read as one file.

May import `core.player.net` and modules directly in `core`.
"""
