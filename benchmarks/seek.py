"""Pictures and clips out of 30 days of tape, against ffmpeg on the one right file.

    python -m benchmarks.seek

Prints one JSON object. Ten minutes of a film, as a 720p camera sends it, are taped; other files of the
same bytes and other names make up 30 days. Ours knows only the time; the peer is given the file.
"""

from dataclasses import asdict, replace
import json
import os
from pathlib import Path
from random import Random
import time as clocks
from typing import Final

from benchmarks.frames import camera_file, peer, spent
from benchmarks.measuring import Case, Result, alternate, repeats, scratch
from custom_components.retrocam.core.clips.writer import ClipWriter
from custom_components.retrocam.core.footage.frame_reader import FrameReader
from custom_components.retrocam.core.footage.joined import Footage, TapeFootage
from custom_components.retrocam.core.library.store import MediaLibrary
from custom_components.retrocam.core.segments.cursors import Backlog
from custom_components.retrocam.core.tape.store import TapeLimits, TapeStore
from custom_components.retrocam.core.tape.writer import TapeWriter
from tests.core.media import cut, feed, ring_of

DAYS: Final = 30
FILE_SECONDS: Final = 600
TIMES: Final = 10
RUNS: Final = repeats(5)
CLIP: Final = 60.0
LIMITS: Final = TapeLimits(hours=8760, size=0, min_free=0)


class SeekBench:
    """Thirty days on tape."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        source = folder / "camera.mp4"
        camera_file(source)
        minute = [one for one in cut(source.read_bytes()) if one.duration]
        self.ring, self.clock = ring_of(seconds=10)
        written = self._store()
        writer = TapeWriter(self.ring, written, backlog=Backlog(1e9, 1 << 40))
        writer.start()
        while self.clock.now < 5000 + FILE_SECONDS - 70:
            copies = [replace(one, parts=[replace(part) for part in one.parts]) for one in minute]
            feed(self.ring, copies, self.clock)
        writer.stop()
        writer.join()
        (self.file,) = (folder / "tape").glob("*/*.mp4")
        ((found, self.end),) = written.files(0, 1e10)
        self.start = found.start
        self._fill(written)
        random = Random(19)  # noqa: S311  # chooses times
        self.times = [random.uniform(1, self.end - self.start - 70) for _ in range(TIMES)]
        # As after a restart.
        self.store = self._store()
        self.store.load()
        while self.store.read_indexes():
            pass
        ring, self.later = ring_of()
        self.later.wall_ahead = self.clock.wall() + 60 - self.later.now
        self.new_ring = ring
        self.footage = Footage(ring)
        self.footage.tape = TapeFootage(self.store)
        self.reader = FrameReader()

    def _store(self) -> TapeStore:
        return TapeStore(self.folder / "tape", LIMITS)

    def _fill(self, store: TapeStore) -> None:
        """Make links to the file with the names of 30 days before."""
        index = self.file.with_suffix(".idx")
        for number in range(1, DAYS * 86_400 // FILE_SECONDS):
            path = store.path(round((self.start - number * FILE_SECONDS) * 1000))
            path.parent.mkdir(exist_ok=True)
            os.link(self.file, path)
            os.link(index, path.with_suffix(".idx"))

    def frame(self) -> float:
        """Return the CPU of a picture, in ms: the mean of all times."""

        def read() -> None:
            for offset in self.times:
                time = self.start + offset
                held = self.footage.held(time - 30, time + 30)
                self.reader.jpeg(held, time, 1, width=0, fast=False)

        return spent(read) / TIMES

    def ffmpeg_frame(self) -> float:
        """Return the CPU of an ffmpeg process for a picture, in ms: the mean of all times."""
        target = str(self.folder / "frame.jpg")
        return (
            sum(
                peer("-ss", f"{offset:.3f}", "-i", str(self.file), "-frames:v", "1", target)
                for offset in self.times
            )
            / TIMES
        )

    def clip(self) -> float:
        """Return the CPU of a clip of a minute, in ms: the mean of some times."""
        library = MediaLibrary(self.folder / "clips", extensions=("mp4",))
        library.load()

        def write() -> None:
            for offset in self.times[:3]:
                self._write_clip(library, self.start + offset)

        return spent(write) / 3

    def _write_clip(self, library: MediaLibrary, start: float) -> None:
        shift = self.later.wall() - self.new_ring.now
        held = self.footage.on_timeline(start - 30, start + CLIP + 15, shift)
        writer = ClipWriter(
            self.new_ring,
            library,
            lookback=CLIP,
            duration=0,
            trigger=start + CLIP - shift,
            earlier=self.footage.dropped(held),
        )
        writer.start()
        writer.join()
        result = writer.result
        assert result is not None  # noqa: S101  # it has ended
        assert result.duration >= CLIP - 1, result  # noqa: S101  # a benchmark of the whole work

    def ffmpeg_clip(self) -> float:
        """Return the CPU of an ffmpeg process that copies a minute, in ms: the mean of some times."""
        target = str(self.folder / "clip.mp4")
        options = ("-t", str(CLIP), "-c", "copy", "-movflags", "+faststart", target)
        return (
            sum(
                peer("-ss", f"{offset:.3f}", "-i", str(self.file), *options)
                for offset in self.times[:3]
            )
            / 3
        )

    def loading(self) -> tuple[float, float]:
        """Return the seconds until the files are known, and until all of their lengths are."""
        store = self._store()
        began = clocks.monotonic()
        store.load()
        known = clocks.monotonic()
        while store.read_indexes():
            pass
        return known - began, clocks.monotonic() - began


def results() -> list[Result]:
    with scratch() as name:
        bench = SeekBench(Path(name))
        # Imports and the first decoder are not part of it.
        bench.frame()
        bench.clip()
        loads = sorted(bench.loading() for _ in range(RUNS))
        known, whole = loads[RUNS // 2]
        files = DAYS * 86_400 // FILE_SECONDS
        return [
            alternate(bench.frame, bench.ffmpeg_frame, RUNS).result(
                "an exact frame of 720p out of 30 days, against an ffmpeg process on its file",
                unit="ms CPU",
                bar=0.75,
            ),
            alternate(bench.clip, bench.ffmpeg_clip, RUNS).result(
                "a clip of a minute out of 30 days, against ffmpeg -c copy on its file",
                unit="ms CPU",
                bar=0.75,
            ),
            Result(
                what=f"the index of 30 days: {files} files known",
                ours=known * 1000,
                unit="ms",
                bar=100,
            ),
            Result(
                what=f"the index of 30 days: all lengths of {files} files read",
                ours=whole * 1000,
                unit="ms",
                bar=1000,
            ),
        ]


CASE = Case(
    name="seek",
    compares="pictures and clips out of 30 days of tape against ffmpeg on the right file",
    run=results,
)


if __name__ == "__main__":
    print(json.dumps([asdict(result) for result in results()], indent=2))
