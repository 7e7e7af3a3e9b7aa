"""Snapshots: scan, memory and lists of a large history, and CPU against one ffmpeg a snapshot.

    python benchmarks/snapshots.py [CLIP[@SECONDS] ...] [--files N] [--shots N] [--runs N]

Prints one JSON object. The history is made of N small files in a temporary directory, with names a
second apart; it is warm in the cache. The stall is the longest time by which a timer of 1 ms of an
event loop comes late while another thread loads the store. The index's peak is of traced Python
memory during the load.

Each CLIP (H.264 in MP4) is cut at its first keyframe from SECONDS on, and served by a GStreamer
RTSP server, when there is one; `ffmpeg -rtsp_transport tcp -i URL -frames:v 1` takes a snapshot of
it, as people do today. Ours takes the same keyframe from a segment that a stream's ring holds:
decoded by a kept decoder, encoded, saved with its place in the index, and with a thumbnail for each
as if all were looked at. The stream worker, which runs anyway, is not counted.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import io
import json
from pathlib import Path
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc

import av

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Case, Details, Result, cpu
from benchmarks.videos import as_camera, bunny_720p, bunny_1080p
from custom_components.retrocam.core.decoder import KeyframeDecoder
from custom_components.retrocam.core.files import format_name
from custom_components.retrocam.core.parts import Segment
from custom_components.retrocam.core.segments import SegmentRing
from custom_components.retrocam.core.snapshots import SnapshotStore
from custom_components.retrocam.core.stills import StillEncoder

START = 1_760_000_000
DETAILED = 20
"""Seconds into the 1080p clip, to its most detailed scene; the next keyframe makes the largest JPEG."""

RTSP_SERVER = """
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f'( filesrc location="{sys.argv[1]}" ! qtdemux ! h264parse config-interval=-1 '
                   '! rtph264pay name=pay0 pt=96 )')
server = GstRtspServer.RTSPServer()
server.set_service("0")
server.get_mount_points().add_factory("/clip", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A fragment of an MP4, as the stream worker cuts it."""

    data: bytes
    duration: float
    has_keyframe: bool = True


def per_call(function: Callable[[], object], calls: int = 500) -> float:
    """Give the wall time of a call in ms."""
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls * 1000


def fill(directory: Path, count: int) -> None:
    for number in range(count):
        (directory / format_name((START + number) * 1000, "jpg")).write_bytes(b"x")


async def load_beside_a_loop(store: SnapshotStore) -> tuple[float, float]:
    """Load in a thread: seconds that it takes, and the loop's longest stall in ms."""
    worst, running = 0.0, True

    async def beat() -> None:
        nonlocal worst
        while running:
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - due)

    # The thread must be there already, and the loop have settled.
    await asyncio.to_thread(len, "")
    heart = asyncio.create_task(beat())
    await asyncio.sleep(0.02)
    worst, start = 0.0, time.perf_counter()
    await asyncio.to_thread(store.load)
    seconds = time.perf_counter() - start
    running = False
    await heart
    return seconds, worst * 1000


def history(directory: Path, count: int, runs: int) -> Details:
    fill(directory, count)
    loads = [asyncio.run(load_beside_a_loop(SnapshotStore(directory))) for _ in range(runs)]
    tracemalloc.start()
    store = SnapshotStore(directory)
    store.load()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    middle = START + count / 2
    return {
        "files": count,
        "scan_s": round(statistics.median(seconds for seconds, _ in loads), 3),
        "stall_ms": round(statistics.median(stall for _, stall in loads), 2),
        "stall_ms_worst": round(max(stall for _, stall in loads), 2),
        "bytes_per_file": round(store.index.nbytes / count, 2),
        "peak_bytes_per_file": round(peak / count, 1),
        "list_50_ms": round(per_call(lambda: store.latest(50)), 4),
        "list_50_before_ms": round(per_call(lambda: store.latest(50, before=middle)), 4),
        "refresh_ms": round(per_call(store.refresh), 4),
    }


def small_history(directory: Path) -> float:
    """Give the ms for listing 50 of 1,000, to see that it does not grow."""
    fill(directory, 1000)
    store = SnapshotStore(directory)
    store.load()
    return round(per_call(lambda: store.latest(50)), 4)


def cut(clip: Path, start: float, file: Path | io.BytesIO, movflags: str) -> None:
    """Copy a clip from its first keyframe at `start` seconds or later."""
    target_file = str(file) if isinstance(file, Path) else file
    with (
        av.open(str(clip)) as source,
        av.open(target_file, "w", format="mp4", container_options={"movflags": movflags}) as target,
    ):
        video = source.streams.video[0]
        stream = target.add_stream_from_template(video)
        begun = False
        for packet in source.demux(video):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            begun = begun or (packet.is_keyframe and packet.pts * packet.time_base >= start)
            if begun:
                packet.stream = stream
                target.mux(packet)


def first_keyframe(clip: Path) -> tuple[Segment, Part]:
    """Cut a clip into fragments, and hold the first as a ring does."""
    file = io.BytesIO()
    cut(clip, 0, file, "frag_keyframe+empty_moov+default_base_moof")
    data = file.getvalue()
    first, second = [place for place, kind in boxes(data) if kind in {b"moof", b"mfra"}][:2]
    ring, part = SegmentRing(1e9, 1 << 40), Part(data[first:second], 1.0)
    ring.begin(0, data[:first])
    ring.add_part(part)
    return ring.segments[0], part


def boxes(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(data):
        yield place, data[place + 4 : place + 8]
        place += int.from_bytes(data[place : place + 4])


def ours(segment: Segment, part: Part, directory: Path, shots: int) -> dict[str, float]:
    """Give CPU in ms a snapshot: of its decoding alone, without and with its thumbnail."""
    store = SnapshotStore(directory)
    store.load()
    decoder, encoder = KeyframeDecoder(), StillEncoder()
    names = []
    start = cpu()
    for _ in range(shots):
        decoder.decode(segment, part, 1)
    decoded = cpu() - start
    start = cpu()
    for number in range(shots):
        picture = decoder.decode(segment, part, 1)
        still = encoder.encode(picture.frame, "jpeg")
        names.append(store.save(still, START + number).name)
    saved = cpu() - start
    for name in names:
        store.thumbnail(name)
    both = cpu() - start
    spent = {"decoding": decoded, "saved": saved, "with_thumbnail": both}
    return {what: seconds / shots * 1000 for what, seconds in spent.items()}


@contextmanager
def rtsp(clip: Path) -> Iterator[str | None]:
    """Serve a clip by RTSP; gives None where there is no GStreamer RTSP server."""
    command = ["/usr/bin/python3", "-s", "-c", RTSP_SERVER, str(clip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        port = server.stdout.readline().decode().strip() if server.stdout else ""
        try:
            yield f"rtsp://127.0.0.1:{port}/clip" if port else None
        finally:
            server.kill()


def ffmpeg(url: str, target: Path) -> float:
    """Give the CPU of one ffmpeg that takes one snapshot, in ms."""
    command = ["ffmpeg", "-v", "error", "-y", "-rtsp_transport", "tcp", "-i", url]
    start = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "-frames:v", "1", str(target)], check=True)
    return (cpu(resource.RUSAGE_CHILDREN) - start) * 1000


def compare(source: str, shots: int, runs: int) -> Details:
    name, _, seconds = source.partition("@")
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        clip = directory / "clip.mp4"
        cut(Path(name), float(seconds or 0), clip, "faststart")
        segment, part = first_keyframe(clip)
        with rtsp(clip) as url:
            mine, theirs = [], []
            for run in range(runs):
                mine.append(ours(segment, part, directory / str(run), shots))
                theirs += [ffmpeg(url, directory / "ffmpeg.jpg")] if url else []
        size = max(path.stat().st_size for path in (directory / "0").glob("*.jpg"))
    result: Details = {"clip": Path(name).name + "@" + seconds, "jpeg_bytes": size}
    result["decoding_ms"] = round(statistics.median(run["decoding"] for run in mine), 2)
    for key in ("saved", "with_thumbnail"):
        own = statistics.median(run[key] for run in mine)
        result[f"{key}_ms"] = round(own, 2)
        if theirs:
            result[f"ffmpeg_per_{key}"] = round(statistics.median(theirs) / own, 1)
    if theirs:
        result["ffmpeg_ms"] = round(statistics.median(theirs), 1)
    return result


def histories(files: int, runs: int) -> Details:
    with tempfile.TemporaryDirectory() as large, tempfile.TemporaryDirectory() as small:
        found = history(Path(large), files, runs)
        return {**found, "list_50_of_1000_ms": small_history(Path(small))}


def history_results() -> list[Result]:
    found = histories(100_000, 5)
    many = f"{found['files']} snapshots"
    newest, of_few = found["list_50_ms"], found["list_50_of_1000_ms"]
    return [
        Result(what=f"scan of {many}", ours=found["scan_s"], unit="s", bar=0.6, details=found),
        Result(what="the loop's stall by it", ours=found["stall_ms"], unit="ms", bar=10),
        Result(what="index", ours=found["bytes_per_file"], unit="B a snapshot", bar=32),
        Result(what=f"newest 50 of {many}", ours=newest, unit="ms", bar=1),
        Result(
            what="the same, against newest 50 of 1000",
            ours=newest,
            peer=of_few,
            ratio=newest / of_few,
            unit="ms",
            bar=1.25,
        ),
    ]


def against_ffmpeg(name: str, source: Path) -> Result:
    shot = compare(str(source), 60, 5)
    if "ffmpeg_ms" not in shot:
        raise RuntimeError("this machine lacks GStreamer's RTSP server")
    return Result(
        what=f"a snapshot of {name}, against an ffmpeg process",
        ours=shot["saved_ms"],
        peer=shot["ffmpeg_ms"],
        ratio=1 / shot["ffmpeg_per_saved"],
        unit="ms CPU",
        bar=1 / 15,
        details=shot,
    )


def against_decoding(name: str, source: str) -> Result:
    """Compare where decoding the keyframe takes most of it: nobody can take less than that."""
    shot = compare(source, 60, 5)
    return Result(
        what=f"a snapshot of {name}, against decoding its keyframe",
        ours=shot["saved_ms"],
        peer=shot["decoding_ms"],
        ratio=shot["saved_ms"] / shot["decoding_ms"],
        unit="ms CPU",
        bar=1.5,
        details=shot,
    )


def shot_results() -> list[Result]:
    with tempfile.TemporaryDirectory() as directory:
        camera = Path(directory) / "camera.mp4"
        as_camera(bunny_1080p(), DETAILED, camera)
        first = against_ffmpeg("detailed 720p of 2 Mbit/s", camera)
    return [
        first,
        against_decoding("720p, 105 kB", str(bunny_720p())),
        against_decoding("1080p, 521 kB", f"{bunny_1080p()}@{DETAILED}"),
    ]


def results() -> list[Result]:
    return [*shot_results(), *history_results()]


CASE = Case(
    name="snapshots",
    compares="a snapshot against one ffmpeg process; a history of 100,000 against its limits",
    run=results,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--shots", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    kept = histories(chosen.files, chosen.runs)
    clips = [compare(clip, chosen.shots, chosen.runs) for clip in chosen.clips]
    print(json.dumps({"history": kept, "clips": clips}, indent=2))


if __name__ == "__main__":
    main()
