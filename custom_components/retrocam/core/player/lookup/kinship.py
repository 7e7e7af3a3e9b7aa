"""How a process and those that it starts end together; for Linux, other systems do without.

Each function is about the calling process, which has one thread.
"""

import ctypes
import os
from pathlib import Path
import signal
import sys
from typing import Final

_SET_PDEATHSIG: Final = 1
_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parents end.

    The machine's first process would be, which in a container may be one that reaps no strangers.
    """
    _prctl(_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Have this process killed when the one that forked it ends, or end if it has."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)


def children() -> list[int]:
    """Return the processes whose parent this one is, adopted ones included; none if nobody knows."""
    try:
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(each) for each in text.split()]


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value))
