"""Brings pictures of any size and pixel format into one fixed size, with black borders if need be."""

from typing import Final

import av
from av.filter import Graph
from av.video.reformatter import ColorRange, Colorspace

from .kept_filter import KeptFilter, PictureKind

_UNSPECIFIED: Final = 2
"""Colour space of a picture that does not tell, ITU-T H.273, table 4."""


class Fitter:
    """Makes yuv420p pictures of one size, BT.709, limited range, for an encoder. One thread."""

    def __init__(self, width: int, height: int) -> None:
        """Remember the size, in pixels; both even."""
        self._size = width, height
        self._filter = KeptFilter()

    def fit(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a new frame object, which may share its pixels with `frame`; `frame` stays as it is.

        The whole picture is seen: scaled at its own proportions (square pixels), with black borders.
        Raises av.FFmpegError for pixels that cannot be converted.
        """
        kind = PictureKind.of(frame)
        fitted = self._filter.run(frame, kind, lambda: self._build(kind))
        fitted.colorspace, fitted.color_range = Colorspace.ITU709, ColorRange.MPEG
        return fitted

    def _build(self, kind: PictureKind) -> Graph:
        graph = Graph()
        # The threads that a graph starts cost more than they save at such sizes.
        graph.threads = 1
        steps = [graph.add(name, args) for name, args in self._steps(kind)]
        graph.link_nodes(kind.source(graph), *steps, graph.add("buffersink")).configure()
        return graph

    def _steps(self, kind: PictureKind) -> list[tuple[str, str]]:
        """Return the filters, in order, with their arguments."""
        width, height = self._size
        fits = (kind.width, kind.height) == self._size and kind.format == "yuv420p"
        limited = kind.color_range != ColorRange.JPEG
        # A picture of HD size that does not tell its colour space has BT.709's, a smaller one
        # BT.601's: ITU-R BT.1700 and BT.709 were made for these sizes.
        hd = kind.height > 576
        if kind.colorspace == _UNSPECIFIED and not kind.format.startswith(("rgb", "bgr", "gbr")):
            matrix = "bt709" if hd else "smpte170m"
        else:
            matrix = "auto"
        same_colours = kind.colorspace == Colorspace.ITU709 or matrix == "bt709"
        if fits and limited and same_colours:
            return [("null", "")]
        proportions = "force_original_aspect_ratio=decrease:force_divisible_by=2"
        colours = f"in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv"
        return [
            ("scale", f"{width}:{height}:{proportions}:flags=bilinear:{colours}"),
            ("format", "yuv420p"),
            ("pad", f"{width}:{height}:-1:-1:black"),
            ("setsar", "1"),
        ]
