"""The filter graph is cached per kind of frame, unless it failed."""

import av
from av.video.reformatter import ColorRange, Colorspace
import pytest

from custom_components.retrocam.core.frames.filter_graph import CachedFilterGraph, PictureKind, Step


def picture(width: int, height: int) -> av.VideoFrame:
    return av.VideoFrame(width, height, "yuv420p")


def test_graph_is_cached_per_kind() -> None:
    built: list[PictureKind] = []

    def steps(kind: PictureKind) -> list[Step]:
        built.append(kind)
        return [("null", {})]

    graph = CachedFilterGraph(steps)
    for size in ((64, 48), (64, 48), (32, 32), (32, 32), (64, 48)):
        shown = graph.run(picture(*size))
        assert (shown.width, shown.height) == size
    assert [(kind.width, kind.height) for kind in built] == [(64, 48), (32, 32), (64, 48)]


def test_failed_graph_is_rebuilt() -> None:
    graph = CachedFilterGraph(lambda _kind: [("crop", {"out_w": "64", "out_h": "48"})])
    graph.run(picture(64, 48))
    for _ in range(2):
        with pytest.raises(av.FFmpegError):
            graph.run(picture(32, 32))
    assert graph.run(picture(64, 48)).width == 64


def test_kind_is_unaffected_by_a_concurrent_scaler() -> None:
    frame = picture(1280, 720)
    kind = PictureKind.of(frame)
    # PyAV's scaler does so in another thread while it scales.
    frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
    assert PictureKind.of(frame) == kind == (1280, 720, "yuv420p", "bt709", "tv")
