"""What a crash leaves of a clip is in the library after the next start, all but its last part."""

from functools import cache
import os
from pathlib import Path
import subprocess
import sys
import tempfile

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.clips.recovery import recover
from custom_components.retrocam.core.errors import FragmentError
from custom_components.retrocam.core.library.files import partial_path

from ...house import ROOT
from ..media import cut, encode
from .clip_checks import Camera, beginning_of, decode_gaps, ended, library_in, numbers_in

NAME = "20240102T030405.678Z.mp4"


@cache
def recorded() -> bytes:
    """A complete recording of 8 s in fragments."""
    with tempfile.TemporaryDirectory() as folder, Camera(Path(folder)) as camera:
        camera.feed(cut(encode(200, bframes=2, sound=True, container="mp4")))
        (Path(folder) / "copy").mkdir()
        kept: list[bytes] = []
        trigger = camera.ring.now - 1
        writer = camera.writer(
            9, 0, trigger=trigger, on_write=lambda _: kept.append(_partial(camera.folder))
        )
        ended(writer)
        return kept[-1]


def _partial(folder: Path) -> bytes:
    (path,) = folder.glob("*.partial.mp4")
    return path.read_bytes()


def fragment_ends(data: bytes) -> list[int]:
    ends, position = [], 0
    while position < len(data):
        kind = data[position + 4 : position + 8]
        position += int.from_bytes(data[position : position + 4])
        if kind == b"mdat":
            ends.append(position)
    return ends


def leave(folder: Path, data: bytes, name: str = NAME) -> Path:
    folder.mkdir(exist_ok=True)
    partial = partial_path(folder / name)
    partial.write_bytes(data)
    return partial


@pytest.fixture
def killed(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, int]:
    """A recording whose process was killed after part of its parts."""
    share: float = request.param
    with subprocess.Popen(
        [sys.executable, "-m", "tests.core.clips.clip_child", str(tmp_path / "recordings")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            parts = int(child.stdout.readline())
            fed, size = max(2, int(parts * share)), 0
            for _ in range(fed):
                child.stdin.write("\n")
                size = int(child.stdout.readline())
        finally:
            child.kill()
    assert size > 10_000
    return tmp_path / "recordings", fed


@pytest.mark.long
@pytest.mark.parametrize("killed", [0.3, 0.6, 0.95], indirect=True)
def test_killed_recording_is_recovered(
    killed: tuple[Path, int],
) -> None:
    folder, fed = killed
    library = library_in(folder)
    found = recover(library, library.load())
    (clip,) = found
    numbers = numbers_in(clip.path)
    assert numbers == list(range(len(numbers)))
    # Parts have 23 frames, the last one of a segment fewer; at most the last part is lost.
    assert len(numbers) >= (fed - 1) * 20
    assert beginning_of(clip.path) == [b"ftyp", b"moov", b"mdat"]
    assert (min(decode_gaps(clip.path)) > 0, max(decode_gaps(clip.path)) <= 2 / 25) == (True, True)
    (item,) = library.page(9)
    assert item == clip.item
    assert item.duration == pytest.approx(len(numbers) / 25, abs=0.001)
    assert item.time == clip.start
    assert library.thumbnail(item.name)
    assert list(folder.glob("*.partial*")) == []


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_truncation_anywhere_keeps_all_complete_fragments(data: st.DataObject) -> None:
    whole = recorded()
    end = data.draw(st.integers(0, len(whole)))
    tail = data.draw(st.binary(max_size=40))
    ends = [one for one in fragment_ends(whole) if one <= end]
    # A fragment is complete with all its bytes; only a decoder can check their values.
    tail = tail[: min((one for one in fragment_ends(whole) if one > end), default=end) - end - 1]
    with tempfile.TemporaryDirectory() as name:
        leave(Path(name), whole[:end] + tail)
        library = library_in(Path(name))
        found = recover(library, library.load())
        assert len(found) == bool(ends)
        assert library.total == bool(ends)
        assert list(Path(name).glob("*.partial*")) == []
        if ends:
            # The clip has exactly the frames of the complete fragments.
            path = Path(name) / "whole.mp4"
            path.write_bytes(whole[: ends[-1]])
            assert numbers_in(found[0].path) == numbers_in(path)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_anywhere_gives_a_recording_or_a_fragment_error(data: st.DataObject) -> None:
    damaged = bytearray(recorded())
    ends = fragment_ends(recorded())
    # Only headers are parsed; media data is copied.
    places = st.one_of(st.integers(0, 1500), *(st.integers(end, end + 900) for end in ends[:-1]))
    for place in data.draw(st.lists(places, min_size=1, max_size=5)):
        damaged[place] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as name:
        partial = leave(Path(name), bytes(damaged))
        try:
            recording = read_recording(partial)
        except FragmentError:
            return
        assert recording.duration >= 0
        assert recording.size <= len(damaged)
        assert sum(table.size for table in recording.tables) == recording.media_size


def test_several_files_are_recovered_oldest_first_and_garbage_deleted(tmp_path: Path) -> None:
    later = "20240102T040405.678Z.mp4"
    leave(tmp_path, recorded(), later)
    leave(tmp_path, recorded())
    leave(tmp_path, b"", "20240102T050405.678Z.mp4")
    leave(tmp_path, os.urandom(5000), "20240102T060405.678Z.mp4")
    library = library_in(tmp_path)
    found = recover(library, library.load())
    assert [clip.path.name for clip in found] == [NAME, later]
    assert sorted(item.name for item in library.page(9)) == [NAME, later]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".thumbnails", NAME, later]


def test_crash_while_finishing_loses_nothing(tmp_path: Path) -> None:
    partial = leave(tmp_path, recorded())
    partial.with_suffix(".copy").write_bytes(b"half a copy")
    library = library_in(tmp_path)
    (clip,) = recover(library, library.load())
    assert numbers_in(clip.path) == list(range(len(numbers_in(clip.path))))
    # Killed between publishing and deleting, it is not recovered twice.
    leave(tmp_path, recorded())
    again = library_in(tmp_path)
    assert recover(again, again.load()) == []
    assert again.total == 1
    assert list(tmp_path.glob("*.partial*")) == []


def test_failed_recovery_leaves_the_file_for_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    partial = leave(tmp_path, recorded())
    library = library_in(tmp_path)
    partials = library.load()
    (tmp_path / NAME).symlink_to("elsewhere")
    assert recover(library, partials) == []
    assert f"Cannot finish {partial}" in caplog.text
    assert partial.exists()
    (tmp_path / NAME).unlink()
    assert len(recover(library, partials)) == 1


def test_recovery_leaves_other_names_alone(tmp_path: Path) -> None:
    other = tmp_path / "holiday.partial.mp4"
    other.write_bytes(recorded())
    library = library_in(tmp_path)
    assert library.load() == []
    assert recover(library, [other]) == []
    assert other.read_bytes() == recorded()
