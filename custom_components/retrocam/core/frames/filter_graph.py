"""An FFmpeg filter graph, cached while frames of one kind come.

It only reads the frames, so that other threads may read them too; PyAV's own scaler writes the colour
tags of what it reads. Its output comes from a buffer pool, unlike a new frame's.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Self

import av
from av.filter import Graph

from .colors import MATRIX_NAMES, RANGE_NAMES, colours

type Step = tuple[str, Mapping[str, str]]
"""A filter's name and options."""


def scale_steps(
    width: int, height: int, *, flags: str, matrix: str, value_range: str
) -> list[Step]:
    """Return the filters that scale to yuv420p of a matrix and range."""
    scale = {
        "w": str(width),
        "h": str(height),
        "flags": flags,
        "out_color_matrix": matrix,
        "out_range": value_range,
    }
    return [("scale", scale), ("format", {"pix_fmts": "yuv420p"})]


class PictureKind(NamedTuple):
    """The frame properties a graph is built for; matrix and range by libavfilter's names."""

    width: int
    height: int
    pixels: str
    matrix: str
    value_range: str

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Self:
        """Return the kind of a frame, its colours guessed where it is untagged."""
        matrix, value_range = colours(frame)
        names = ("gbr", "pc")
        if not frame.format.is_rgb:
            names = MATRIX_NAMES[matrix], RANGE_NAMES[value_range]
        return cls(frame.width, frame.height, frame.format.name, *names)

    def graph(self, steps: Iterable[Step]) -> Graph:
        """Build a graph of consecutive filters. Raises av.FFmpegError."""
        graph = Graph()
        # Threads of a graph cost more than they save at such sizes.
        graph.threads = 1
        # The frame's own tags may be missing, or such as swscale refuses.
        tags = {"colorspace": self.matrix, "range": self.value_range}
        buffer = {
            "video_size": f"{self.width}x{self.height}",
            "pix_fmt": self.pixels,
            "time_base": "1/1000000",
        }
        graph.link_nodes(
            graph.add("buffer", None, **buffer, **tags),
            graph.add("setparams", None, **tags),
            *(graph.add(name, None, **options) for name, options in steps),
            graph.add("buffersink"),
        ).configure()
        return graph


class CachedFilterGraph:
    """Runs frames through a filter graph, rebuilt when their kind changes.

    Not thread-safe, and starts no thread.
    """

    def __init__(self, steps: Callable[[PictureKind], Iterable[Step]]) -> None:
        """Build graphs of the filters that `steps` returns for a kind."""
        self._steps = steps
        self._graph: Graph | None = None
        self._kind: PictureKind | None = None

    def run(self, frame: av.VideoFrame, kind: PictureKind | None = None) -> av.VideoFrame:
        """Filter a frame, which is only read; `kind` overrides its own tags.

        Raises av.FFmpegError; the graph is then rebuilt for the next frame.
        """
        kind = kind or PictureKind.of(frame)
        try:
            if self._graph is None or kind != self._kind:
                self._graph, self._kind = kind.graph(self._steps(kind)), kind
            self._graph.vpush(frame)
            return self._graph.vpull()
        except av.FFmpegError:
            self._graph = None
            raise
