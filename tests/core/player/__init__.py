"""Tests of the player: a real server, real clips, the real yt-dlp."""
