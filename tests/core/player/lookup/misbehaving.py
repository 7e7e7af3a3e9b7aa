"""Name resolvers that misbehave in the look-up process, as a hostile page might make it do."""

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
    """Runs `action`, which writes to `log`, a FIFO or file."""

    log: Path
    action: Callable[[Path], None]

    def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.action(self.log)
        return ["127.0.0.1"]


def write_environment(log: Path) -> None:
    """Write the environment and limits of this process."""
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in LIMITS}
    report: dict[str, Any] = {
        "environment": dict(os.environ),
        "limits": limits,
        "nice": os.nice(0),
        "folder": str(Path.cwd()),
        "group": os.getpgid(0) == os.getpid(),
    }
    log.write_text(json.dumps(report))


LIMITS = ("RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE")


def start_another(log: Path) -> None:
    """Start a process that never ends, write its id, and wait for it."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        with log.open("w") as fifo:
            fifo.write(f"{os.getpid()} {process.pid}")
        process.wait()


def leave_an_orphan(log: Path, *, new_session: bool = False) -> None:
    """Start a process whose parent ends, write its id, and wait."""
    starter = (
        "import subprocess; print(subprocess.Popen(['sleep', '1000'], stdout=-3, stderr=-3).pid)"
    )
    command = [sys.executable, "-I", "-S", "-c", starter]
    result = subprocess.run(command, start_new_session=new_session, capture_output=True, check=True)
    log.write_bytes(result.stdout)
    signal.pause()


def leave_an_orphan_in_a_new_session(log: Path) -> None:
    """Leave one outside the look-up's process group."""
    leave_an_orphan(log, new_session=True)


def stop_the_server(log: Path) -> None:
    """Stop the server, write so, and exit without an answer."""
    os.kill(os.getppid(), signal.SIGSTOP)
    log.write_text("stopped")
    os._exit(1)


def list_files(log: Path) -> None:
    """Write the descriptors inherited by a program."""
    lister = """
import json, os
names = [f"/proc/self/fd/{number}" for number in range(3, 64)]
print(json.dumps([os.readlink(name) for name in names if os.path.lexists(name)]))
"""
    command = [sys.executable, "-I", "-S", "-c", lister]
    result = subprocess.run(command, close_fds=False, capture_output=True, check=True)
    log.write_bytes(result.stdout)


def take_memory(_log: Path) -> None:
    """Allocate 4 GB."""
    bytearray(4 << 30)


def compute(_log: Path) -> None:
    """Run for ever."""
    while True:
        pass


def write_much(log: Path) -> None:
    """Fill the disk."""
    with log.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))


def print_much(_log: Path) -> None:
    """Write to standard output and standard error."""
    os.write(1, b"\xff" * 100_000)
    os.write(2, b"\xff" * 100_000)


def running(action: Callable[[Path], None], log: Path) -> Lookup:
    """Return a resolver that runs `action`."""
    return Misbehaving(log, action)
