"""Tests of timelapses: content, skipped images, limits and faults."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path
import struct
import subprocess
import sys
import threading
from typing import Final

import av
import numpy as np
import pytest

from custom_components.retrocam.core.errors import (
    RetrocamError,
    StorageMissingError,
    TimelapseCancelledError,
    TimelapseEmptyError,
)
from custom_components.retrocam.core.frames.jpeg import encode, planes
from custom_components.retrocam.core.library.files import partial_path
from custom_components.retrocam.core.library.timelapse import Timelapse, make_timelapse
from custom_components.retrocam.core.mp4.duration import mp4_duration

from ..clips.clip_checks import ffprobe
from ..frames.stills import jpeg, listing, number_in, png
from .disks import with_small_disk

NAME = "20260102T030405.000Z.mp4"


def in_a_thread[T](work: Callable[[], T]) -> T:
    """Run it in a thread whose priority it may lower."""
    with ThreadPoolExecutor(1, thread_name_prefix="retrocam-timelapse") as pool:
        return pool.submit(work).result()


def make(
    pictures: list[Path],
    path: Path,
    *,
    fps: int = 10,
    width: int = 0,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> Timelapse:
    return in_a_thread(
        lambda: make_timelapse(pictures, path, fps=fps, width=width, progress=progress, stop=stop)
    )


def write(directory: Path, pictures: list[bytes]) -> list[Path]:
    """Write images to files; return their paths in order."""
    paths = [directory / f"{number:03}" for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        path.write_bytes(picture)
    return paths


def frames(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def coloured(rgb: tuple[int, int, int], width: int, height: int) -> bytes:
    return encode(av.VideoFrame.from_ndarray(np.full((height, width, 3), rgb, np.uint8), "rgb24"))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    (tmp_path / "timelapses").mkdir()
    return tmp_path / "timelapses" / NAME


def test_every_image_is_one_frame_in_order(tmp_path: Path, video: Path) -> None:
    pictures = write(tmp_path, [png(n) if n == 7 else jpeg(n) for n in range(30)])
    made = make(pictures, video)
    assert [number_in(frame) for frame in frames(video)] == list(range(30))
    assert made == Timelapse(video, 30, 0, 320, 180, duration=3.0)
    assert mp4_duration(video) == 3000
    assert listing(video.parent) == [NAME]


def test_header_tells_the_time_and_the_cameras_name(tmp_path: Path, video: Path) -> None:
    pictures = write(tmp_path, [jpeg(1)])
    in_a_thread(lambda: make_timelapse(pictures, video, title="Hof ä 门\ud800"))
    read = ffprobe(video, "-show_format", "-show_streams")
    assert read["format"]["tags"]["title"] == "Hof ä 门?"
    for part in (read["format"], *read["streams"]):
        assert part["tags"]["creation_time"] == "2026-01-02T03:04:05.000000Z"


def test_video_is_playable_in_browsers(tmp_path: Path, video: Path) -> None:
    make(write(tmp_path, [jpeg(n) for n in range(3)]), video, fps=25)
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 25
        # Limited range, and BT.601 as its JPEGs: without the tag, players assume BT.709 for HD.
        assert (stream.codec_context.color_range, stream.codec_context.colorspace) == (1, 5)
        # Not keyframes only: that would be several times as large.
        assert [packet.is_keyframe for packet in container.demux(video=0)] == [
            True,
            False,
            False,
            False,
        ]
    data = video.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    # The sample table must point into the file's data.
    first = struct.unpack_from(">I", data, data.index(b"stco") + 12)[0]
    assert first == data.index(b"mdat") + 4


@pytest.mark.parametrize("rgb", [(200, 40, 30), (30, 180, 60), (20, 60, 220), (255, 255, 255)])
def test_colours_are_preserved(tmp_path: Path, video: Path, rgb: tuple[int, int, int]) -> None:
    make(write(tmp_path, [coloured(rgb, 1280, 720)]), video)
    shown = frames(video)[0].to_ndarray(format="rgb24")[300, 600]
    assert np.abs(shown.astype(int) - rgb).max() <= 6


@pytest.mark.parametrize(
    ("width", "size"),
    [(0, (320, 180)), (640, (640, 360)), (160, (160, 90)), (101, (100, 56))],
)
def test_width_is_applied(tmp_path: Path, video: Path, width: int, size: tuple[int, int]) -> None:
    made = make(write(tmp_path, [jpeg(n) for n in (5, 6)]), video, width=width)
    assert (made.width, made.height) == size
    assert [(frame.width, frame.height) for frame in frames(video)] == [size] * 2
    if width != 101:
        assert [number_in(frame) for frame in frames(video)] == [5, 6]


def test_other_aspect_ratios_are_letterboxed(tmp_path: Path, video: Path) -> None:
    white = (255, 255, 255)
    sizes = [(320, 180), (180, 180), (320, 90), (161, 91), (640, 480), (16, 180)]
    made = make(write(tmp_path, [coloured(white, *size) for size in sizes]), video)
    assert (made.frames, made.width, made.height) == (6, 320, 180)
    for (width, height), frame in zip(sizes, frames(video), strict=True):
        scale = min(320 / width, 180 / height)
        inside = planes(frame)[0] > 128
        columns, rows = np.logical_or.reduce(inside, 0), np.logical_or.reduce(inside, 1)
        assert abs(int(columns.sum()) - width * scale) <= 3
        assert abs(int(rows.sum()) - height * scale) <= 3
        # Centred, with black bars.
        assert abs(int(columns[:160].sum()) - int(columns[160:].sum())) <= 4
        assert abs(int(rows[:90].sum()) - int(rows[90:].sum())) <= 4
        outside = planes(frame)[0][:, ~columns]
        assert outside.size == 0 or int(outside.max()) < 40


def test_damaged_images_are_skipped_and_counted(tmp_path: Path, video: Path) -> None:
    whole = [jpeg(n) for n in range(8)]
    pictures = write(
        tmp_path,
        [
            b"",
            whole[0],
            b"no picture",
            whole[1],
            whole[2][: len(whole[2]) // 2],
            whole[3][: len(whole[3]) // 2] + whole[3][-2:],
            whole[4],
            png(5)[:-30],
            whole[6],
        ],
    )
    pictures += [tmp_path / "gone", tmp_path]
    made = make(pictures, video)
    assert (made.frames, made.skipped) == (4, 7)
    assert [number_in(frame) for frame in frames(video)] == [0, 1, 4, 6]


def test_progress_reports_each_percent(tmp_path: Path, video: Path) -> None:
    pictures = write(tmp_path, [coloured((0, 0, 0), 64, 64)]) * 250
    told: list[tuple[int, int]] = []
    make(pictures, video, progress=lambda done, total: told.append((done, total)))
    assert len(told) == 100
    assert told[0] == (3, 250)
    assert told[-1] == (250, 250)


@pytest.mark.parametrize("at", [0, 5])
def test_stop_leaves_no_file(tmp_path: Path, video: Path, at: int) -> None:
    stop = threading.Event()
    done: list[int] = []
    if not at:
        stop.set()

    def progress(number: int, _total: int) -> None:
        done.append(number)
        if number == at:
            stop.set()

    with pytest.raises(TimelapseCancelledError):
        make(write(tmp_path, [jpeg(n) for n in range(20)]), video, progress=progress, stop=stop)
    assert len(done) == at
    assert listing(video.parent) == []


@pytest.mark.parametrize("pictures", [[], [b"no picture", b""]])
def test_no_valid_image_raises_timelapse_empty(
    tmp_path: Path, video: Path, pictures: list[bytes]
) -> None:
    with pytest.raises(TimelapseEmptyError) as caught:
        make(write(tmp_path, pictures), video)
    assert caught.value.code == "timelapse_empty"
    assert listing(video.parent) == []


@pytest.mark.parametrize(
    ("fps", "width"), [(0, 0), (61, 0), (-1, 0), (25, 63), (25, 4097), (25, -1)]
)
def test_settings_out_of_range_raise_value_error(video: Path, fps: int, width: int) -> None:
    with pytest.raises(ValueError, match="frames a second"):
        make([], video, fps=fps, width=width)


def test_missing_directory_raises_storage_missing(tmp_path: Path) -> None:
    with pytest.raises(StorageMissingError):
        make(write(tmp_path, [jpeg(1)]), tmp_path / "gone" / NAME)


FULL: Final = """
import os, pathlib, sys
from custom_components.retrocam.core.errors import StorageFullError
from custom_components.retrocam.core.library.timelapse import make_timelapse
disk, pictures = map(pathlib.Path, sys.argv[1:3])
(disk / "other").write_bytes(bytes(1_020_000))
try:
    make_timelapse(sorted(pictures.glob("0*")), disk / sys.argv[3])
except StorageFullError:
    print("full", os.listdir(disk))
"""


def test_full_disk_raises_storage_full(tmp_path: Path) -> None:
    write(tmp_path, [jpeg(n, 640, 360) for n in range(30)])
    disk = tmp_path / "disk"
    disk.mkdir()
    given = [str(disk), str(tmp_path), NAME]
    done = subprocess.run(
        with_small_disk(disk, sys.executable, "-c", FULL, *given),
        capture_output=True,
        check=False,
    )
    assert (done.stdout.decode(), done.stderr) == ("full ['other']\n", b"")


@pytest.mark.parametrize("kind", ["link", "fifo"])
def test_link_or_fifo_in_place_of_the_file_is_replaced(
    tmp_path: Path, video: Path, kind: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    for path in (video, partial_path(video)):
        path.symlink_to(secret) if kind == "link" else os.mkfifo(path)
    pictures = write(tmp_path, [jpeg(1), jpeg(2), jpeg(3)])
    pictures[1].unlink()
    pictures[1].symlink_to(pictures[0]) if kind == "link" else os.mkfifo(pictures[1])
    made = make(pictures, video)
    assert (made.frames, made.skipped) == (2, 1)
    assert [number_in(frame) for frame in frames(video)] == [1, 3]
    assert secret.read_bytes() == b"secret"
    assert listing(video.parent) == [NAME]


def test_error_in_progress_callback_leaves_no_file(tmp_path: Path, video: Path) -> None:
    def progress(_done: int, _total: int) -> None:
        raise RetrocamError("in the caller")

    with pytest.raises(RetrocamError, match="in the caller"):
        make(write(tmp_path, [jpeg(1), jpeg(2)]), video, progress=progress)
    assert listing(video.parent) == []


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux")
def test_only_own_and_encoder_threads_have_low_priority(tmp_path: Path, video: Path) -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    others = set(listing(Path("/proc/self/task")))
    nice: dict[str, int] = {}

    def progress(_done: int, _total: int) -> None:
        for task in set(listing(Path("/proc/self/task"))) - others:
            nice[task] = os.getpriority(os.PRIO_PROCESS, int(task))

    make(write(tmp_path, [jpeg(n) for n in range(5)]), video, progress=progress)
    assert nice
    assert set(nice.values()) == {max(before, 10)}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux")
def test_lower_priority_of_the_process_is_kept(tmp_path: Path, video: Path) -> None:
    pictures = write(tmp_path, [jpeg(1)])

    def make_at_15() -> int:
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(15, os.getpriority(os.PRIO_PROCESS, thread)))
        make_timelapse(pictures, video)
        return os.getpriority(os.PRIO_PROCESS, thread)

    assert in_a_thread(make_at_15) >= 15
