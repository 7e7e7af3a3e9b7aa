"""Boxes of a clip's file, and files that differ from what was written."""

from dataclasses import replace
import os
from pathlib import Path
import struct
import subprocess
import sys

import av
import numpy as np
import pytest

from custom_components.retrocam.core.clips import faststart
from custom_components.retrocam.core.clips.clip_files import ClipFiles
from custom_components.retrocam.core.clips.fragmented_file import FragmentedFileWriter
from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.clips.sample_selection import Fragment
from custom_components.retrocam.core.errors import (
    FragmentError,
    MediaExistsError,
    StorageError,
    StorageMissingError,
)
from custom_components.retrocam.core.mp4.fragment_reader import read_tracks, samples
from custom_components.retrocam.core.mp4.fragment_writer import (
    KEYFRAME,
    NO_KEYFRAME,
    SampleRows,
    SampleRun,
    fragment,
    read_fragment,
)
from custom_components.retrocam.core.mp4.movie_writer import fast_start_header, fragmented_init
from custom_components.retrocam.core.mp4.sample_table import SampleTable
from custom_components.retrocam.core.mp4.tracks import tracks_to_write

from ...house import ROOT
from ..media import cut, encode
from .clip_checks import beginning_of, library_in
from .tracks import written_tracks

PAYLOAD = 5_000_000


def run(track: int = 0, start: int = 0, size: int = 100, count: int = 4) -> SampleRun:
    rows = [
        value for index in range(count) for value in (512, size, _flags(index), 512 - index * 256)
    ]
    return SampleRun(track, start, rows, count * size)


def _flags(index: int) -> int:
    return NO_KEYFRAME if index else KEYFRAME


def test_fragment_is_read_by_both_readers() -> None:
    runs = [run(), run(1, 480, 10, 3)]
    moof = fragment(7, runs)
    part = moof + bytes(sum(one.size for one in runs))
    init = fragmented_init(written_tracks())
    tracks = read_tracks(init)
    video, sound = (list(samples(part, track)) for track in tracks)
    assert [sample.dts for sample in video] == [0, 512, 1024, 1536]
    assert [sample.cts for sample in video] == [512, 256, 0, -256]
    assert [sample.keyframe for sample in video] == [True, False, False, False]
    assert [sample.offset for sample in sound] == [len(moof) + 400 + 10 * i for i in range(3)]
    read = read_fragment(moof[:-8], 2)
    assert [(one.track, one.start, one.size) for one in read] == [(0, 0, 400), (1, 480, 30)]
    assert [one.rows.ravel().tolist() for one in read] == [list(one.rows) for one in runs]


def test_foreign_fragments_are_refused() -> None:
    moof = fragment(1, [run()])[:-8]
    for damaged in (
        moof.replace(b"tfdt", b"nope"),
        moof.replace(struct.pack(">I", 100), struct.pack(">i", -100)),
        fragment(1, [run(track=5)])[:-8],
    ):
        with pytest.raises(FragmentError, match="not a fragment of this"):
            read_fragment(damaged, 2)


def table(chunks: list[int]) -> SampleTable:
    table = SampleTable()
    for index, chunk in enumerate(chunks):
        rows = np.array([[512, PAYLOAD, KEYFRAME, 0]])
        table.add(SampleRows(0, 512 * index, rows, PAYLOAD), chunk)
    table.close()
    return table


@pytest.mark.parametrize(("chunks", "offsets", "head"), [(3, b"stco", 8), (1000, b"co64", 16)])
def test_files_over_4_gigabytes_use_64_bit_offsets(chunks: int, offsets: bytes, head: int) -> None:
    size = chunks * PAYLOAD
    tables = [table(list(range(0, size, PAYLOAD)))]
    header = b"".join(fast_start_header(written_tracks()[:1], tables, size))
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


def test_invalid_orientation_or_track_header_is_refused() -> None:
    (one,) = cut(encode(60))
    tracks = read_tracks(one.init)
    with pytest.raises(ValueError, match="no orientation"):
        tracks_to_write(tracks, 9)
    with pytest.raises(FragmentError, match="missing box"):
        read_tracks(one.init.replace(b"tkhd", b"nope"))
    end = one.init.index(b"tkhd") + 88
    shorter = one.init[: end - 8] + struct.pack(">I4s", 8, b"free") + one.init[end:]
    shorter = shorter.replace(struct.pack(">I4s", 92, b"tkhd"), struct.pack(">I4s", 84, b"tkhd"))
    with pytest.raises(FragmentError, match="too short"):
        read_tracks(shorter)


def write(path: Path, count: int = 3) -> None:
    file = FragmentedFileWriter(path, written_tracks()[:1])
    for index in range(count):
        one = run(start=index * 2048)
        # Many spans in one fragment.
        file.append([one], [memoryview(bytes([index]))] * one.size)
    file.close()
    file.close()


def test_thousands_of_spans_are_written_in_order(tmp_path: Path) -> None:
    path = tmp_path / "x.partial.mp4"
    file = FragmentedFileWriter(path, written_tracks()[:1])
    pieces = [memoryview(bytes([index % 251])) for index in range(5000)]
    file.append([SampleRun(0, 0, (512, 5000, KEYFRAME, 0), 5000)], pieces)
    file.close()
    assert path.read_bytes()[-5000:] == bytes(index % 251 for index in range(5000))
    assert read_recording(path).samples == [1]


def test_failed_creation_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "x.partial.mp4"
    with pytest.raises(StorageMissingError):
        FragmentedFileWriter(tmp_path / "none" / "x.partial.mp4", written_tracks())
    path.write_bytes(b"of another")
    with pytest.raises(StorageError):
        FragmentedFileWriter(path, written_tracks())
    assert path.read_bytes() == b"of another"
    with pytest.raises(struct.error):
        FragmentedFileWriter(
            tmp_path / "y.partial.mp4", [replace(written_tracks()[0], timescale=-1)]
        )


def test_recording_truncated_while_copying_is_not_published(tmp_path: Path) -> None:
    path = tmp_path / "x.partial.mp4"
    write(path)
    recording = read_recording(path)
    os.truncate(path, recording.size - 100)
    target = tmp_path / "other" / "clip.mp4"
    target.parent.mkdir()
    with pytest.raises(StorageError, match="truncated"):
        faststart.finish(recording, target, 0.0)
    assert list(target.parent.iterdir()) == []
    assert path.exists()


def test_size_and_duration_of_a_copy_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "x.partial.mp4"
    write(path)
    recording = read_recording(path)
    finished = faststart.finish(recording, tmp_path / "clip.mp4", 0.0)
    assert finished.size == finished.path.stat().st_size
    faststart._check(finished.path, finished.size, finished.duration)
    for size, duration in ((finished.size + 1, finished.duration), (finished.size, 99.0)):
        with pytest.raises(OSError, match="differs"):
            faststart._check(finished.path, size, duration)


def test_claim_never_replaces_a_file(tmp_path: Path) -> None:
    copy, path = tmp_path / "copy", tmp_path / "clip.mp4"
    with pytest.raises(StorageMissingError):
        faststart._claim(copy, path)
    assert not path.exists()
    path.write_bytes(b"somebody's")
    copy.write_bytes(b"ours")
    with pytest.raises(MediaExistsError):
        faststart._claim(copy, path)
    assert path.read_bytes() == b"somebody's"


def test_fragment_without_a_file_is_refused(tmp_path: Path) -> None:
    files = ClipFiles(library_in(tmp_path), orientation=1, path=None)
    with pytest.raises(FragmentError, match="without a file"):
        files.write([Fragment(None, 0.0, (run(),), (memoryview(bytes(400)),))])
    files.close()
    assert files.parts == []


def test_finishing_a_long_recording_needs_little_memory(tmp_path: Path) -> None:
    """Measured in another process: this one has grown before."""
    command = [sys.executable, "-m", "tests.core.clips.finish_child", str(tmp_path), "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    grown, samples, _ = map(float, done.stdout.split())
    assert beginning_of(tmp_path / "long.mp4") == [b"ftyp", b"moov", b"mdat"]
    # The tables take about 8 bytes per sample in the file.
    assert grown * 1024 < 28 * samples


def test_gap_too_long_for_a_sample_table_keeps_the_fragments(tmp_path: Path) -> None:
    partial, path = tmp_path / "x.partial.mp4", tmp_path / "x.mp4"
    file = FragmentedFileWriter(partial, written_tracks()[:1])
    timescale = written_tracks()[0].timescale
    away = (1 << 32) + 5 * timescale
    for start in (0, away):
        one = run(start=start)
        file.append([one], [memoryview(bytes(one.size))])
    file.close()
    finished = faststart.finish(read_recording(partial), path, 0.0)
    assert beginning_of(path)[2:4] == [b"moof", b"mdat"]
    assert finished.duration == pytest.approx((away + 2048) / timescale)
    with av.open(str(path)) as container:
        assert [packet.dts for packet in container.demux(video=0) if packet.size][4:] == [
            away + index * 512 for index in range(4)
        ]
