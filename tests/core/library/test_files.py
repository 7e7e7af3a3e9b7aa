"""Tests of names, atomic writes, and the duration of an MP4."""

from datetime import UTC, datetime
from fractions import Fraction
import os
from pathlib import Path
import struct

import av
from hypothesis import example, given, strategies as st
import numpy as np
import pytest

from custom_components.retrocam.core.errors import (
    StorageError,
    StorageMissingError,
)
from custom_components.retrocam.core.files import (
    commit_file,
    free_space,
    read_image,
)
from custom_components.retrocam.core.library.files import (
    EXTENSIONS,
    MAX_TIME_MS,
    format_name,
    parse_name,
    partial_path,
    to_ms,
    write_atomic,
)
from custom_components.retrocam.core.mp4.duration import mp4_duration

from ..frames.stills import listing

NAME = "20260102T030405.678Z.jpg"
TIME_MS = 1_767_323_045_678


def test_name_holds_the_utc_time() -> None:
    time = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC).timestamp()
    assert format_name(to_ms(time), "jpg") == NAME
    assert parse_name(NAME) == (TIME_MS, "jpg")


@given(time=st.integers(0, MAX_TIME_MS), extension=st.sampled_from(EXTENSIONS))
def test_every_name_is_parsed_back(time: int, extension: str) -> None:
    name = format_name(time, extension)
    assert len(name) == 24
    assert parse_name(name) == (time, extension)


@given(times=st.lists(st.integers(0, MAX_TIME_MS), min_size=2))
def test_names_sort_by_time(times: list[int]) -> None:
    names = [format_name(time, "png") for time in times]
    assert sorted(names) == [format_name(time, "png") for time in sorted(times)]


@given(name=st.text())
@example(name="")
@example(name=f"../{NAME}")
@example(name=f"/{NAME}")
@example(name=f"{NAME}/")
@example(name=f"{NAME}\n")
@example(name=f"{NAME}\0")
@example(name="%2e%2e%2f" + NAME)
@example(name=NAME.replace(".678", "..78"))
@example(name="20260102T030405.678Z.gif")
@example(name="20260102T030405.678Z.JPG")
@example(name="20260102T030405.678Z.partial.jpg")
@example(name="20260102T030405,678Z.jpg")
@example(name="2026010²T030405.678Z.jpg")
@example(name="٢٠٢٦٠١٠٢T030405.678Z.jpg")
@example(name="20261302T030405.678Z.jpg")
@example(name="20260230T030405.678Z.jpg")
@example(name="20260102T240405.678Z.jpg")
@example(name="20260102T030460.678Z.jpg")
@example(name="19691231T235959.999Z.jpg")
def test_malformed_names_are_rejected(name: str) -> None:
    parsed = parse_name(name)
    assert parsed is None or format_name(*parsed) == name


@given(name=st.from_regex(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z\.(jpg|png|mp4)", fullmatch=True))
def test_well_formed_name_must_be_a_valid_time(name: str) -> None:
    parsed = parse_name(name)
    assert parsed is None or format_name(*parsed) == name


@pytest.mark.parametrize("time", [-0.01, float("nan"), float("inf"), 1e300, 253_402_300_800.0])
def test_time_out_of_range_raises_value_error(time: float) -> None:
    with pytest.raises(ValueError, match="named after"):
        to_ms(time)


def test_write_is_complete_and_leaves_no_partial_file(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_atomic(path, b"one")
    write_atomic(path, b"two" * 100_000)
    assert read_image(path) == b"two" * 100_000
    assert listing(tmp_path) == [NAME]


def test_partial_file_of_a_crash_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / NAME
    partial_path(path).write_bytes(b"much longer than what comes")
    write_atomic(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert listing(tmp_path) == [NAME]


def test_failed_write_leaves_no_partial_file(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(StorageError) as caught:
        write_atomic(tmp_path / NAME, b"x")
    assert caught.value.code == "storage_failed"
    assert listing(tmp_path) == [NAME]


def test_missing_directory_raises_storage_missing(tmp_path: Path) -> None:
    with pytest.raises(StorageMissingError):
        write_atomic(tmp_path / "gone" / NAME, b"x")
    with pytest.raises(StorageMissingError):
        free_space(tmp_path / "gone")
    with pytest.raises(StorageMissingError):
        commit_file(tmp_path / "gone", tmp_path / NAME, sync=True)


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    path = tmp_path / NAME
    path.symlink_to(secret)
    partial_path(path).symlink_to(secret)
    with pytest.raises(FileNotFoundError):
        read_image(path)
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "nothing")
    write_atomic(path, b"public")
    assert path.read_bytes() == b"public"
    assert secret.read_bytes() == b"secret"
    assert listing(tmp_path) == sorted([NAME, "secret"])


def test_hard_link_at_the_partial_path_is_not_written(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    partial_path(tmp_path / NAME).hardlink_to(secret)
    write_atomic(tmp_path / NAME, b"public")
    assert secret.read_bytes() == b"secret"


def test_fifo_at_the_partial_path_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / NAME
    os.mkfifo(partial_path(path))
    write_atomic(path, b"whole")
    assert path.read_bytes() == b"whole"


@pytest.mark.parametrize("options", [{"movflags": "faststart"}, {}])
def test_mp4_duration(tmp_path: Path, options: dict[str, str]) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", container_options=options) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height = 64, 64
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert mp4_duration(path) == 2500


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def header(version: int, timescale: int, duration: int) -> bytes:
    times = struct.pack(">16xIQ" if version else ">8xII", timescale, duration)
    return box(b"moov", box(b"mvhd", bytes((version, 0, 0, 0)) + times))


@pytest.mark.parametrize(
    ("data", "duration"),
    [
        (header(0, 1000, 1500), 1500),
        (header(1, 90_000, 90_000 * 7200), 7_200_000),
        (
            box(b"ftyp", b"isom")
            + struct.pack(">I4sQ", 1, b"mdat", 20)
            + b"1234"
            + header(0, 1, 2),
            2000,
        ),
        (header(0, 0, 5), 0),
        (header(0, 1000, 0xFFFFFFFF), 0),
        (header(1, 1, 1 << 60), 0),
        (box(b"moov", box(b"mvhd", b"\0")), 0),
        (box(b"moov", box(b"trak", b"")), 0),
        (struct.pack(">I4s", 0, b"mdat") + b"to the end", 0),
        (struct.pack(">I4s", 3, b"mdat"), 0),
        (box(b"free", b"") * 100 + header(0, 1000, 1500), 0),
        (b"", 0),
        (b"no boxes at all, but a text", 0),
    ],
)
def test_mp4_duration_of_unusual_headers(tmp_path: Path, data: bytes, duration: int) -> None:
    (tmp_path / "x.mp4").write_bytes(data)
    assert mp4_duration(tmp_path / "x.mp4") == duration
