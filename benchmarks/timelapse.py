"""Timelapse: CPU against ffmpeg with the same images and the same encoder settings.

    python benchmarks/timelapse.py CLIP [--pictures N] [--runs N] [--width W]

Prints one JSON object. N frames of CLIP are saved as JPEG; both sides make an H.264 MP4 of them
with the same number of threads and fast start. CPU is user and system, of this process without
imports and of the ffmpeg process, one after the other; the ratio is the median of the pairs.
ffmpeg decodes on one thread as well, since more threads cost it more CPU.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
import itertools
import json
import os
from pathlib import Path
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import av

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Case, Details, Result, cpu, repeats
from benchmarks.videos import bunny_1080p
from custom_components.retrocam.core.frames.jpeg import encode
from custom_components.retrocam.core.library.timelapse import CRF, PRESET, Timelapse, make_timelapse

FPS = 25


def save_pictures(clip: Path, directory: Path, count: int) -> list[Path]:
    """Save frames of a clip; a shorter clip is repeated."""
    paths: list[Path] = []
    with av.open(str(clip)) as container:
        for frame in itertools.islice(container.decode(video=0), count):
            paths.append(directory / f"{len(paths):06}.jpg")
            paths[-1].write_bytes(encode(frame))
    for number, path in enumerate(paths[: count - len(paths)], len(paths)):
        paths.append(directory / f"{number:06}.jpg")
        paths[-1].hardlink_to(path)
    return paths


def ours(paths: list[Path], target: Path, width: int) -> tuple[float, float, Timelapse]:
    """Return CPU and wall time in s, and the result."""
    start, wall = cpu(resource.RUSAGE_SELF), time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(make_timelapse, paths, target, fps=FPS, width=width).result()
    return cpu(resource.RUSAGE_SELF) - start, time.perf_counter() - wall, made


def ffmpeg(directory: Path, target: Path, width: int) -> tuple[float, float]:
    """Return CPU and wall time in s."""
    threads = str(max(1, (os.process_cpu_count() or 1) // 2))
    scale = f"scale={width}:-2:out_range=tv" if width else "scale=out_range=tv"
    source = ["-threads", "1", "-framerate", str(FPS), "-i", str(directory / "%06d.jpg")]
    encoder = ["-c:v", "libx264", "-preset", PRESET, "-crf", str(CRF), "-g", str(2 * FPS)]
    output = ["-threads", threads, "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(target)]
    start, wall = cpu(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *source, "-vf", scale, *encoder, *output], check=True
    )
    return cpu(resource.RUSAGE_CHILDREN) - start, time.perf_counter() - wall


def compare(clip: Path, pictures: int, runs: int, width: int) -> Details:
    ratios, rounds, size = [], [], {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "stills").mkdir()
        paths = save_pictures(clip, directory / "stills", pictures)
        for _ in range(runs):
            own, own_wall, made = ours(paths, directory / "ours.mp4", width)
            peer, peer_wall = ffmpeg(directory / "stills", directory / "ffmpeg.mp4", width)
            ratios.append(own / peer)
            size = {"pictures": made.frames, "width": made.width, "height": made.height}
            rounds.append(
                {
                    "ours_cpu_s": round(own, 2),
                    "ffmpeg_cpu_s": round(peer, 2),
                    "ours_wall_s": round(own_wall, 2),
                    "ffmpeg_wall_s": round(peer_wall, 2),
                    "ours_bytes": made.path.stat().st_size,
                    "ffmpeg_bytes": (directory / "ffmpeg.mp4").stat().st_size,
                }
            )
    return {"ratio": round(statistics.median(ratios), 3), **size, "runs": rounds}


def results() -> list[Result]:
    figures = compare(bunny_1080p(), 1000, repeats(3), 0)
    return [
        Result(
            what=f"timelapse of {figures['pictures']} frames of 1080p, against ffmpeg",
            ours=statistics.median(one["ours_cpu_s"] for one in figures["runs"]),
            peer=statistics.median(one["ffmpeg_cpu_s"] for one in figures["runs"]),
            ratio=figures["ratio"],
            unit="s CPU",
            bar=1.1,
            details=figures,
        )
    ]


CASE = Case(
    name="timelapse",
    compares="a timelapse, against ffmpeg with the same pictures and encoder settings",
    run=results,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--width", type=int, default=0)
    chosen = parser.parse_args()
    figures = compare(chosen.clip, chosen.pictures, chosen.runs, chosen.width)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
