"""Options for FFmpeg, as Home Assistant's stream worker would set them."""

from collections.abc import Mapping
from typing import Final

from homeassistant.components.stream import (
    CONF_RTSP_TRANSPORT,
    CONF_USE_WALLCLOCK_AS_TIMESTAMPS,
)
from homeassistant.components.stream.const import AUDIO_CODECS
from homeassistant.const import CONF_VERIFY_SSL

CARRIED_AUDIO: Final = frozenset(AUDIO_CODECS)
"""What sound Home Assistant's stream worker takes; it drops any other."""


def pyav_options(url: str, options: Mapping[str, str | bool | float]) -> dict[str, str]:
    """Return FFmpeg's options for a source that is opened beside a Stream, as for a probe."""
    result = {"tls_verify": "1" if options.get(CONF_VERIFY_SSL) else "0"}
    if url.startswith("rtsp://"):
        result["rtsp_flags"] = "prefer_tcp"
    if transport := options.get(CONF_RTSP_TRANSPORT):
        result["rtsp_transport"] = str(transport)
    if options.get(CONF_USE_WALLCLOCK_AS_TIMESTAMPS):
        result["use_wallclock_as_timestamps"] = "1"
    return result
