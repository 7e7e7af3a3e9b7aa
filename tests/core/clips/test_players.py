"""Clips as players and the library take them: their boxes, their sound and their orientation."""

from pathlib import Path
import subprocess
import threading

import av
import numpy as np
import pytest

from custom_components.retrocam.core.clips.result import ClipResult
from custom_components.retrocam.core.frames.jpeg import decode
from custom_components.retrocam.core.frames.orientation import orient
from custom_components.retrocam.core.library.thumbnails import clip_thumbnail

from ..hearing import beeps
from ..media import Cut
from .clip_checks import (
    WITHIN,
    Camera,
    beginning_of,
    decode_gaps,
    ended,
    ffprobe,
    flashes,
    numbers_in,
    steps,
)
from .footage import FPS, cuts_of


def test_clip_is_in_the_library_with_thumbnail_and_fast_start(
    camera: Camera,
) -> None:
    camera.feed(cuts_of(sound=True, container="mp4"))
    written: list[float] = []
    done: list[ClipResult] = []
    trigger = camera.ring.now - 2
    writer = camera.writer(
        8, 1, trigger=trigger, name="retrocam clip porch", on_write=written.append,
        on_done=done.append,
    )  # fmt: skip
    result = ended(writer)
    assert done == [result]
    assert written[-1] == pytest.approx(result.duration)
    assert result.path is not None
    assert beginning_of(result.path) == [b"ftyp", b"moov", b"mdat"]
    assert result.path.stat().st_size == result.size
    (item,) = camera.library.page(9)
    assert (item.name, item.size) == (result.path.name, result.size)
    assert item.duration == pytest.approx(result.duration)
    assert (camera.folder / ".thumbnails" / f"{item.name}.jpg").exists()
    streams = ffprobe(result.path, "-show_streams")["streams"]
    assert [stream["codec_name"] for stream in streams] == ["h264", "aac"]
    assert not [t for t in threading.enumerate() if t.name == "retrocam clip porch"]


@pytest.mark.parametrize("bframes", [0, 2])
def test_audio_is_in_sync_and_has_no_gap(camera: Camera, bframes: int) -> None:
    camera.feed(cuts_of(bframes=bframes, sound=True, container="mp4"))
    result = ended(camera.writer(13, 0, trigger=camera.ring.now - 3))
    seen, heard = flashes(result.path), [time for time in beeps(result.path) if time > 0.2]
    assert len(seen) >= 12
    assert len(heard) == len(seen)
    assert max(abs(flash - beep) for flash, beep in zip(seen, heard, strict=True)) < 0.04
    assert {round(gap * 48000) for gap in decode_gaps(result.path, "a")} == {1024}
    video, sound = ffprobe(result.path, "-show_streams")["streams"]
    assert float(sound["start_time"]) < 0.03
    assert abs(float(sound["duration"]) - float(video["duration"])) < 0.13


def test_recording_in_progress_is_readable(camera: Camera) -> None:
    parts = steps(cuts_of(sound=True, container="mp4"))
    written, go = threading.Event(), threading.Event()

    def on_write(seconds: float) -> None:
        if seconds > 12:
            written.set()
            assert go.wait(WITHIN)

    camera.feed_steps(parts[:8])
    writer = camera.writer(6, 60, on_write=on_write)
    camera.feed_steps(parts[8:])
    assert written.wait(WITHIN)
    (partial,) = camera.folder.glob("*.partial.mp4")
    numbers = numbers_in(partial)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 12 * FPS
    assert camera.library.total == 0
    writer.stop(at_once=True)
    go.set()
    assert numbers_in(ended(writer).path)[: len(numbers)] == numbers


def test_hevc_is_tagged_hvc1(camera: Camera) -> None:
    cuts = [
        Cut(one.init.replace(b"hvc1", b"hev1"), one.parts, one.duration)
        for one in cuts_of(120, codec="libx265")
    ]
    camera.feed(cuts)
    result = ended(camera.writer(2, 0, trigger=camera.ring.now - 1))
    (stream,) = ffprobe(result.path, "-show_streams")["streams"]
    assert (stream["codec_name"], stream["codec_tag_string"]) == ("hevc", "hvc1")
    numbers = numbers_in(result.path)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 25


@pytest.mark.parametrize("orientation", range(1, 9))
def test_players_apply_the_orientation(camera: Camera, orientation: int, tmp_path: Path) -> None:
    camera.feed(cuts_of(100))
    trigger = camera.ring.now - 1
    result = ended(camera.writer(1, 0, trigger=trigger, orientation=orientation))
    assert result.path is not None
    with av.open(str(result.path)) as container:
        wanted = orient(next(container.decode(video=0)), orientation).to_ndarray(format="gray")
    seen = tmp_path / "seen.gray"
    command = ["ffmpeg", "-v", "error", "-i", str(result.path), "-frames:v", "1"]
    subprocess.run([*command, "-pix_fmt", "gray", "-f", "rawvideo", str(seen)], check=True)
    turned = np.frombuffer(seen.read_bytes(), np.uint8).reshape(wanted.shape)
    assert np.abs(turned.astype(int) - wanted).mean() < 2
    thumbnail = decode(clip_thumbnail(result.path)).to_ndarray(format="gray")
    assert thumbnail.shape == wanted.shape
    assert np.abs(thumbnail.astype(int) - wanted).mean() < 8


def test_display_matrix_keeps_the_frame_at_the_origin(camera: Camera) -> None:
    camera.feed(cuts_of(100))
    corners = {}
    for orientation in range(2, 9):
        trigger = camera.ring.now - 1
        result = ended(camera.writer(1, 0, trigger=trigger, orientation=orientation))
        assert result.path is not None
        data = result.path.read_bytes()
        at = data.index(b"tkhd") + 4 + 4 + 48
        a, b, _, c, d, _, x, y, _ = np.frombuffer(data, ">i4", 9, at) >> 16
        points = [(a * u + c * v + x, b * u + d * v + y) for u in (0, 160) for v in (0, 96)]
        corners[orientation] = (min(points), max(points))
    assert corners == {
        orientation: ((0, 0), (160, 96) if orientation < 5 else (96, 160))
        for orientation in range(2, 9)
    }
