"""Players: CPU of ASCII players for the terminal, against ours with decoding, at 120x50.

All run on one thread, on the same grid, and decode. Ours stops at the packet that is sent, theirs at
the terminal's bytes. mpv's null output, most of its CPU, is in the details. chafa shows only stills, so
it gets the frames as JPEG.
"""

from pathlib import Path
import resource
import shutil
import statistics
import subprocess
import tempfile

from benchmarks.cells import Cells, cpu, frame_rate, frames
from benchmarks.measuring import Case, Result, cpu as process_cpu, repeats
from benchmarks.videos import bunny_1080p
from custom_components.retrocam.core.frames.jpeg import encode


def peer_commands(clip: Path, cols: int, rows: int, count: int) -> dict[str, list[str]]:
    """Return the installed players, and mpv's null output."""
    size = f"{cols}x{rows}"
    mpv = ["mpv", "--no-config", "--really-quiet", "--no-audio", "--untimed", "--vd-lavc-threads=1"]
    mpv += [f"--frames={count}"]
    tct = ["--vo=tct", f"--vo-tct-width={cols}", f"--vo-tct-height={rows}"]
    commands = {
        "timg": ["timg", "--threads=1", "-pq", f"-g{size}", f"--frames={count}", "-V", str(clip)],
        "mpv --vo=null": [*mpv, "--vo=null", str(clip)],
        "mpv --vo=tct": [*mpv, *tct, str(clip)],
        "mpv --vo=caca": [*mpv, "--vo=caca", str(clip)],
    }
    ffmpeg = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-i", str(clip)]
    ffmpeg += ["-frames:v", str(count), "-an", "-pix_fmt", "rgb24"]
    commands["ffmpeg -f caca"] = [*ffmpeg, "-window_size", size, "-f", "caca", "-"]
    return {name: command for name, command in commands.items() if shutil.which(command[0])}


def peers(clip: Path, limit: int) -> dict[str, float]:
    """Return CPU milliseconds per frame of other players at 120x50, decoding included."""
    return play(peer_commands(clip, 120, 50, limit), limit)


def chafa(clip: Path, limit: int) -> dict[str, float]:
    """Return the same for chafa, which plays no video: it gets the frames as JPEG."""
    if not shutil.which("chafa"):
        return {}
    with tempfile.TemporaryDirectory() as directory:
        paths: list[Path] = []
        for frame in frames(clip, "AUTO", limit):
            paths.append(Path(directory) / f"{len(paths):06}.jpg")
            paths[-1].write_bytes(encode(frame))
        command = ["chafa", "--threads=1", "--size=120x50", "--stretch", *map(str, paths)]
        return play({"chafa, of JPEG": command}, len(paths))


def play(commands: dict[str, list[str]], limit: int) -> dict[str, float]:
    """Return CPU milliseconds per frame of each command, without those that fail."""
    result = {}
    for name, command in commands.items():
        environment = {"CACA_DRIVER": "raw", "CACA_GEOMETRY": "120x50", "TERM": "xterm-256color"}
        before = process_cpu(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            ["/usr/bin/env", *(f"{key}={value}" for key, value in environment.items()), *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        spent = process_cpu(resource.RUSAGE_CHILDREN) - before
        if done.returncode == 0:
            result[name] = round(spent / limit * 1000, 2)
    return result


def peer_results(clip: Path, limit: int, runs: int) -> list[Result]:
    """Measure other players, and ours, at 120x50 with decoding; ours must take less than each."""
    rounds: list[dict[str, float]] = []
    mine = []
    for _ in range(runs):
        rounds.append({**peers(clip, limit), **chafa(clip, limit)})
        mine.append(cpu(clip, "NONE", limit, Cells(120, 50, frame_rate(clip))))
    ours = statistics.median(mine)
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    null = medians.pop("mpv --vo=null", None)
    return [
        Result(
            what=f"120x50 on 1080p, against {name}",
            ours=ours,
            peer=theirs,
            ratio=ours / theirs,
            unit="ms CPU/frame",
            bar=1,
            details={"mpv_null_ms": null} if name.startswith("mpv") else {},
        )
        for name, theirs in medians.items()
    ]


CASE = Case(
    name="players",
    compares="cells with decoding against ASCII players for the terminal",
    run=lambda: peer_results(bunny_1080p(), 240, repeats(3)),
)
