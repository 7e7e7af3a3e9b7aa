"""A process that records until it is killed: feeds a part per line read, prints the bytes written.

python -m tests.core.clips.clip_child FOLDER
"""

from pathlib import Path
import sys
import threading

from ..media import cut, encode
from .clip_checks import Camera, steps

COUNT = 300
"""Frames in the stream."""


def main(folder: Path) -> None:
    parts = steps(cut(encode(COUNT, sound=True, container="mp4")))
    written = threading.Semaphore(0)
    with Camera(folder) as camera:
        camera.writer(0, 1000, on_write=lambda _: written.release())
        _print(len(parts))
        for init, part, first, ends in parts:
            if not sys.stdin.readline():
                return
            camera.feed_part(init, part, first=first, ends=ends)
            written.acquire()
            (partial,) = folder.glob("*.partial.mp4")
            _print(partial.stat().st_size)


def _print(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
