"""Cells: pictures at the size of a grid of characters, on the wire and as glyphs.

`presets` names grids and charsets, `planes` is the common picture type, `raster` makes planes of
decoded pictures, `wire` packs and unpacks them, `glyphs` draws them, `broadcast` sends them.

May import `core.frames` and modules directly in `core`.
"""
