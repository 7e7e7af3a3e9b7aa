"""A file system that can be paused and disconnected: bindfs, by FUSE.

While paused, calls block in the kernel, as with a network drive whose server is down. After its process
is killed, each call fails with "transport endpoint is not connected".
"""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import os
from pathlib import Path
import shutil
import signal
import subprocess
import threading
from typing import Final, NoReturn, Self

from ..missing import missing
from ..waiting import until

RESCUE: Final = 60.0
"""Seconds after which a paused file system resumes: a blocked event loop cannot resume it."""
UNCACHED: Final = "attr_timeout=0,entry_timeout=0,negative_timeout=0"
"""Disables the kernel's caches."""


class StallingDirectory:
    """A mounted directory and the process that serves it."""

    def __init__(self, source: Path, path: Path) -> None:
        """Mount `source` at `path`, an empty directory."""
        self.path = path
        self.rescued = False
        """Whether the file system had to be resumed by timeout: the event loop was blocked."""
        self._source = source
        self._process: subprocess.Popen[bytes] | None = None
        self._rescue: threading.Timer | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def mounted(cls, base: Path) -> AsyncIterator[Self]:
        """Mount below `base` within a `with` block. Skips the test if that is impossible."""
        directory = cls(base / "source", base / "mounted")
        directory._source.mkdir()
        directory.path.mkdir()
        await directory.mount()
        try:
            yield directory
        finally:
            directory.resume()
            directory.vanish()

    async def mount(self) -> None:
        """Mount the directory. Skips the test if that is impossible."""
        if shutil.which("bindfs") is None:
            _unavailable("bindfs is missing")
        command = ["bindfs", "-f", "-o", UNCACHED, str(self._source), str(self.path)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)  # noqa: ASYNC220  # at once
        await until(lambda: process.poll() is not None or self.path.is_mount())
        if process.poll() is not None:
            assert process.stderr is not None
            _unavailable(process.stderr.read().decode().strip())
        self._process = process

    def pause(self) -> None:
        """Block all calls, for at most `RESCUE` seconds."""
        self._signal(signal.SIGSTOP)
        self._rescue = threading.Timer(RESCUE, self._go_on)
        self._rescue.start()

    def resume(self) -> None:
        """Answer calls again, pending ones included."""
        self._signal(signal.SIGCONT)
        if self._rescue is not None:
            self._rescue.cancel()
            self._rescue.join()
            self._rescue = None

    def disconnect(self) -> None:
        """Kill the server; calls on the mount fail."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()
        self._process = None

    def vanish(self) -> None:
        """Unmount, and fail all calls for files that are still open; an empty directory remains."""
        umount = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-u", "-z"]
        subprocess.run([*umount, str(self.path)], check=False)
        if self._process is not None:
            # By itself it would end with the last file that is open, of a test that failed or a thread.
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _go_on(self) -> None:
        self.rescued = True
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


async def beats(count: int) -> None:
    """Wait for `count` iterations of the event loop. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    iterations = 0

    def beat() -> bool:
        nonlocal iterations
        iterations += 1
        return iterations > count

    await until(beat, within=RESCUE)
    assert loop.is_running()


def _unavailable(reason: str) -> NoReturn:
    missing(f"no file system that can be paused (scripts/setup installs bindfs): {reason}")
