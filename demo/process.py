"""What Linux says of a process: its memory, threads, files and sockets."""

from collections import Counter
import contextlib
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A process at one moment."""

    rss: int
    """Bytes of memory that are its own or shared, and in memory."""
    threads: Counter[str]
    """By name; Linux keeps 15 characters of it."""
    sockets: int
    files: tuple[str, ...]
    """Paths of all open files that have one, those deleted included."""
    handles: int
    """All file descriptors."""


def snapshot(pid: int) -> Snapshot:
    """Look at a process. Raises OSError when it is gone."""
    base = Path(f"/proc/{pid}")
    threads: Counter[str] = Counter()
    for task in (base / "task").iterdir():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            threads[(task / "comm").read_text("utf-8", "replace").strip()] += 1
    targets = []
    for one in (base / "fd").iterdir():
        with contextlib.suppress(OSError):
            targets.append(str(one.readlink()))
    return Snapshot(
        rss=rss(pid),
        threads=threads,
        sockets=sum(target.startswith("socket:") for target in targets),
        files=tuple(sorted(target for target in targets if target.startswith("/"))),
        handles=len(targets),
    )


def rss(pid: int) -> int:
    """Return the bytes of a process that are in memory. Raises OSError."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * PAGE


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has taken, user and system. Raises OSError."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_of_tree(pid: int) -> float:
    """Return the same of a process and of all that it started, ended ones included. Raises OSError."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parents.setdefault(int(_stat(int(path.name))[1]), []).append(int(path.name))
    spent, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(OSError):
            # User and system time of its own, and of its children that have ended.
            spent += sum(int(field) for field in _stat(one)[11:15]) / TICKS
        waiting += parents.get(one, [])
    return spent


def _stat(pid: int) -> list[str]:
    """Return the fields of proc(5) from the third on."""
    stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    # The name of the program, in brackets, may hold blanks.
    return stat.rpartition(")")[2].split()
