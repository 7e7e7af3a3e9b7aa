"""The player: resolves media, opens them, and plays their video and audio in time.

`lookup` turns text into URLs, `pipeline` reads and decodes one of them, `machine` decides the next
step, and `session` runs it. Connections are made through `net` only.

May import `core.frames`, `core.ascii`, `core.player.net`, `core.player.hls`, `core.player.lookup` and
modules directly in `core`.
"""
