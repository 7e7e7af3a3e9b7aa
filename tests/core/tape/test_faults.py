"""A disk that is full, read-only, gone or hangs: the ring goes on, and the tape when it can."""

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import queue
import subprocess

import pytest

from custom_components.retrocam.core.errors import (
    StorageError,
    StorageFullError,
    StorageMissingError,
    StorageReadOnlyError,
)
from custom_components.retrocam.core.segments.cursors import Backlog
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.tape.writer import TapeWriter

from ...stream.stalling import StallingDirectory
from ...waiting import until
from ..library.disks import mounted_disk
from ..media import Clock, Cut, Part, cut, encode, feed, ring_of
from .taping import WITHIN, files_of, loaded, numbers_in, store_in, taping

SECONDS = 20
BACKLOG = Backlog(seconds=3.5, size=1 << 40)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs that has room for some seconds."""
    with mounted_disk(tmp_path / "disk", "512k") as folder:
        yield folder


class Feeder:
    """Feeds a ring second by second, of numbered frames."""

    def __init__(self) -> None:
        self.ring: SegmentRing
        self.ring, self.clock = ring_of(seconds=2)
        video = encode(25 * (SECONDS + 2), gop=25)
        self._cuts = cut(video, low_latency=False, min_segment=0.9)[:SECONDS]
        self.fed = 0

    def feed(self, count: int) -> None:
        feed(self.ring, self._cuts[self.fed : self.fed + count], self.clock)
        self.fed += count


@pytest.fixture
def feeder() -> Feeder:
    return Feeder()


class Changes:
    """The problems that a tape has told, each waited for in turn."""

    def __init__(self) -> None:
        self._told = queue.SimpleQueue[StorageError | None]()

    def __call__(self, problem: StorageError | None) -> None:
        self._told.put(problem)

    def wait(self, kind: type[StorageError] | None) -> None:
        """Return once a problem of this kind is told, or with None that there is none."""
        while True:
            problem = self._told.get(timeout=WITHIN)
            if (type(problem) if problem else None) is kind:
                return


def seconds_in(folder: Path) -> list[list[int]]:
    """Return the seconds of video in each file, checked frame by frame."""
    found = []
    for path in files_of(folder):
        numbers = numbers_in(path)
        first, rest = divmod(numbers[0] or 0, 25)
        assert rest == 0
        assert numbers == list(range(first * 25, first * 25 + len(numbers)))
        found.append(list(range(first, first + len(numbers) // 25)))
    return found


def test_full_disk_leaves_a_gap(small_disk: Path, feeder: Feeder) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(480_000))
    changes = Changes()
    store = store_in(small_disk, feeder.clock)
    with taping(feeder.ring, store, backlog=BACKLOG, on_change=changes) as writer:
        feeder.feed(12)
        changes.wait(StorageFullError)
        filler.unlink()
        changes.wait(None)
        feeder.feed(4)
    assert_gap_is_told(small_disk, feeder, writer)


def assert_gap_is_told(folder: Path, feeder: Feeder, writer: TapeWriter) -> None:
    """Check that what is on tape and what was lost are all that came."""
    taped = [second for file in seconds_in(folder) for second in file]
    assert taped == sorted(set(taped))
    assert taped[-1] == feeder.fed - 1
    assert writer.lost == pytest.approx(feeder.fed - len(taped), abs=0.1)
    assert writer.problem is None
    store = loaded(folder, feeder.clock)
    seconds = sum(end - start for start, end in store.spans(0, 1e10))
    assert seconds == pytest.approx(len(taped), abs=0.1)


def test_full_disk_that_has_room_again_soon_loses_nothing(small_disk: Path, feeder: Feeder) -> None:
    changes = Changes()
    filler = small_disk / "filler"
    with taping(feeder.ring, store_in(small_disk, feeder.clock), on_change=changes) as writer:
        feeder.feed(2)
        filler.write_bytes(bytes(480_000))
        feeder.feed(8)
        changes.wait(StorageFullError)
        filler.unlink()
        changes.wait(None)
        feeder.feed(2)
    assert writer.lost < 1
    assert_gap_is_told(small_disk, feeder, writer)


def remount(path: Path, mode: str) -> None:
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*root, "mount", "-o", f"remount,{mode}", str(path)], check=True)


def test_read_only_disk_leaves_a_gap(small_disk: Path, feeder: Feeder) -> None:
    changes = Changes()
    remount(small_disk, "ro")
    store = store_in(small_disk, feeder.clock)
    with taping(feeder.ring, store, backlog=BACKLOG, on_change=changes) as writer:
        feeder.feed(8)
        changes.wait(StorageReadOnlyError)
        remount(small_disk, "rw")
        changes.wait(None)
        feeder.feed(2)
    assert_gap_is_told(small_disk, feeder, writer)
    assert writer.lost >= 3


def test_removed_directory_is_made_again(tmp_path: Path, feeder: Feeder) -> None:
    changes = Changes()
    store = store_in(tmp_path, feeder.clock)
    store.load()
    (tmp_path / "tape").rmdir()
    with taping(feeder.ring, store, on_change=changes) as writer:
        feeder.feed(3)
        changes.wait(StorageMissingError)
        changes.wait(None)
        feeder.feed(3)
    assert seconds_in(tmp_path) == [list(range(6))]
    assert writer.lost == 0


async def test_drive_that_hangs_holds_up_nobody(tmp_path: Path, feeder: Feeder) -> None:
    async with StallingDirectory.mounted(tmp_path) as drive:
        store = store_in(drive.path, feeder.clock)
        writer = TapeWriter(feeder.ring, store, flush=0.01, backlog=BACKLOG)
        writer.start()
        feeder.feed(2)
        await until(lambda: store.total_bytes)
        await until(lambda: not writer.unwritten)
        drive.pause()
        feeder.feed(1)
        await until(lambda: writer.behind > 0.1)
        # The ring takes what comes; the tape holds no more than its backlog.
        feeder.feed(12)
        assert feeder.ring.segments[-1].number == feeder.fed - 1
        held = sum(segment.duration for segment in writer.unwritten)
        assert held <= 1 + BACKLOG.seconds + 2
        assert not drive.rescued
        drive.resume()
        await until(lambda: not writer.unwritten)
        feeder.feed(3)
        writer.stop()
        assert writer.join(WITHIN)
        assert writer.lost >= 12 - BACKLOG.seconds - 2
        assert_gap_is_told(drive.path, feeder, writer)


async def test_drive_that_was_disconnected_is_used_again(tmp_path: Path, feeder: Feeder) -> None:
    async with StallingDirectory.mounted(tmp_path) as drive:
        store = store_in(drive.path / "porch", feeder.clock)
        writer = TapeWriter(feeder.ring, store, flush=0.01, backlog=BACKLOG)
        writer.start()
        feeder.feed(2)
        await until(lambda: store.total_bytes and not writer.unwritten)
        drive.disconnect()
        feeder.feed(8)
        await until(lambda: isinstance(writer.problem, StorageMissingError))
        drive.vanish()
        feeder.feed(1)
        await until(lambda: list(drive.path.iterdir()) == [])
        await drive.mount()
        await until(lambda: writer.problem is None)
        feeder.feed(3)
        writer.stop()
        assert writer.join(WITHIN)
        assert writer.lost > 0
        assert_gap_is_told(drive.path / "porch", feeder, writer)


def test_unexpected_error_is_survived(tmp_path: Path, feeder: Feeder) -> None:
    changes = Changes()
    bugs: list[Callable[[], int]] = [lambda: 1 // 0, lambda: 1 // 0, lambda: 1 << 50]

    def free(_: Path) -> int:
        return bugs.pop(0)() if len(bugs) > 1 else bugs[0]()

    store = store_in(tmp_path, feeder.clock, free=free)
    store.limits = store.limits.__class__(hours=1, size=0, min_free=1)
    with taping(feeder.ring, store, on_change=changes):
        feeder.feed(3)
        changes.wait(StorageError)
        changes.wait(None)
        feeder.feed(3)
    assert seconds_in(tmp_path) == [list(range(6))]


def test_what_comes_while_nothing_is_written_is_unwritten(feeder: Feeder, tmp_path: Path) -> None:
    clock: Clock = feeder.clock
    writer = TapeWriter(feeder.ring, store_in(tmp_path, clock), flush=1e6)
    feeder.feed(5)
    assert [segment.number for segment in writer.unwritten] == list(range(5))
    assert len(feeder.ring.segments) == 2
    writer.start()
    writer.stop()
    assert writer.join(WITHIN)
    assert writer.unwritten == ()
    assert seconds_in(tmp_path) == [list(range(5))]


def test_switching_off_and_on_repeats_nothing(feeder: Feeder, tmp_path: Path) -> None:
    store = store_in(tmp_path, feeder.clock)
    one = Cut(feeder._cuts[7].init, [Part(0.5, True, feeder._cuts[7].parts[0].data)])
    for count in (4, 3):
        with taping(feeder.ring, store):
            feeder.feed(count)
    # A segment in progress was begun by the writer before.
    with taping(feeder.ring, store):
        feed(feeder.ring, [one], feeder.clock)
    feeder.fed += 1
    with taping(feeder.ring, store):
        feeder.feed(3)
    taped = [second for file in seconds_in(tmp_path) for second in file]
    assert taped == list(range(11))
