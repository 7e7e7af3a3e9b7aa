"""A kept filter: one graph for each kind of picture, and none that has failed."""

import av
from av.filter import Graph
import pytest

from custom_components.retrocam.core.kept_filter import KeptFilter, PictureKind

built: list[PictureKind] = []


def picture(width: int, height: int) -> av.VideoFrame:
    return av.VideoFrame(width, height, "yuv420p")


def run(kept: KeptFilter, frame: av.VideoFrame, step: str = "null") -> av.VideoFrame:
    kind = PictureKind.of(frame)

    def build() -> Graph:
        built.append(kind)
        graph = Graph()
        graph.link_nodes(
            kind.source(graph), graph.add(*step.split("=")), graph.add("buffersink")
        ).configure()
        return graph

    return kept.run(frame, kind, build)


def test_a_graph_is_built_for_each_kind_and_kept() -> None:
    built.clear()
    kept = KeptFilter()
    for size in ((64, 48), (64, 48), (32, 32), (32, 32), (64, 48)):
        shown = run(kept, picture(*size))
        assert (shown.width, shown.height) == size
    assert [(kind.width, kind.height) for kind in built] == [(64, 48), (32, 32), (64, 48)]


def test_a_graph_that_cannot_be_built_takes_no_other_along() -> None:
    kept = KeptFilter()
    run(kept, picture(64, 48))
    for _ in range(2):
        with pytest.raises(av.FFmpegError):
            run(kept, picture(32, 32), "crop=64:64")
    assert run(kept, picture(64, 48)).width == 64
