"""Brings pictures of any size and pixel format into one fixed size, with black borders if need be."""

import av
from av.video.reformatter import ColorRange, Colorspace

from .filter_graph import KeptFilter, PictureKind, Step


class Fitter:
    """Makes yuv420p pictures of one size, BT.709, limited range, for an encoder. One thread."""

    def __init__(self, width: int, height: int) -> None:
        """Remember the size, in pixels; both even."""
        self._size = width, height
        self._filter = KeptFilter(self._steps)

    def fit(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a new frame object, which may share its pixels with `frame`; `frame` stays as it is.

        The whole picture is seen: scaled at its own proportions (square pixels), with black borders.
        Raises av.FFmpegError for pixels that cannot be converted.
        """
        fitted = self._filter.run(frame)
        fitted.colorspace, fitted.color_range = Colorspace.ITU709, ColorRange.MPEG
        return fitted

    def _steps(self, kind: PictureKind) -> list[Step]:
        """Return the filters, in order, with their options."""
        if kind == PictureKind(*self._size, "yuv420p", "bt709", "tv"):
            return [("null", {})]
        size = {"w": str(self._size[0]), "h": str(self._size[1])}
        inside = {"force_original_aspect_ratio": "decrease", "force_divisible_by": "2"}
        colours = {"out_color_matrix": "bt709", "out_range": "tv"}
        return [
            ("scale", {**size, **inside, **colours, "flags": "bilinear"}),
            ("format", {"pix_fmts": "yuv420p"}),
            ("pad", {**size, "x": "-1", "y": "-1", "color": "black"}),
            ("setsar", {"sar": "1"}),
        ]
