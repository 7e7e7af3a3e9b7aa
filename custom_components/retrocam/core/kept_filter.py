"""A filter of FFmpeg that is kept for as long as pictures of one kind come."""

from collections.abc import Callable, Hashable
from typing import NamedTuple, Self

import av
from av.filter import Graph
from av.filter.context import FilterContext


class PictureKind(NamedTuple):
    """All of a picture that a filter graph is built for, as the picture itself says it."""

    width: int
    height: int
    format: str
    colorspace: int
    color_range: int

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Self:
        """Read the kind of a picture."""
        return cls(
            frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range
        )

    def source(self, graph: Graph) -> FilterContext:
        """Add where pictures of this kind come into a graph."""
        return graph.add(
            "buffer",
            f"video_size={self.width}x{self.height}:pix_fmt={self.format}:time_base=1/90000"
            f":colorspace={self.colorspace}:range={self.color_range}",
        )


class KeptFilter:
    """Runs pictures through a filter graph, which is built anew when their kind changes.

    Not thread-safe.
    """

    def __init__(self) -> None:
        """Begin without a graph: the first picture says which."""
        self._graph: Graph | None = None
        self._kind: Hashable = None

    def run(
        self, frame: av.VideoFrame, kind: Hashable, build: Callable[[], Graph]
    ) -> av.VideoFrame:
        """Filter a picture, which is only read; `kind` is all that the graph is built for.

        Raises av.FFmpegError; the next picture then has a graph of its own.
        """
        try:
            if self._graph is None or kind != self._kind:
                self._graph, self._kind = build(), kind
            self._graph.vpush(frame)
            return self._graph.vpull()
        except av.FFmpegError:
            self._graph = None
            raise
