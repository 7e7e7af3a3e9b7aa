"""Opening of sources with the limits that hold for all of them."""

from collections.abc import Mapping

import av
from av.container import InputContainer

from ..frames.image_limits import PIXEL_LIMIT
from .urls import PROTOCOL_WHITELIST


def open_source(
    url: str, options: Mapping[str, str], timeout: tuple[float, float]
) -> InputContainer:
    """Open `url` with FFmpeg's `options`. Blocks.

    `timeout` is in seconds: until it has answered, and then for each packet. Raises OSError, ValueError
    or av.FFmpegError, whose texts may have the URL.
    """
    return av.open(
        url,
        options={**options, **PIXEL_LIMIT, "protocol_whitelist": PROTOCOL_WHITELIST},
        timeout=timeout,
    )
