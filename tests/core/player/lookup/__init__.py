"""Tests of look-ups: the real yt-dlp and a real server."""
