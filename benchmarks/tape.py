"""The tapes of 16 cameras: CPU of their threads, against ffmpeg processes that do the same.

    python -m benchmarks.tape

Prints one JSON object. A film, as a 720p camera sends it, is given to 16 rings in real time, in parts of
a second. Ours are the threads of their tapes; the peers are 16 processes of `ffmpeg -c copy -f segment`,
which read the same film from a file in real time: cheaper for them than a connection each.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
import json
from pathlib import Path
import statistics
import subprocess
import threading
import time
from typing import Final

from benchmarks.frames import camera_file
from benchmarks.measuring import Case, Result, length, process_cpu, repeats, scratch
from custom_components.retrocam.core.mp4.fragment_reader import samples
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.tape.store import TapeLimits, TapeStore
from custom_components.retrocam.core.tape.writer import TapeWriter
from tests.core.clips.clip_checks import steps
from tests.core.media import Cut, Part, cut

CAMERAS: Final = 16
WINDOW: Final = length(20.0)
"""Seconds measured each time."""
WARM_UP: Final = 6.0
RUNS: Final = repeats(3)
NAME: Final = "retrocam tape bench"
LIMITS: Final = TapeLimits(hours=8760, size=0, min_free=1)


def wait(until: float) -> None:
    """Wait until a monotonic time."""
    threading.Event().wait(max(0.0, until - time.monotonic()))


class Feeder(threading.Thread):
    """Gives each ring a part a second."""

    def __init__(self, source: Sequence[Cut]) -> None:
        super().__init__(name="feeder")
        self.rings = [SegmentRing(10, 1 << 40) for _ in range(CAMERAS)]
        self.ended = threading.Event()
        self.media = 0
        """Bytes of frames given to each ring."""
        self._steps = steps(source)

    def run(self) -> None:
        """Feed until `ended`."""
        count, at = 0, time.monotonic()
        while not self.ended.is_set():
            init, part, first, ends = self._steps[count % len(self._steps)]
            for ring in self.rings:
                self._give(ring, init, replace(part), first=first, ends=ends)
            video = self.rings[0].segments[-1].video
            assert video is not None  # noqa: S101  # the film has video
            self.media += sum(sample.size for sample in samples(part.data, video))
            at, count = at + part.duration, count + 1
            wait(at)

    @staticmethod
    def _give(ring: SegmentRing, init: bytes, part: Part, *, first: bool, ends: bool) -> None:
        if first:
            ring.begin(0, init)
        ring.add_part(part)
        if ends:
            ring.finish(6.0)


def resident(pid: int | str = "self") -> float:
    """Return the memory that a process has for itself, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    found = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(found) * 1024 / 1e6


def thread_cpu() -> float:
    """Return the CPU seconds of all tapes' threads."""
    tapes = [thread for thread in threading.enumerate() if thread.name == NAME]
    assert len(tapes) == CAMERAS  # noqa: S101  # all are measured
    return sum(
        time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in tapes
        if thread.ident is not None
    )


class TapeBench:
    """Sixteen cameras."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "camera.mp4"
        camera_file(self.file)
        self.source = [one for one in cut(self.file.read_bytes()) if one.duration]
        self.disk_over_media = self.memory = self.peer_memory = 0.0

    def ours(self, run: int) -> float:
        """Return the CPU of a camera, in ms a second."""
        feeder = Feeder(self.source)
        stores = [TapeStore(self.folder / f"ours{run}-{index}", LIMITS) for index in range(CAMERAS)]
        writers = [
            TapeWriter(ring, store, name=NAME)
            for ring, store in zip(feeder.rings, stores, strict=True)
        ]
        before = resident()
        feeder.start()
        for writer in writers:
            writer.start()
        wait(time.monotonic() + WARM_UP)
        began, cpu = time.monotonic(), thread_cpu()
        wait(began + WINDOW)
        spent = (thread_cpu() - cpu) / (time.monotonic() - began) / CAMERAS * 1000
        # The rings share the film, which was in memory before.
        self.memory = max(0.0, resident() - before)
        feeder.ended.set()
        feeder.join()
        for writer in writers:
            writer.stop()
        for writer in writers:
            writer.join()
        written = [path for path in stores[0].directory.glob("*/*") if path.is_file()]
        self.disk_over_media = sum(path.stat().st_size for path in written) / feeder.media
        return spent

    def peers(self, run: int) -> float:
        """Return the CPU of a process, in ms a second."""
        command = ["ffmpeg", "-v", "error", "-y", "-re", "-stream_loop", "-1", "-i", str(self.file)]
        command += ["-c", "copy", "-f", "segment", "-segment_time", "60"]
        processes = [
            subprocess.Popen([*command, str(self.folder / f"peer{run}-{index}-%d.mp4")])
            for index in range(CAMERAS)
        ]
        try:
            wait(time.monotonic() + WARM_UP)
            began, cpu = time.monotonic(), sum(map(process_cpu, processes))
            wait(began + WINDOW)
            spent = (
                (sum(map(process_cpu, processes)) - cpu)
                / (time.monotonic() - began)
                / CAMERAS
                * 1000
            )
            self.peer_memory = sum(resident(process.pid) for process in processes)
            return spent
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


def results() -> list[Result]:
    with scratch() as name:
        bench = TapeBench(Path(name))
        pairs = [(bench.peers(run), bench.ours(run)) for run in range(RUNS)]
        peers, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratios = [ours / peer for peer, ours in pairs]
        return [
            Result(
                what="16 cameras of 720p25 at 2 Mbit/s: CPU of a tape, against a process of "
                "ffmpeg -c copy -f segment",
                ours=ours,
                unit="ms CPU/s",
                bar=0.2,
                peer=peers,
                ratio=statistics.median(ratios),
                details={"ratios": [round(ratio, 3) for ratio in sorted(ratios)]},
            ),
            Result(
                what="16 cameras of 720p25: memory beside the video",
                ours=bench.memory,
                unit="MB",
                bar=0.1,
                peer=bench.peer_memory,
                ratio=bench.memory / bench.peer_memory,
            ),
            Result(
                what="bytes on disk, indexes included, against the bytes of the frames",
                ours=bench.disk_over_media,
                unit="x",
                bar=1.005,
            ),
        ]


CASE = Case(
    name="tape",
    compares="the tapes of 16 cameras against ffmpeg -c copy -f segment",
    run=results,
)


if __name__ == "__main__":
    print(json.dumps([asdict(result) for result in results()], indent=2))
