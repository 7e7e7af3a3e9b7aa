"""Brings pictures of any size and pixel format into one fixed size, with black borders if need be."""

import av
from av.video.reformatter import ColorRange, Colorspace

from .colours import MATRIX_NAMES
from .filter_graph import KeptFilter, PictureKind, Step
from .geometry import Rect, fitted


class Fitter:
    """Makes yuv420p pictures of one size and matrix, limited range, for an encoder. One thread."""

    def __init__(self, width: int, height: int, matrix: Colorspace = Colorspace.ITU709) -> None:
        """Remember the size, in pixels, both even, and the matrix."""
        self.width, self.height = width, height
        self._matrix = matrix
        self._filter = KeptFilter(self._steps)

    def fit(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a new frame object, which may share its pixels with `frame`; `frame` stays as it is.

        The whole picture is seen: scaled at its own proportions (square pixels), with black borders.
        Raises av.FFmpegError for pixels that cannot be converted.
        """
        made = self._filter.run(frame)
        made.colorspace, made.color_range = self._matrix, ColorRange.MPEG
        return made

    def _steps(self, kind: PictureKind) -> list[Step]:
        """Return the filters, in order, with their options."""
        matrix = MATRIX_NAMES[self._matrix]
        if kind == PictureKind(self.width, self.height, "yuv420p", matrix, "tv"):
            return [("null", {})]
        whole = Rect(0, 0, self.width, self.height)
        place = fitted(whole, kind.width, kind.height)
        size = {"w": str(place.width), "h": str(place.height)}
        colours = {"out_color_matrix": matrix, "out_range": "tv"}
        steps: list[Step] = [
            ("scale", {**size, **colours, "flags": "bilinear"}),
            ("format", {"pix_fmts": "yuv420p"}),
        ]
        if place != whole:
            size = {"w": str(self.width), "h": str(self.height)}
            at = {"x": str(place.left), "y": str(place.top)}
            steps.append(("pad", {**size, **at, "color": "black"}))
        return [*steps, ("setsar", {"sar": "1"})]
