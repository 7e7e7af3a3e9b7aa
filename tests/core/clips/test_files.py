"""The boxes of a clip's file, and what is done when the bytes are not those that were written."""

from functools import cache
import os
from pathlib import Path
import struct
import subprocess
import sys

import av
import numpy as np
import pytest

from custom_components.retrocam.core.clips import faststart as clip_finish
from custom_components.retrocam.core.clips.clip_files import ClipFiles
from custom_components.retrocam.core.clips.fragmented_file import ClipFile
from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.clips.sample_selection import Fragment
from custom_components.retrocam.core.errors import (
    FragmentError,
    MediaExistsError,
    StorageError,
    StorageMissingError,
)
from custom_components.retrocam.core.mp4.boxes import boxes
from custom_components.retrocam.core.mp4.fragment_reader import read_tracks, samples
from custom_components.retrocam.core.mp4.fragment_writer import (
    KEYFRAME,
    NO_KEYFRAME,
    Rows,
    Run,
    fragment,
    read_fragment,
)
from custom_components.retrocam.core.mp4.movie_writer import fragmented_init, whole_header
from custom_components.retrocam.core.mp4.sample_table import SampleTable
from custom_components.retrocam.core.mp4.tracks import TrackHeader, track_headers

from ...house import ROOT
from ..media import cut, encode
from .clip_checks import library_in

PAYLOAD = 5_000_000


@cache
def headers() -> tuple[TrackHeader, ...]:
    (one,) = cut(encode(60, sound=True, container="mp4"))
    return track_headers(one.init, read_tracks(one.init))


def run(track: int = 0, start: int = 0, size: int = 100, count: int = 4) -> Run:
    rows = [
        value for index in range(count) for value in (512, size, _flags(index), 512 - index * 256)
    ]
    return Run(track, start, rows, count * size)


def _flags(index: int) -> int:
    return NO_KEYFRAME if index else KEYFRAME


def test_what_is_written_is_read_back_by_others_and_by_us() -> None:
    runs = [run(), run(1, 480, 10, 3)]
    moof = fragment(7, runs)
    part = moof + bytes(sum(one.size for one in runs))
    init = fragmented_init(headers())
    tracks = read_tracks(init)
    video, sound = (list(samples(part, track)) for track in tracks)
    assert [sample.dts for sample in video] == [0, 512, 1024, 1536]
    assert [sample.cts for sample in video] == [512, 256, 0, -256]
    assert [sample.keyframe for sample in video] == [True, False, False, False]
    assert [sample.offset for sample in sound] == [len(moof) + 400 + 10 * i for i in range(3)]
    read = read_fragment(moof[:-8], 2)
    assert [(one.track, one.start, one.size) for one in read] == [(0, 0, 400), (1, 480, 30)]
    assert [one.rows.ravel().tolist() for one in read] == [list(one.rows) for one in runs]


def test_fragments_of_other_makers_are_refused() -> None:
    moof = fragment(1, [run()])[:-8]
    for damaged in (
        moof.replace(b"tfdt", b"nope"),
        moof.replace(struct.pack(">I", 100), struct.pack(">i", -100)),
        fragment(1, [run(track=5)])[:-8],
    ):
        with pytest.raises(FragmentError, match="as we write it"):
            read_fragment(damaged, 2)


def table(chunks: list[int]) -> SampleTable:
    table = SampleTable()
    for index, chunk in enumerate(chunks):
        rows = np.array([[512, PAYLOAD, KEYFRAME, 0]])
        table.add(Rows(0, 512 * index, rows, PAYLOAD), chunk)
    table.close()
    return table


@pytest.mark.parametrize(("chunks", "offsets", "head"), [(3, b"stco", 8), (1000, b"co64", 16)])
def test_files_over_4_gigabytes_have_room_for_their_offsets(
    chunks: int, offsets: bytes, head: int
) -> None:
    size = chunks * PAYLOAD
    tables = [table(list(range(0, size, PAYLOAD)))]
    header = b"".join(whole_header(headers()[:1], tables, size))
    place = header.index(offsets) + 8
    (count,) = struct.unpack_from(">I", header, place)
    form = ">Q" if offsets == b"co64" else ">I"
    first, *_, last = [
        struct.unpack_from(form, header, place + 4 + index * struct.calcsize(form))[0]
        for index in range(count)
    ]
    assert (count, first, last) == (chunks, len(header), len(header) + size - PAYLOAD)
    if head == 16:
        assert struct.unpack(">I4sQ", header[-16:]) == (1, b"mdat", size + 16)
    else:
        assert struct.unpack(">I4s", header[-8:]) == (size + 8, b"mdat")


def test_an_orientation_that_is_none_or_a_broken_header_is_refused() -> None:
    (one,) = cut(encode(60))
    tracks = read_tracks(one.init)
    with pytest.raises(ValueError, match="no orientation"):
        track_headers(one.init, tracks, 9)
    with pytest.raises(FragmentError, match="where there must be one"):
        track_headers(one.init.replace(b"tkhd", b"nope"), tracks)
    (moov,) = [box for box in boxes(one.init) if box.kind == b"moov"]
    assert moov.end == len(one.init)
    short = struct.pack(">I4s", 32, b"moov") + struct.pack(">I4s", 24, b"trak")
    short += struct.pack(">I4s8x", 16, b"tkhd")
    with pytest.raises(FragmentError, match="too short"):
        track_headers(short, tracks)


def write(path: Path, count: int = 3) -> None:
    file = ClipFile(path, headers()[:1])
    for index in range(count):
        one = run(start=index * 2048)
        # More pieces than the system takes in one call.
        file.append([one], [memoryview(bytes([index]))] * one.size)
    file.close()
    file.close()


def test_thousands_of_pieces_are_written_in_order(tmp_path: Path) -> None:
    path = tmp_path / "x.partial.mp4"
    file = ClipFile(path, headers()[:1])
    pieces = [memoryview(bytes([index % 251])) for index in range(5000)]
    file.append([Run(0, 0, (512, 5000, KEYFRAME, 0), 5000)], pieces)
    file.close()
    assert path.read_bytes()[-5000:] == bytes(index % 251 for index in range(5000))
    assert read_recording(path).samples == [1]


def test_a_file_that_cannot_be_begun_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.partial.mp4"
    with pytest.raises(StorageMissingError):
        ClipFile(tmp_path / "none" / "x.partial.mp4", headers())
    path.write_bytes(b"of another")
    with pytest.raises(StorageError):
        ClipFile(path, headers())
    assert path.read_bytes() == b"of another"
    with pytest.raises(struct.error):
        ClipFile(tmp_path / "y.partial.mp4", [TrackHeader("vide", -1, b"", (0, 0), b"")])


def test_a_recording_that_shrinks_while_it_is_copied_is_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "x.partial.mp4"
    write(path)
    recording = read_recording(path)
    os.truncate(path, recording.size - 100)
    target = tmp_path / "other" / "clip.mp4"
    target.parent.mkdir()
    with pytest.raises(StorageError, match="shorter"):
        clip_finish.finish(recording, target)
    assert list(target.parent.iterdir()) == []
    assert path.exists()


def test_a_copy_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "x.partial.mp4"
    write(path)
    recording = read_recording(path)
    finished = clip_finish.finish(recording, tmp_path / "clip.mp4")
    assert finished.size == finished.path.stat().st_size
    clip_finish._check(finished.path, finished.size, finished.duration)
    for size, duration in ((finished.size + 1, finished.duration), (finished.size, 99.0)):
        with pytest.raises(OSError, match="not as long"):
            clip_finish._check(finished.path, size, duration)


def test_a_place_is_taken_only_if_it_is_free(tmp_path: Path) -> None:
    copy, path = tmp_path / "copy", tmp_path / "clip.mp4"
    with pytest.raises(StorageMissingError):
        clip_finish._claim(copy, path)
    assert not path.exists()
    path.write_bytes(b"somebody's")
    copy.write_bytes(b"ours")
    with pytest.raises(MediaExistsError):
        clip_finish._claim(copy, path)
    assert path.read_bytes() == b"somebody's"


def test_fragments_of_no_file_are_refused(tmp_path: Path) -> None:
    files = ClipFiles(library_in(tmp_path), orientation=1, path=None)
    with pytest.raises(FragmentError, match="without a file"):
        files.write([Fragment(None, 0.0, (run(),), (memoryview(bytes(400)),))])
    files.close()
    assert files.parts == []


def test_finishing_a_long_recording_takes_little_memory(tmp_path: Path) -> None:
    """In a process of its own: nothing else must have grown it before."""
    command = [sys.executable, "-m", "tests.core.clips.finish_child", str(tmp_path), "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    grown, samples, _ = map(float, done.stdout.split())
    # Their tables take about 8 bytes in the file.
    assert grown * 1024 < 28 * samples


def test_a_gap_too_long_for_a_sample_table_is_kept_in_fragments(tmp_path: Path) -> None:
    partial, path = tmp_path / "x.partial.mp4", tmp_path / "x.mp4"
    file = ClipFile(partial, headers()[:1])
    timescale = headers()[0].timescale
    away = (1 << 32) + 5 * timescale
    for start in (0, away):
        one = run(start=start)
        file.append([one], [memoryview(bytes(one.size))])
    file.close()
    finished = clip_finish.finish(read_recording(partial), path)
    assert not finished.fast_start
    assert finished.duration == pytest.approx((away + 2048) / timescale)
    with av.open(str(path)) as container:
        assert [packet.dts for packet in container.demux(video=0) if packet.size][4:] == [
            away + index * 512 for index in range(4)
        ]
