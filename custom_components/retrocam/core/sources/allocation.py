"""Bounds each allocation of FFmpeg in this process.

A camera may announce a part of 99,999,999,999 bytes, or send a frame, a header or an RTSP answer that
never ends. FFmpeg's demuxers grow their buffer up to 2 GiB, and none has an option against it. Its
`av_max_alloc` bounds single allocations; the demuxer then fails, and with it the connection. It holds
for the whole process, thus also for Home Assistant's stream worker.
"""

import ctypes
import logging
from pathlib import Path
import re
from typing import Final

import av  # noqa: F401  # loads the library that is looked for

_LOGGER = logging.getLogger(__name__)

MAX_ALLOCATION: Final = 192_000_000
"""Bytes. The largest picture that is decoded takes 144 MB: 36 million pixels of 32 bits."""
MAX_PACKET: Final = 32_000_000
"""Bytes of a picture or packet that a probe accepts; a JPEG of 36 million pixels has about 20 MB."""

_LIBRARY: Final = re.compile(r"\S*/libavutil\S*\.so\S*|\S*/libavutil\S*\.dylib")


def limit_allocations() -> bool:
    """Set the limit for the FFmpeg that PyAV has loaded. Blocks; False if it cannot be found."""
    try:
        found = _LIBRARY.search(Path("/proc/self/maps").read_text(encoding="utf-8"))
        if found is not None:
            # Loaded already: this only adds a reference.
            set_limit = ctypes.CDLL(found[0]).av_max_alloc
            set_limit.argtypes, set_limit.restype = [ctypes.c_size_t], None
            set_limit(MAX_ALLOCATION)
            return True
    except (OSError, AttributeError) as error:
        _LOGGER.debug("No limit of allocations: %s", error)
    _LOGGER.warning("FFmpeg's allocations cannot be limited: a hostile camera can fill the memory")
    return False
