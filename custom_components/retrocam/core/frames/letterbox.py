"""Scale frames of any size and pixel format to one size, letterboxed."""

import av
from av.video.reformatter import ColorRange, Colorspace

from .colors import MATRIX_NAMES
from .filter_graph import CachedFilterGraph, PictureKind, Step, scale_steps
from .geometry import Rect, fitted


class Letterboxer:
    """Makes limited-range yuv420p frames of one size and matrix for an encoder. Not thread-safe."""

    def __init__(self, width: int, height: int, matrix: Colorspace = Colorspace.ITU709) -> None:
        """Set the size in pixels, both even, and the matrix."""
        self.width, self.height = width, height
        self._matrix = matrix
        self._filter = CachedFilterGraph(self._steps)

    def fit(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a new frame object, which may share its pixels with the unchanged `frame`.

        Scaled at its own aspect (square pixels), with black borders. Raises av.FFmpegError for an
        unsupported pixel format.
        """
        fitted_frame = self._filter.run(frame)
        fitted_frame.colorspace, fitted_frame.color_range = self._matrix, ColorRange.MPEG
        return fitted_frame

    def _steps(self, kind: PictureKind) -> list[Step]:
        matrix = MATRIX_NAMES[self._matrix]
        if kind == PictureKind(self.width, self.height, "yuv420p", matrix, "tv"):
            return [("null", {})]
        whole = Rect(0, 0, self.width, self.height)
        area = fitted(whole, kind.width, kind.height)
        steps = scale_steps(
            area.width, area.height, flags="bilinear", matrix=matrix, value_range="tv"
        )
        if area != whole:
            size = {"w": str(self.width), "h": str(self.height)}
            corner = {"x": str(area.left), "y": str(area.top)}
            steps.append(("pad", {**size, **corner, "color": "black"}))
        return [*steps, ("setsar", {"sar": "1"})]
