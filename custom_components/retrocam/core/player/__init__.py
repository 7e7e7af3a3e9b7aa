"""The player: looks media up, opens them, and paces their pictures and sound.

`lookup` turns text into URLs, `pipeline` reads and decodes one of them, `machine` says what
happens when, and `session` holds them together. No connection goes past `net`.

May import `core.frames`, `core.ascii`, `core.player.net`, `core.player.hls`, `core.player.lookup` and
modules directly in `core`.
"""
