"""A kept filter: one graph for each kind of picture, and none that has failed."""

import av
from av.video.reformatter import ColorRange, Colorspace
import pytest

from custom_components.retrocam.core.frames.filter_graph import KeptFilter, PictureKind, Step


def picture(width: int, height: int) -> av.VideoFrame:
    return av.VideoFrame(width, height, "yuv420p")


def test_a_graph_is_built_for_each_kind_and_kept() -> None:
    built: list[PictureKind] = []

    def steps(kind: PictureKind) -> list[Step]:
        built.append(kind)
        return [("null", {})]

    kept = KeptFilter(steps)
    for size in ((64, 48), (64, 48), (32, 32), (32, 32), (64, 48)):
        shown = kept.run(picture(*size))
        assert (shown.width, shown.height) == size
    assert [(kind.width, kind.height) for kind in built] == [(64, 48), (32, 32), (64, 48)]


def test_a_graph_that_cannot_be_built_takes_no_other_along() -> None:
    kept = KeptFilter(lambda _kind: [("crop", {"out_w": "64", "out_h": "48"})])
    kept.run(picture(64, 48))
    for _ in range(2):
        with pytest.raises(av.FFmpegError):
            kept.run(picture(32, 32))
    assert kept.run(picture(64, 48)).width == 64


def test_a_picture_is_of_the_same_kind_while_its_tags_are_borrowed() -> None:
    frame = picture(1280, 720)
    untold = PictureKind.of(frame)
    # As PyAV's scaler does in another thread, while it scales.
    frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
    assert PictureKind.of(frame) == untold == (1280, 720, "yuv420p", "bt709", "tv")
