"""What the processes of look-ups may use of the machine.

The memory limit is RLIMIT_DATA, which counts what can be written: RLIMIT_AS would count the address
space, of which JavaScript engines reserve gigabytes that they never touch.
"""

import os
import resource
import signal
from typing import Final

_MEMORY: Final = 768 * 1024 * 1024
"""Bytes, each for Python and for a JavaScript engine that it starts; yt-dlp takes 60 MB, Node.js 300."""
_FILE: Final = 64 * 1024 * 1024
"""Bytes of a file in the cache."""
_OPEN_FILES: Final = 256
_GRACE: Final = 5.0
_NICE: Final = 5
"""Cameras go first where there is not enough CPU for everybody."""


def set_limits() -> None:
    """Limit this process and those that it starts for good."""
    os.umask(0o077)
    os.nice(_NICE)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, _MEMORY)
    _limit(resource.RLIMIT_FSIZE, _FILE)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)


def set_time_limits(seconds: float) -> None:
    """Have this process killed after so much CPU time, and each one that it starts.

    It is also killed a little after so much time, if nobody else has done it by then.
    """
    signal.alarm(int(seconds + _GRACE))
    _limit(resource.RLIMIT_CPU, int(seconds) + 1)


def _limit(kind: int, most: int) -> None:
    """Lower a limit to `most`; one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.setrlimit(kind, (most, most))
