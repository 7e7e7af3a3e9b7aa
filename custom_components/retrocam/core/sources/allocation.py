"""Limit of FFmpeg's memory allocations in this process.

A camera may announce a part of 99,999,999,999 bytes, or send an endless frame, header or RTSP response.
FFmpeg's demuxers grow their buffers up to 2 GiB, without an option against it. `av_max_alloc` limits
single allocations; beyond it the demuxer fails, and with it the connection. It applies to the whole
process, thus also to Home Assistant's stream worker.
"""

import ctypes
import logging
from pathlib import Path
import re
from typing import Final

import av  # noqa: F401  # loads the library that is searched for

_LOGGER = logging.getLogger(__name__)

MAX_ALLOCATION: Final = 192_000_000
"""Bytes. The largest frame that is decoded takes 144 MB: 36 million pixels of 32 bits."""
MAX_PACKET: Final = 32_000_000
"""Bytes of a packet that a probe accepts; a JPEG of 36 million pixels has about 20 MB."""

_LIBRARY: Final = re.compile(r"/\S*/libavutil\S*\.(?:so|dylib)\S*")
"""Begins with what few places of the list have: a search that may begin anywhere takes 8 ms."""


def limit_allocations() -> bool:
    """Set the limit in the FFmpeg libraries of PyAV. Blocks. Returns False if they are not found."""
    try:
        library = _LIBRARY.search(Path("/proc/self/maps").read_text(encoding="utf-8"))
        if library is not None:
            # Loaded already: this only adds a reference.
            set_limit = ctypes.CDLL(library[0]).av_max_alloc
            set_limit.argtypes, set_limit.restype = [ctypes.c_size_t], None
            set_limit(MAX_ALLOCATION)
            return True
    except (OSError, AttributeError) as error:
        _LOGGER.debug("No limit of allocations: %s", error)
    _LOGGER.warning("FFmpeg's allocations cannot be limited: a hostile camera can fill the memory")
    return False
