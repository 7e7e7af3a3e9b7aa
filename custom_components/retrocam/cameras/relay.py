"""Whether a camera by URL is relayed, and its relay.

Home Assistant's stream worker drops most sound, and of MJPEG it makes what no browser plays. A camera
that it takes as it is is read by the worker itself; others are read by a `Relay`, from which the worker
reads.
"""

from collections.abc import Iterator, Mapping
import contextlib
from typing import Any, Final
from weakref import WeakValueDictionary

from av.container import InputContainer
from homeassistant.components.stream import CONF_USE_WALLCLOCK_AS_TIMESTAMPS

from ..const import CONF_ADVANCED, CONF_AUDIO_CODEC, CONF_SLOW, CONF_VIDEO_CODEC
from ..core.publish.picture_converter import CONVERTED_VIDEO
from ..core.publish.relay import OnCodecs, Relay
from ..core.sources.audio import is_decodable
from ..core.sources.opening import open_source
from ..core.sources.probe import OPEN_TIMEOUT, SLOW_OPEN_TIMEOUT, SLOW_OPTIONS, SLOW_READ_TIMEOUT
from ..settings import SOUND_CONVERT, SOUND_OFF
from ..stream.redaction import redacted
from ..stream.url_provider import CARRIED_AUDIO

_COPIED_VIDEO: Final = frozenset({"h264", "hevc"})
"""Video that is copied; what is neither copied nor converted is left to Home Assistant."""
_RTSP: Final = ("rtsp://", "rtsps://")
_RTSP_TIMEOUT: Final = 5.0
_READ_TIMEOUT: Final = 30.0
"""Seconds between packets after which Home Assistant's worker gives up RTSP, and others."""
CLOSE_PATIENCE: Final = 1.0
"""Seconds for which an unload waits for the relay: it ends with the next packet, or with a time-out."""

type FormerRelays = WeakValueDictionary[str, Relay]
"""The last relay of each entry, by its id, while somebody has it: also a thread that still reads."""


def is_relayed(data: Mapping[str, Any], sound: str) -> bool:
    """Return whether a camera is relayed, by its entry's data and its option `sound`.

    That needs a probe of its codecs. Sound is dropped by the relay where only that is left.
    """
    if is_video_converted(data):
        return True
    audio, video = data.get(CONF_AUDIO_CODEC), data.get(CONF_VIDEO_CODEC)
    if audio is None or video not in _COPIED_VIDEO:
        return False
    if sound == SOUND_OFF:
        return audio in CARRIED_AUDIO and not data["url"].startswith(_RTSP)
    return (sound == SOUND_CONVERT or audio not in CARRIED_AUDIO) and is_decodable(audio)


def is_video_converted(data: Mapping[str, Any]) -> bool:
    """Return whether the video of a camera is converted to H.264, by its entry's data."""
    return data.get(CONF_VIDEO_CODEC) in CONVERTED_VIDEO


def is_sound_converted(data: Mapping[str, Any], sound: str) -> bool:
    """Return whether the sound of a camera is converted to AAC; arguments as of `is_relayed`."""
    audio = data.get(CONF_AUDIO_CODEC)
    if audio is None or sound == SOUND_OFF or not is_relayed(data, sound):
        return False
    return is_decodable(audio)


def without_sound(url: str, sound: str) -> dict[str, str]:
    """Return FFmpeg's options that leave out the sound of RTSP if the option `sound` is off."""
    off = sound == SOUND_OFF and url.startswith(_RTSP)
    return {"allowed_media_types": "video"} if off else {}


def with_codecs(data: Mapping[str, Any], video: str, audio: str | None) -> dict[str, Any]:
    """Return an entry's data with the codecs that its relay has found.

    Sound that is missing may come back.
    """
    audio = audio or data.get(CONF_AUDIO_CODEC)
    return {**data, CONF_VIDEO_CODEC: video, CONF_AUDIO_CODEC: audio}


def relay_of(
    name: str,
    url: str,
    options: Mapping[str, str],
    data: Mapping[str, Any],
    sound: str,
    *,
    on_codecs: OnCodecs,
    former: Relay | None,
) -> Relay:
    """Return the relay of a camera; `options` are FFmpeg's, `data` is the entry's.

    `former` is the last relay of the same entry. What it logs may have the URL: see `async_redact`.
    """
    slow = bool(data.get(CONF_SLOW))
    read_timeout = _RTSP_TIMEOUT if url.startswith(_RTSP) else _READ_TIMEOUT
    timeout = (SLOW_OPEN_TIMEOUT, SLOW_READ_TIMEOUT) if slow else (OPEN_TIMEOUT, read_timeout)

    # FFmpeg would wait for frames to measure a rate that MJPEG over HTTP does not have.
    is_quick = is_video_converted(data) and not url.startswith(_RTSP)
    options_used = {**options, **(SLOW_OPTIONS if slow or is_quick else {})}
    by_arrival = bool(data.get(CONF_ADVANCED, {}).get(CONF_USE_WALLCLOCK_AS_TIMESTAMPS))

    @contextlib.contextmanager
    def opened() -> Iterator[InputContainer]:
        # Also after an unload.
        with redacted(url), open_source(url, options_used, timeout) as container:
            yield container

    return Relay(
        opened,
        sound=sound != SOUND_OFF,
        by_arrival=by_arrival,
        on_codecs=on_codecs,
        former=former,
        name=f"retrocam relay {name}",
    )
