"""Clips of what is on tape, in memory, or both."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.clips.result import ClipResult
from custom_components.retrocam.core.clips.writer import ClipWriter
from custom_components.retrocam.core.errors import StorageError
from custom_components.retrocam.core.tape.store import TapeLimits

from ..clips.clip_checks import ended, library_in, numbers_in
from ..media import cut, encode
from ..tape.taping import files_of
from .runs import SOURCES
from .taped_camera import TapedCamera


def writer_of(camera: TapedCamera, start: float, end: float) -> ClipWriter:
    """Return the writer of a clip between two UNIX times."""
    ring = camera.ring
    shift = camera.clock.wall() - ring.now
    library = library_in(camera.folder / "recordings")
    library.load()
    held = camera.footage.on_timeline(start - 30, end + 15, shift)
    return ClipWriter(
        ring,
        library,
        lookback=end - start,
        duration=0,
        trigger=end - shift,
        earlier=camera.footage.dropped(held),
    )


def clip(camera: TapedCamera, start: float, end: float) -> ClipResult:
    writer = writer_of(camera, start, end)
    writer.start()
    return ended(writer)


def frames_in(result: ClipResult) -> list[int]:
    """Return the numbers of a clip's frames, each there once without a gap."""
    numbers = [number for number in numbers_in(result.path) if number is not None]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return numbers


@pytest.mark.parametrize("kind", SOURCES)
def test_clip_over_the_seam_is_whole(kind: str, tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(700, **SOURCES[kind])))
    camera.write()
    now = camera.clock.wall()
    result = clip(camera, now - 20, now - 2)
    assert result.complete
    assert result.duration == pytest.approx(18, abs=2.1)
    assert len(frames_in(result)) == pytest.approx(25 * result.duration, abs=2)
    assert result.parts[0].start == pytest.approx(now - 20, abs=2.1)


def test_clip_while_the_disk_is_behind_is_whole(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    source = cut(encode(850))
    camera.feed(source[:2])
    camera.write()
    camera.feed(source[2:])
    assert camera.writer.unwritten[0].number < camera.ring.segments[0].number
    now = camera.clock.wall()
    result = clip(camera, now - 30, now - 1)
    assert result.complete
    assert len(frames_in(result)) == pytest.approx(25 * result.duration, abs=2)
    assert result.duration > 28.9


def test_clip_from_tape_only(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(1000)))
    camera.write()
    now = camera.clock.wall()
    assert camera.footage.in_memory().segments[0].start > now - 15
    result = clip(camera, now - 35, now - 25)
    assert result.complete
    assert result.duration == pytest.approx(10, abs=2.1)
    assert len(frames_in(result)) == pytest.approx(25 * result.duration, abs=2)


def test_clip_over_a_restart(tmp_path: Path) -> None:
    before = TapedCamera(tmp_path)
    before.feed(cut(encode(425)))
    before.write()
    ended_at = before.clock.wall()
    after = TapedCamera(tmp_path)
    after.clock.now = 77.0
    after.clock.wall_ahead = ended_at + 20 - 77
    while after.store.read_indexes():
        pass
    # Before the camera is back, and after.
    alone = clip(after, ended_at - 10, ended_at + 5)
    assert alone.reason == "source_gone"
    numbers = frames_in(alone)
    after.feed(cut(encode(425, first=2000)))
    both = clip(after, ended_at - 10, after.clock.wall() - 1)
    assert both.reason == "interrupted"
    assert both.missing == pytest.approx(20, abs=1.5)
    joined = [number for number in numbers_in(both.path) if number is not None]
    assert joined[: len(numbers)] == numbers
    assert joined[len(numbers)] == 2000
    assert joined[len(numbers) :] == list(range(2000, 2000 + len(joined) - len(numbers)))
    assert both.parts[0].start == pytest.approx(ended_at - 10, abs=2.1)


def test_what_a_clip_is_cut_from_is_not_deleted(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(425)))
    camera.write()
    camera.clock.now += 30
    camera.feed(cut(encode(425, first=1000)), run=1)
    camera.write()
    (first, second) = files_of(tmp_path)
    now = camera.clock.wall()
    writer = writer_of(camera, now - 60, now - 40)
    camera.store.limits = TapeLimits(hours=1, size=1, min_free=0)
    camera.store.apply_limits()
    assert files_of(tmp_path) == [first]
    assert not second.exists()
    writer.start()
    result = ended(writer)
    assert len(frames_in(result)) > 300
    del writer
    camera.store.apply_limits()
    assert files_of(tmp_path) == []


def test_drive_that_fails_while_a_clip_is_cut_ends_it(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(1000)))
    camera.write()
    now = camera.clock.wall()
    writer = writer_of(camera, now - 35, now - 25)
    files_of(tmp_path)[0].unlink()
    writer.start()
    result = ended(writer)
    assert isinstance(result.error, StorageError)
    assert result.parts == ()
