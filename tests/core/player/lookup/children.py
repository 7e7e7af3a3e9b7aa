"""State of look-up processes, from /proc."""

from pathlib import Path

from custom_components.retrocam.core.player.lookup.server import LookupServer


def children(server: LookupServer) -> list[int]:
    """Return the child processes of a server."""
    pid = server.pid
    return [] if pid is None else children_of(pid)


def children_of(pid: int) -> list[int]:
    """Return the child processes of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    """Return False for a process that has ended, reaped or not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def open_files(pid: int) -> int:
    """Return the number of open descriptors of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
