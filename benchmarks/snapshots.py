"""Snapshots: scan, memory and listing of a large history, and CPU against one ffmpeg per snapshot.

    python benchmarks/snapshots.py [CLIP[@SECONDS] ...] [--files N] [--shots N] [--runs N]

Prints one JSON object. The history is measured in `histories.py`.

Each CLIP (H.264 in MP4) is cut at its first keyframe from SECONDS on, and served by a GStreamer
RTSP server, if there is one; `ffmpeg -rtsp_transport tcp -i URL -frames:v 1` takes a snapshot of
it, as is common practice. Ours takes the same keyframe from a segment in a stream's ring: decoded
by a reused decoder, encoded, saved and indexed, and with a thumbnail for each as if all were viewed.
The stream worker, which runs anyway, is not counted.
"""

import argparse
from dataclasses import dataclass
import io
import json
from pathlib import Path
import resource
import statistics
import subprocess
import sys
import tempfile

import av

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.clip_server import rtsp
from benchmarks.histories import START, histories, history_results
from benchmarks.measuring import Case, Details, Result, cpu, repeats
from benchmarks.videos import as_camera, bunny_720p, bunny_1080p
from custom_components.retrocam.core.frames.decoder import KeyframeDecoder
from custom_components.retrocam.core.frames.image_codec import StillEncoder
from custom_components.retrocam.core.library.snapshots import save_still, snapshot_library
from custom_components.retrocam.core.mp4.boxes import boxes
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import Segment

DETAILED = 20
"""Seconds into the 1080p clip, to its most detailed scene; the next keyframe makes the largest JPEG."""


@dataclass(frozen=True, slots=True)
class Part:
    """A fragment of an MP4, as the stream worker cuts it."""

    data: bytes
    duration: float


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
    """Cut a clip into fragments, and return the first as a ring holds it."""
    file = io.BytesIO()
    cut(clip, 0, file, "frag_keyframe+empty_moov+default_base_moof")
    data = file.getvalue()
    first, second = [box.start for box in boxes(data) if box.kind in {b"moof", b"mfra"}][:2]
    ring, part = SegmentRing(1e9, 1 << 40), Part(data[first:second], 1.0)
    ring.begin(0, data[:first])
    ring.add_part(part)
    return ring.segments[0], part


def ours(segment: Segment, part: Part, directory: Path, shots: int) -> dict[str, float]:
    """Return CPU in ms per snapshot: of decoding alone, without and with a thumbnail."""
    store = snapshot_library(directory)
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
        names.append(save_still(store, still, START + number).name)
    saved = cpu() - start
    for name in names:
        store.thumbnail(name)
    both = cpu() - start
    spent = {"decoding": decoded, "saved": saved, "with_thumbnail": both}
    return {what: seconds / shots * 1000 for what, seconds in spent.items()}


def ffmpeg(url: str, target: Path) -> float:
    """Return the CPU of one ffmpeg process for one snapshot, in ms."""
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


def against_ffmpeg(name: str, source: Path) -> Result:
    shot = compare(str(source), 60, repeats(5))
    if "ffmpeg_ms" not in shot:
        raise RuntimeError("GStreamer's RTSP server is not installed")
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
    """Compare with decoding the keyframe where it takes most of the CPU: no peer can take less."""
    shot = compare(source, 60, repeats(5))
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
