"""Frames of the past: CPU of a JPEG of any time, against ffmpeg on the same video in a file.

    python -m benchmarks.frames

Prints one JSON object. A film, encoded as a 720p camera sends it, is cut into segments as Home Assistant
does and held by a ring. Ours finds, decodes and encodes the frame of a time; the peer is a process of
`ffmpeg -ss TIME -frames:v 1`. The strip is all keyframes of a minute at 160 pixels, against one process
of `ffmpeg -skip_frame nokey`.
"""

from collections.abc import Callable
from dataclasses import asdict
import json
from pathlib import Path
from random import Random
import resource
import subprocess
from typing import Final

from benchmarks.measuring import Case, Result, alternate, cpu, repeats, scratch
from benchmarks.videos import bunny_1080p
from custom_components.retrocam.core.footage.frame_reader import FrameReader
from custom_components.retrocam.core.footage.held import HeldFootage, RingFootage
from tests.core.media import cut, ring_of

SECONDS: Final = 62
GOP: Final = 50
"""Frames: two seconds."""
TIMES: Final = 10
RUNS: Final = repeats(5)
STRIP_WIDTH: Final = 160


def camera_file(target: Path) -> None:
    """Encode a minute as a camera does: H.264 High in 720p25 at 2 Mbit/s, without B-frames."""
    command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(bunny_1080p())]
    command += ["-t", str(SECONDS), "-an", "-vf", "scale=1280:720,fps=25", "-pix_fmt", "yuv420p"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-bf", "0"]
    command += ["-g", str(GOP), "-keyint_min", str(GOP), "-sc_threshold", "0"]
    command += ["-b:v", "2M", "-maxrate", "2M", "-bufsize", "2M", str(target)]
    subprocess.run(command, check=True)


def peer(*arguments: str) -> float:
    """Return the CPU of one ffmpeg process, in ms."""
    before = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)
    return (cpu(resource.RUSAGE_CHILDREN) - before) * 1000


def spent(work: Callable[[], object]) -> float:
    """Return the CPU of this process for some work, in ms."""
    before = cpu()
    work()
    return (cpu() - before) * 1000


class FrameBench:
    """One minute in a ring and in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "camera.mp4"
        camera_file(self.file)
        ring, _ = ring_of(cut(self.file.read_bytes()))
        self.held: HeldFootage = RingFootage(ring).held()
        self.start = self.held.segments[0].start
        self.length = self.held.segments[-1].end - self.start
        random = Random(18)  # noqa: S311  # chooses times
        self.times = [random.uniform(0, self.length - 1) for _ in range(TIMES)]
        self.reader = FrameReader()

    def ours(self, *, fast: bool = False) -> float:
        """Return the CPU of a frame, in ms: the mean of all times."""

        def read() -> None:
            for time in self.times:
                self.reader.jpeg(self.held, self.start + time, 1, width=0, fast=fast)

        return spent(read) / TIMES

    def ffmpeg(self) -> float:
        """Return the CPU of an ffmpeg process for a frame, in ms: the mean of all times."""
        target = str(self.folder / "frame.jpg")
        spent_each = [
            peer("-ss", f"{time:.3f}", "-i", str(self.file), "-frames:v", "1", target)
            for time in self.times
        ]
        return sum(spent_each) / TIMES

    def strip(self) -> float:
        """Return the CPU of all keyframes at the width of a strip, in ms."""
        step = GOP / 25

        def read() -> None:
            for number in range(int(self.length / step)):
                time = self.start + number * step + 0.01
                self.reader.jpeg(self.held, time, 1, width=STRIP_WIDTH, fast=True)

        return spent(read)

    def ffmpeg_strip(self) -> float:
        """Return the CPU of one ffmpeg process for these keyframes, in ms."""
        source = ("-skip_frame", "nokey", "-i", str(self.file), "-vsync", "passthrough")
        target = str(self.folder / "strip-%d.jpg")
        return peer(*source, "-vf", f"scale={STRIP_WIDTH}:-2", target)


def results() -> list[Result]:
    with scratch() as name:
        bench = FrameBench(Path(name))
        # Imports and the first decoder are not part of it.
        bench.ours()
        return [
            alternate(bench.ours, bench.ffmpeg, RUNS).result(
                "an exact frame of 720p with a keyframe every 2 s, against an ffmpeg process",
                unit="ms CPU",
                bar=0.75,
            ),
            alternate(lambda: bench.ours(fast=True), bench.ours, RUNS).result(
                "the keyframe before a time, against the exact frame", unit="ms CPU", bar=0.3
            ),
            alternate(bench.strip, bench.ffmpeg_strip, RUNS).result(
                "the keyframes of a minute at 160 pixels, against an ffmpeg process",
                unit="ms CPU",
                bar=1.0,
            ),
        ]


CASE = Case(
    name="frames",
    compares="frames of the past against ffmpeg on a file",
    run=results,
)


if __name__ == "__main__":
    print(json.dumps([asdict(result) for result in results()], indent=2))
