"""Resource limits of the look-up processes.

Memory is limited by RLIMIT_DATA, which counts writable memory: RLIMIT_AS counts address space, and
JavaScript engines reserve gigabytes that they never use.
"""

import os
import resource
import signal
from typing import Final

_MEMORY_BYTES: Final = 768 * 1024 * 1024
"""Per process, Python or a JavaScript engine started by it; yt-dlp takes 60 MB, Node.js 300 MB."""
_FILE_BYTES: Final = 64 * 1024 * 1024
"""Per file in the cache."""
_OPEN_FILES: Final = 256
_GRACE_SECONDS: Final = 5.0
_NICE: Final = 5
"""Cameras take precedence for CPU time."""


def set_limits() -> None:
    """Limit this process and its descendants for good."""
    os.umask(0o077)
    os.nice(_NICE)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, _MEMORY_BYTES)
    _limit(resource.RLIMIT_FSIZE, _FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)


def set_time_limits(seconds: float) -> None:
    """Limit the CPU time of this process and of each descendant.

    An alarm kills this process shortly after that much wall time.
    """
    signal.alarm(int(seconds + _GRACE_SECONDS))
    _limit(resource.RLIMIT_CPU, int(seconds) + 1)


def _limit(resource_id: int, maximum: int) -> None:
    """Lower a limit to `maximum`, if it is higher."""
    _, hard = resource.getrlimit(resource_id)
    if hard == resource.RLIM_INFINITY or hard > maximum:
        resource.setrlimit(resource_id, (maximum, maximum))
