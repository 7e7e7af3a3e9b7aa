"""Reads a process's memory, threads, files and sockets from /proc."""

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
    """A snapshot of a process."""

    rss: int
    """Resident memory in bytes, own and shared."""
    threads: Counter[str]
    """Thread names; Linux keeps 15 characters."""
    sockets: int
    files: tuple[str, ...]
    """Paths of all open files that have one, including deleted ones."""
    handles: int
    """All file descriptors."""


def snapshot(pid: int) -> Snapshot:
    """Inspect a process. Raises OSError when it is gone."""
    base = Path(f"/proc/{pid}")
    threads: Counter[str] = Counter()
    for task in (base / "task").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
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
    """Return the resident memory of a process in bytes. Raises OSError."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * PAGE


def cpu(pid: int) -> float:
    """Return the CPU seconds of a process, user and system. Raises OSError."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_of_tree(pid: int) -> float:
    """Return the same of a process and all its descendants, including ended ones. Raises OSError."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            parents.setdefault(int(_stat(int(path.name))[1]), []).append(int(path.name))
    spent, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(OSError):
            # User and system time of its own, and of its ended children.
            spent += sum(int(field) for field in _stat(one)[11:15]) / TICKS
        waiting += parents.get(one, [])
    return spent


def _stat(pid: int) -> list[str]:
    """Return the fields of proc(5) from the third on."""
    stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    # The command name, in parentheses, may contain spaces.
    return stat.rpartition(")")[2].split()
