"""One lock for each directory of a tape.

A writer that a drive holds may outlive its entry: the next one of the same directory waits for it, so
that no two write, or mend, the same file.
"""

from pathlib import Path
import threading
from typing import Final
from weakref import WeakValueDictionary

_LOCKS: Final = WeakValueDictionary[Path, threading.Lock]()
_GUARD: Final = threading.Lock()


def lock_of(directory: Path) -> threading.Lock:
    """Return the lock of a directory, the same as long as somebody has it."""
    with _GUARD:
        if (lock := _LOCKS.get(directory)) is None:
            lock = _LOCKS[directory] = threading.Lock()
        return lock
