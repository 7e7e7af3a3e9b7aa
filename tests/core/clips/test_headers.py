"""Headers of clips: creation time in UTC and title, as other software reads them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
import struct

import pytest

from custom_components.retrocam.core.clips import faststart
from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.clips.recovery import recover
from custom_components.retrocam.core.library.files import parse_name, partial_path
from custom_components.retrocam.core.mp4.boxes import Box, boxes
from custom_components.retrocam.core.mp4.fragment_reader import read_tracks
from custom_components.retrocam.core.mp4.movie_info import MAX_TITLE, MovieInfo
from custom_components.retrocam.core.mp4.movie_writer import fragmented_init
from custom_components.retrocam.datetimes import iso

from .clip_checks import Camera, ended, ffprobe, library_in
from .footage import cuts_of

TITLE = "Hof ä 门 <&> 😀"


def times_in(data: bytes, within: Box | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, creation and modification time of each header, seconds since 1904."""
    start, end = (0, None) if within is None else (within.body, within.end)
    for one in boxes(data, start, end):
        if one.kind in (b"mvhd", b"tkhd", b"mdhd"):
            yield one.kind, *struct.unpack_from(">QQ", data, one.body + 4)
        elif one.kind in (b"moov", b"trak", b"mdia"):
            yield from times_in(data, one)


def check(path: Path, time_ms: int, title: str = TITLE) -> None:
    shown = f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.000000Z"
    read = ffprobe(path, "-show_format", "-show_streams")
    assert read["format"]["tags"].get("title", "") == title
    for part in (read["format"], *read["streams"]):
        assert part["tags"]["creation_time"] == shown
    found = list(times_in(path.read_bytes()))
    assert [kind for kind, *_ in found] == [b"mvhd", b"tkhd", b"mdhd", b"tkhd", b"mdhd"]
    since_1904 = time_ms // 1000 + (date(1970, 1, 1) - date(1904, 1, 1)).days * 86_400
    assert {time for _, *times in found for time in times} == {since_1904}


def recorded(camera: Camera, path: Path | None = None) -> tuple[Path, float]:
    camera.feed(cuts_of(100, sound=True, container="mp4"))
    trigger = camera.ring.now - 1
    result = ended(camera.writer(3, 0, trigger=trigger, title=TITLE, path=path))
    (part,) = result.parts
    return part.path, part.start


# Their milliseconds are rounded up, down, and taken by another file.
@pytest.mark.parametrize("fraction", [0.0007, 0.2501, 0.9996])
def test_clip_tells_its_time_and_the_cameras_name(camera: Camera, fraction: float) -> None:
    camera.clock.wall_ahead += fraction
    path, start = recorded(camera)
    parsed = parse_name(path.name)
    assert parsed is not None
    check(path, parsed[0])
    assert start * 1000 == parsed[0]
    milliseconds = f"{path.name[:15]}.{path.name[16:19]}"
    assert iso(start).translate(str.maketrans("", "", "-:")).startswith(milliseconds)


def test_clip_of_a_time_that_is_taken(camera: Camera) -> None:
    first, _ = recorded(camera)
    again = ended(camera.writer(3, 0, trigger=camera.ring.now - 1, title=TITLE))
    (part,) = again.parts
    taken, given = (parse_name(path.name) or (0, "") for path in (first, part.path))
    assert given[0] == taken[0] + 1 == part.start * 1000


def test_clip_elsewhere_tells_the_same(camera: Camera, tmp_path: Path) -> None:
    path, start = recorded(camera, tmp_path / "elsewhere" / "clip.mp4")
    check(path, round(start * 1000))


def test_recovered_clip_tells_the_same(camera: Camera, tmp_path: Path) -> None:
    path = tmp_path / "crashed" / "20260102T030405.678Z.mp4"
    path.parent.mkdir()
    partial_path(path).write_bytes(partial_of(camera))
    library = library_in(path.parent)
    (clip,) = recover(library, library.load())
    assert clip.path == path
    check(path, (parse_name(path.name) or (0, ""))[0])


def partial_of(camera: Camera) -> bytes:
    """Return a complete recording in fragments."""
    kept: list[bytes] = []
    camera.feed(cuts_of(100, sound=True, container="mp4"))

    def keep(_seconds: float) -> None:
        (partial,) = camera.folder.glob("*.partial.mp4")
        kept.append(partial.read_bytes())

    ended(camera.writer(3, 0, trigger=camera.ring.now - 1, title=TITLE, on_write=keep))
    return kept[-1]


def test_clip_left_in_fragments_tells_the_same(camera: Camera, tmp_path: Path) -> None:
    partial, path = tmp_path / "x.partial.mp4", tmp_path / "x.mp4"
    partial.write_bytes(partial_of(camera))
    faststart._keep_fragments(
        recording := read_recording(partial), path, MovieInfo(1.6e9, recording_title(partial))
    )
    assert path.stat().st_size == recording.size
    check(path, 1_600_000_000_000)


def recording_title(path: Path) -> bytes:
    return read_recording(path).title


@pytest.mark.parametrize("title", [b"", b"\xff\xfe", b"x" * 5000], ids=len)
def test_title_is_read_as_it_was_written(tmp_path: Path, camera: Camera, title: bytes) -> None:
    whole, old = partial_of(camera), tmp_path / "old.partial.mp4"
    tracks = read_tracks(whole)
    plain = fragmented_init(tracks, info=MovieInfo(1.6e9, TITLE.encode()))
    other = fragmented_init(tracks, info=MovieInfo(0.0, title))
    assert whole.count(TITLE.encode()) == 1
    size = next(box.end for box in boxes(whole) if box.kind == b"moov")
    assert len(other) - len(plain) == _size(title) - _size(TITLE.encode())
    old.write_bytes(other + whole[size:])
    assert recording_title(old) == title[:MAX_TITLE]


def _size(title: bytes) -> int:
    return len(MovieInfo(0.0, title).user_data())
