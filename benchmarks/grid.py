"""Grid: CPU of four cameras in one picture, against decoding them and against ffmpeg.

    python benchmarks/grid.py CLIP [--loops N] [--runs N]

Prints one JSON object. Four cameras show CLIP (H.264, ideally 1280x720 at 25 fps), and a grid of them is
encoded at 10 fps to MJPEG of 1280x720, quality 85. `decode` is the CPU of decoding the four alone;
`grid` that of decoding, composing and encoding by the camera's own compositor and encoder, with a
clock that runs as fast as the work is done. Both are measured with one decoder thread and with the
decoder's own choice of threads. `ffmpeg` does the same with xstack in one process, and is compared
with a whole process of ours. `idle_ms` is the CPU per second of a grid without viewers.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterator
import json
from pathlib import Path
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import override

import av
from av.codec.context import ThreadType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.core_only import ONLY_GRID
from benchmarks.measuring import Case, Details, Result, cpu, repeats, spent_in
from benchmarks.videos import bunny_720p
from custom_components.retrocam.core.frames.feed import Picture, PictureFeed, Sink
from custom_components.retrocam.core.frames.jpeg import JpegSink
from custom_components.retrocam.core.frames.jpeg_ring import FrameRing
from custom_components.retrocam.core.grid.compositor import Compositor, GridView
from custom_components.retrocam.core.grid.layout import Layout

FPS = 10
MEMBERS = 4


def frames(clip: Path, loops: int, *, threads: int) -> Iterator[av.VideoFrame]:
    """Decode a clip repeatedly; 0 threads leaves the choice to the decoder."""
    for _ in range(loops):
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = threads
            if not threads:
                stream.codec_context.thread_type = ThreadType.AUTO
            yield from container.decode(stream)


class Camera:
    """A member whose frames follow a simulated clock."""

    def __init__(self, name: str, pictures: Iterator[av.VideoFrame], fps: float) -> None:
        self.name = name
        self.longest_wait = 0.0
        self._pictures = pictures
        self._fps = fps
        self._shown = 0
        self._sink: Sink | None = None

    def subscribe(self, sink: Sink, *, keyframes_only: bool) -> Callable[[], None]:
        """Send frames to `sink` from now on."""
        self._sink = sink
        return lambda: None

    def pass_time(self, now: float) -> bool:
        """Send the frames due by `now`; return whether there are more."""
        while self._shown <= now * self._fps:
            if (frame := next(self._pictures, None)) is None:
                return False
            if self._sink is not None:
                self._sink(Picture(frame, now, now))
            self._shown += 1
        return True


class Time(threading.Event):
    """A clock that runs as fast as the cameras decode. Set when one has no more frames."""

    def __init__(self, cameras: list[Camera]) -> None:
        super().__init__()
        self.now = 0.0
        self._cameras = cameras

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        for camera in self._cameras:
            if not camera.pass_time(self.now):
                self.set()
        return self.is_set()


def rate(clip: Path) -> float:
    with av.open(str(clip)) as container:
        return float(container.streams.video[0].average_rate or 25)


def cameras_of(clip: Path, loops: int, threads: int) -> list[Camera]:
    fps = rate(clip)
    return [
        Camera(f"Camera {n + 1}", frames(clip, loops, threads=threads), fps) for n in range(MEMBERS)
    ]


def grid_of(cameras: list[Camera], clock: Callable[[], float]) -> Compositor:
    """Make a grid of the cameras; `clock` is both of its clocks."""
    return Compositor(
        list(cameras),
        width=1280,
        height=720,
        fps=FPS,
        view=GridView(Layout.QUAD),
        describe_gap=lambda _since: "no picture",
        clock=clock,
        wall_clock=clock,
    )


def decode(clip: Path, loops: int, threads: int) -> float:
    """Return the CPU seconds of decoding four streams, in step."""
    time_line = Time(cameras_of(clip, loops, threads))
    start = cpu()
    while not time_line.wait(1 / FPS):
        pass
    return cpu() - start


def compose(clip: Path, loops: int, threads: int) -> tuple[float, int, int]:
    """Return the CPU seconds of the grid, its number of frames, and their mean size in bytes."""
    cameras = cameras_of(clip, loops, threads)
    time_line = Time(cameras)
    grid = grid_of(cameras, lambda: time_line.now)
    ring = FrameRing(1)
    sink = JpegSink(ring, fps=FPS, width=0)
    start = cpu()
    grid.run(sink, time_line)
    spent = cpu() - start
    latest = ring.latest
    return spent, sink.encoded, len(latest.data) if latest else 0


def ffmpeg(clip: Path, loops: int, directory: Path) -> tuple[float, int]:
    """Return the CPU seconds of ffmpeg's grid, and the bytes per frame."""
    inputs = ["-stream_loop", str(loops - 1), "-i", str(clip)] * MEMBERS
    scaled = "".join(
        f"[{n}:v]fps={FPS},scale=640:360:flags=bilinear[t{n}];" for n in range(MEMBERS)
    )
    tiles = "".join(f"[t{n}]" for n in range(MEMBERS))
    graph = f"{scaled}{tiles}xstack=inputs={MEMBERS}:layout=0_0|w0_0|0_h0|w0_h0,format=yuvj420p"
    target = directory / "grid.mjpeg"
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", graph, "-an"]
    start = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "-c:v", "mjpeg", "-q:v", "3", str(target)], check=True)
    spent = cpu(resource.RUSAGE_CHILDREN) - start
    seconds = loops * duration(clip)
    return spent, round(target.stat().st_size / (seconds * FPS))


def duration(clip: Path) -> float:
    with av.open(str(clip)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size) / rate(clip)


def whole_process(clip: Path, loops: int) -> float:
    """Return the CPU seconds of a whole process with only the grid, imports included.

    It decodes as the integration does, in one thread per camera; ffmpeg uses the threads it chooses.
    """
    start = cpu(resource.RUSAGE_CHILDREN)
    command = [sys.executable, __file__, str(clip), "--loops", str(loops), ONLY_GRID]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return cpu(resource.RUSAGE_CHILDREN) - start


def idle(clip: Path) -> float:
    """Return the CPU milliseconds per second of a grid without viewers."""
    grid = grid_of(cameras_of(clip, 1, 1), time.monotonic)
    feed = PictureFeed("retrocam grid", grid)
    feed.subscribe(lambda _picture: None)()
    feed.close()
    return asyncio.run(spent_in(1, cpu)).cpu


def compare(clip: Path, loops: int, runs: int) -> Details:
    result: Details = {"clip": clip.name, "loops": loops, "runs": runs}
    for label, threads in (("one_thread", 1), ("auto", 0)):
        pairs = [(decode(clip, loops, threads), compose(clip, loops, threads)) for _ in range(runs)]
        grids = [grid[0] for _, grid in pairs]
        made, size = pairs[0][1][1:]
        result[label] = {
            "decode_s": round(statistics.median(alone for alone, _ in pairs), 3),
            "grid_s": round(statistics.median(grids), 3),
            "grid_per_decode": round(statistics.median(g[0] / alone for alone, g in pairs), 3),
            "ms_per_picture_over_decode": round(
                statistics.median((g[0] - alone) / made * 1000 for alone, g in pairs), 2
            ),
            "pictures": made,
            "jpeg_bytes": size,
        }
    with tempfile.TemporaryDirectory() as directory:
        rounds = [
            (ffmpeg(clip, loops, Path(directory)), whole_process(clip, loops)) for _ in range(runs)
        ]
    theirs, ours = [pair[0] for pair in rounds], [pair[1] for pair in rounds]
    result["ffmpeg_s"] = round(statistics.median(spent for spent, _ in theirs), 3)
    result["ffmpeg_jpeg_bytes"] = theirs[0][1]
    result["whole_process_s"] = round(statistics.median(ours), 3)
    result["whole_process_per_ffmpeg"] = round(
        statistics.median(mine / spent for mine, (spent, _) in zip(ours, theirs, strict=True)), 3
    )
    result["idle_ms"] = round(idle(clip), 2)
    return result


def results() -> list[Result]:
    figures = compare(bunny_720p(), 6, repeats(5))
    against_decoding = [
        Result(
            what=f"four 720p25 into 720p at {FPS} fps, {name}, against decoding them",
            ours=figures[key]["grid_s"],
            peer=figures[key]["decode_s"],
            ratio=figures[key]["grid_per_decode"],
            unit="s CPU",
            bar=1.3,
            details=figures[key],
        )
        for key, name in (("one_thread", "one thread"), ("auto", "automatic threads"))
    ]
    return [
        *against_decoding,
        Result(
            what="grid as a whole process, against ffmpeg xstack",
            ours=figures["whole_process_s"],
            peer=figures["ffmpeg_s"],
            ratio=figures["whole_process_per_ffmpeg"],
            unit="s CPU",
            bar=0.9,
            details={key: figures[key] for key in ("ffmpeg_jpeg_bytes", "loops", "runs")},
        ),
        Result(what="grid without viewers", ours=figures["idle_ms"], unit="ms CPU/s", bar=1),
    ]


CASE = Case(
    name="grid",
    compares="four cameras in one picture, against decoding them and against ffmpeg xstack",
    run=results,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--loops", type=int, default=6)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(ONLY_GRID, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_grid:
        print(compose(arguments.clip, arguments.loops, 1))
    else:
        print(json.dumps(compare(arguments.clip, arguments.loops, arguments.runs), indent=2))


if __name__ == "__main__":
    main()
