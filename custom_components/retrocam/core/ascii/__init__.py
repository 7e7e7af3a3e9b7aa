"""ASCII video: pictures as planes of one value per character cell, on the wire and drawn as glyphs.

`presets` names grids and charsets, `planes` is the common format, `raster` makes planes of decoded
frames, `wire` packs them, `glyphs` draws them, `broadcast` sends them.

May import `core.frames` and modules directly in `core`.
"""
