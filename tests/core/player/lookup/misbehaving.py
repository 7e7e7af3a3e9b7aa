"""Resolvers of names that do in the process of a look-up what a page might make it do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import json
import os
from pathlib import Path
import resource
import signal
import subprocess
import sys
from typing import Any

from custom_components.retrocam.core.player.net.addresses import Lookup


@dataclass
class Misbehaving:
    """Does something and tells `log` of it, which is a FIFO or a file."""

    log: Path
    deed: Callable[[Path], None]

    def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.deed(self.log)
        return ["127.0.0.1"]


def tell_all(log: Path) -> None:
    """Tell what this process knows, and what it may use."""
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in LIMITS}
    said: dict[str, Any] = {
        "environment": dict(os.environ),
        "limits": limits,
        "nice": os.nice(0),
        "folder": str(Path.cwd()),
        "group": os.getpgid(0) == os.getpid(),
    }
    log.write_text(json.dumps(said))


LIMITS = ("RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE")


def start_another(log: Path) -> None:
    """Start a process that never ends, tell its number, and wait for it."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        with log.open("w") as fifo:
            fifo.write(f"{os.getpid()} {process.pid}")
        process.wait()


def leave_an_orphan(log: Path, *, elsewhere: bool = False) -> None:
    """Start a process whose parent ends, tell its number, and wait."""
    starter = (
        "import subprocess; print(subprocess.Popen(['sleep', '1000'], stdout=-3, stderr=-3).pid)"
    )
    command = [sys.executable, "-I", "-S", "-c", starter]
    done = subprocess.run(command, start_new_session=elsewhere, capture_output=True, check=True)
    log.write_bytes(done.stdout)
    signal.pause()


def leave_an_orphan_elsewhere(log: Path) -> None:
    """Leave one that no signal to the look-up's process group reaches."""
    leave_an_orphan(log, elsewhere=True)


def stop_the_server(log: Path) -> None:
    """Have the server do nothing any more, tell so, and end without an answer."""
    os.kill(os.getppid(), signal.SIGSTOP)
    log.write_text("stopped")
    os._exit(1)


def list_files(log: Path) -> None:
    """Tell what a program has open that is started without any care for it."""
    lister = """
import json, os
names = [f"/proc/self/fd/{number}" for number in range(3, 64)]
print(json.dumps([os.readlink(each) for each in names if os.path.lexists(each)]))
"""
    command = [sys.executable, "-I", "-S", "-c", lister]
    done = subprocess.run(command, close_fds=False, capture_output=True, check=True)
    log.write_bytes(done.stdout)


def take_memory(_log: Path) -> None:
    """Take 4 GB."""
    bytearray(4 << 30)


def compute(_log: Path) -> None:
    """Compute without an end."""
    while True:
        pass


def write_much(log: Path) -> None:
    """Fill the disk."""
    with log.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))


def print_much(_log: Path) -> None:
    """Write to where answers might be, and to where errors go."""
    os.write(1, b"\xff" * 100_000)
    os.write(2, b"\xff" * 100_000)


def doing(deed: Callable[[Path], None], log: Path) -> Lookup:
    """Return a resolver that does a deed."""
    return Misbehaving(log, deed)
