"""Pictures as they are kept: their formats, their thumbnails, and what is no picture."""

from collections.abc import Callable

import av
import numpy as np
import pytest

from custom_components.retrocam.core.errors import InvalidFrameError, StorageError
from custom_components.retrocam.core.frames.image_codec import (
    ImageFormat,
    StillEncoder,
    decode_still,
    still_extension,
)
from custom_components.retrocam.core.frames.jpeg import size
from custom_components.retrocam.core.library.snapshots import SnapshotStore

from ...frames.stills import NOW, frame, jpeg, listing, number_in, png
from .stored import JPEG


@pytest.mark.parametrize("make", [jpeg, png])
def test_thumbnails_are_small_and_made_once(
    store: SnapshotStore, make: Callable[[int, int, int], bytes]
) -> None:
    name = store.save(make(77, 1280, 720), NOW).name
    small = store.thumbnail(name)
    assert size(small) == (320, 180)
    assert number_in(small) == 77
    assert len(small) < 20_000
    store.path(name).write_bytes(b"no picture any more")
    assert store.thumbnail(name) == small


def test_a_thumbnail_that_a_power_cut_left_empty_is_made_anew(store: SnapshotStore) -> None:
    name = store.save(jpeg(77, 1280, 720), NOW).name
    small = store.thumbnail(name)
    (path,) = (store.directory / ".thumbnails").iterdir()
    path.write_bytes(b"")
    assert store.thumbnail(name) == small
    assert path.read_bytes() == small


def test_a_thumbnail_of_a_small_picture_keeps_its_size(store: SnapshotStore) -> None:
    assert size(store.thumbnail(store.save(JPEG, NOW).name)) == (160, 90)


def test_a_thumbnail_is_shown_even_if_it_cannot_be_kept(store: SnapshotStore) -> None:
    (store.directory / ".thumbnails").write_bytes(b"in the way")
    name = store.save(jpeg(5), NOW).name
    assert number_in(store.thumbnail(name)) == 5
    with pytest.raises(StorageError):
        store.delete([name])


def test_a_damaged_picture_has_no_thumbnail(store: SnapshotStore) -> None:
    for data in (b"no picture", JPEG[:3] + bytes(500) + JPEG[-2:], JPEG[:-200] + JPEG[-2:]):
        name = store.save(JPEG, NOW).name
        store.path(name).write_bytes(data)
        with pytest.raises(InvalidFrameError):
            store.thumbnail(name)


def test_both_formats_are_told_apart_by_what_they_hold(store: SnapshotStore) -> None:
    assert store.save(jpeg(3), NOW).name.endswith(".jpg")
    item = store.save(png(4), NOW + 1)
    assert item.name.endswith(".png")
    rgb = decode_still(store.read(item.name))
    assert number_in(rgb.reformat(format="yuvj420p")) == 4
    assert number_in(StillEncoder().encode(rgb, "jpeg")) == 4


PNG = png(1, 160, 90)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"text",
        JPEG[:-2],
        PNG[:8],
        PNG[:-1],
        PNG[:16] + b"\0" * 8 + PNG[24:],
        PNG[:16] + b"\x7f\xff\xff\xff" * 2 + PNG[24:],
    ],
    ids=["empty", "byte", "text", "cut-jpeg", "png-head", "cut-png", "png-0x0", "png-huge"],
)
def test_what_is_no_picture_is_refused(store: SnapshotStore, data: bytes) -> None:
    with pytest.raises(InvalidFrameError):
        store.save(data, NOW)
    assert listing(store.directory) == []


def test_a_damaged_png_is_told() -> None:
    damaged = PNG[:60] + bytes(40) + PNG[100:]
    assert still_extension(damaged) == "png"
    with pytest.raises(InvalidFrameError):
        decode_still(damaged)


def test_a_png_keeps_the_colours_of_limited_video() -> None:
    white = frame(1, 160, 90)
    for plane, value in zip(white.planes, (235, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    rgb = decode_still(StillEncoder().encode(white, "png")).to_ndarray()
    assert int(np.min(rgb)) >= 254


@pytest.mark.parametrize("image_format", ["jpeg", "png"])
def test_a_frame_without_a_picture_cannot_be_kept(image_format: ImageFormat) -> None:
    with pytest.raises(InvalidFrameError):
        StillEncoder().encode(av.VideoFrame(0, 0, "yuv420p"), image_format)
