"""A filter of FFmpeg that is kept for as long as pictures of one kind come.

It only reads the pictures, so that other threads may read them at the same time: PyAV's own scaler
writes into the colour tags of what it reads. What it gives out lies in memory that is used again and
again, which a new frame's does not.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Self

import av
from av.filter import Graph

from .colours import MATRIX_NAMES, RANGE_NAMES, colours

type Step = tuple[str, Mapping[str, str]]
"""A filter's name, and its options."""


class PictureKind(NamedTuple):
    """All of a picture that a filter graph is built for; matrix and range as libavfilter calls them."""

    width: int
    height: int
    pixels: str
    matrix: str
    value_range: str

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Self:
        """Read the kind of a picture, its colours guessed where it does not tell."""
        if frame.format.is_rgb:
            return cls(frame.width, frame.height, frame.format.name, "gbr", "pc")
        matrix, value_range = colours(frame)
        names = MATRIX_NAMES[matrix], RANGE_NAMES[value_range]
        return cls(frame.width, frame.height, frame.format.name, *names)

    def graph(self, steps: Iterable[Step]) -> Graph:
        """Build a graph of filters, one after the other. Raises av.FFmpegError."""
        graph = Graph()
        # The threads that a graph starts cost more than they save at such sizes.
        graph.threads = 1
        # The tags of the frame itself may be missing, or such as swscale refuses.
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


class KeptFilter:
    """Runs pictures through a filter graph, which is built anew when their kind changes.

    Not thread-safe, and starts no thread.
    """

    def __init__(self, steps: Callable[[PictureKind], Iterable[Step]]) -> None:
        """Begin without a graph: the first picture says which. `steps` gives its filters."""
        self._steps = steps
        self._graph: Graph | None = None
        self._kind: PictureKind | None = None

    def run(self, frame: av.VideoFrame, kind: PictureKind | None = None) -> av.VideoFrame:
        """Filter a picture, which is only read; `kind` is what it is taken for, if not what it says.

        Raises av.FFmpegError; the next picture then has a graph of its own.
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
