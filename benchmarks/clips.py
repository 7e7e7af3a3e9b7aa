"""Clips: writing from the ring against `ffmpeg -c copy`, and the growth of memory.

    python benchmarks/clips.py CLIP [--seconds N] [--runs N]

Prints one JSON object. CLIP, looped to the given length, is cut into segments as Home Assistant
does. One side is a ClipWriter that writes all of them from a ring into a library, including fast
start; the other is `ffmpeg -c copy -movflags +faststart` on the same bytes in a file. Times are CPU,
user and system, of this process (without imports) and of ffmpeg; the sides alternate, and the
results are medians. ffmpeg makes no thumbnail, so ours is measured separately. Memory is the largest
growth of a process that fills the ring and writes the clip, against the bytes in the ring.
"""

import argparse
import json
from pathlib import Path
import pickle
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Case, Details, Result, cpu, repeats, status
from benchmarks.videos import bunny_1080p
from custom_components.retrocam.core.clips.writer import ClipWriter
from custom_components.retrocam.core.library.store import MediaLibrary
from custom_components.retrocam.core.library.thumbnails import Thumbnailer, clip_thumbnail
from custom_components.retrocam.core.mp4.duration import mp4_duration
from custom_components.retrocam.core.segments.ring import SegmentRing
from tests.core.media import Clock, Cut, Part, cut


def looped(clip: Path, seconds: float, folder: Path) -> list[Cut]:
    source = folder / "source.mp4"
    loop = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(clip), "-t", str(seconds + 15)]
    subprocess.run([*loop, "-c", "copy", str(source)], check=True)
    cuts: list[Cut] = []
    for one in cut(source.read_bytes()):
        if sum(part.duration for before in cuts for part in before.parts) >= seconds:
            break
        cuts.append(one)
    source.unlink()
    return cuts


class ClipBench:
    """A ring with all segments, and a library to write clips to."""

    def __init__(self, folder: Path, thumbnailer: Thumbnailer | None = None) -> None:
        self.clock = Clock()
        self.ring = SegmentRing(1e9, 1 << 40, self.clock, self.clock.wall)
        self.library = MediaLibrary(
            folder, extensions=("mp4",), thumbnailer=thumbnailer, prober=mp4_duration
        )
        self.library.load()

    def fill(self, cuts: list[Cut]) -> None:
        """Add segments to the ring."""
        for one in cuts:
            self.add(one.init, one.parts)

    def add(self, init: bytes, parts: list[Part]) -> None:
        """Add one segment to the ring, and advance the clock by its duration."""
        self.ring.begin(0, init)
        for part in parts:
            self.clock.now += part.duration
            self.ring.add_part(part)
        self.ring.finish(0)

    def write(self) -> dict[str, float]:
        """Write a clip of the whole ring, delete it again, and return CPU, time and size."""
        before, began = cpu(), time.perf_counter()
        end = self.ring.segments[-1].end - 0.5
        writer = ClipWriter(self.ring, self.library, lookback=1e9, duration=0, trigger=end)
        writer.start()
        writer.join()
        used, took = cpu() - before, time.perf_counter() - began
        result = writer.result
        if result is None or not result.complete:
            raise RuntimeError(f"the clip is incomplete: {result}")
        self.library.delete([part.path.name for part in result.parts])
        return {
            "cpu_ms": used * 1000,
            "wall_ms": took * 1000,
            "seconds": result.duration,
            "bytes": result.size,
        }


def copy_with_ffmpeg(source: Path, target: Path) -> float:
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-c", "copy"]
    before = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "-movflags", "+faststart", str(target)], check=True)
    used = cpu(resource.RUSAGE_CHILDREN) - before
    target.unlink()
    return used * 1000


def memory(stored: Path, folder: Path) -> dict[str, float]:
    """Fill a ring part by part, write a clip, and return the largest growth of this process."""
    side = ClipBench(folder)
    before = status("VmRSS")
    with stored.open("rb") as file:
        for _ in range(pickle.load(file)):  # noqa: S301  # written by this benchmark
            init, count = pickle.load(file)  # noqa: S301  # the same
            side.add(init, [pickle.load(file) for _ in range(count)])  # noqa: S301  # the same
    filled = status("VmRSS")
    side.write()
    grown = status("VmHWM") - before
    return {
        "held_bytes": side.ring.size,
        "grown_bytes": grown,
        "grown_by_clip_bytes": status("VmHWM") - filled,
        "grown_to_held": grown / side.ring.size,
    }


def measure_memory(cuts: list[Cut], folder: Path) -> dict[str, float]:
    stored = folder / "cuts"
    with stored.open("wb") as file:
        pickle.dump(len(cuts), file)
        for one in cuts:
            pickle.dump((one.init, len(one.parts)), file)
            for part in one.parts:
                pickle.dump(part, file)
    command = [sys.executable, __file__, "--memory", str(stored), str(folder / "memory")]
    figures: dict[str, float] = json.loads(subprocess.check_output(command))
    return figures


def run(clip: Path, seconds: float, runs: int) -> Details:
    folder = Path(tempfile.mkdtemp(prefix="retrocam-clips-"))
    try:
        cuts = looped(clip, seconds, folder)
        stored = folder / "same-bytes.mp4"
        with stored.open("wb") as file:
            file.write(cuts[0].init)
            file.writelines(part.data for one in cuts for part in one.parts)
        plain, full = ClipBench(folder / "plain"), ClipBench(folder / "full", clip_thumbnail)
        plain.fill(cuts)
        full.fill(cuts)
        rounds = [
            (
                copy_with_ffmpeg(stored, folder / "ffmpeg.mp4"),
                plain.write(),
                full.write()["cpu_ms"],
            )
            for _ in range(runs)
        ]
        theirs = statistics.median(one[0] for one in rounds)
        ours = {key: statistics.median(one[1][key] for one in rounds) for key in rounds[0][1]}
        pairs = [one[1]["cpu_ms"] / one[0] for one in rounds]
        return {
            "clip": clip.name,
            "ours": ours,
            "with_thumbnail_cpu_ms": statistics.median(one[2] for one in rounds),
            "ffmpeg_cpu_ms": theirs,
            "ratio": statistics.median(pairs),
            "ratios": sorted(pairs),
            "memory": measure_memory(cuts, folder),
        }
    finally:
        shutil.rmtree(folder)


def results() -> list[Result]:
    clip, seconds = bunny_1080p(), 60.0
    figures = run(clip, seconds, repeats(9))
    memory = figures["memory"]
    return [
        Result(
            what=f"writing {seconds:.0f} s of 1080p, against ffmpeg -c copy",
            ours=figures["ours"]["cpu_ms"],
            peer=figures["ffmpeg_cpu_ms"],
            ratio=figures["ratio"],
            unit="ms CPU",
            bar=0.9,
            details=figures,
        ),
        Result(
            what="growth of the process, against the bytes in the ring",
            ours=memory["grown_bytes"] / 1e6,
            peer=memory["held_bytes"] / 1e6,
            ratio=memory["grown_to_held"],
            unit="MB",
            bar=1.15,
        ),
    ]


CASE = Case(
    name="clips",
    compares="writing a clip from the ring, against ffmpeg -c copy with fast start",
    run=results,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--memory", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        figures: Details = dict(memory(*options.memory))
    elif options.clip:
        figures = run(options.clip, options.seconds, options.runs)
    else:
        parser.error("a CLIP is needed")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
