"""Opens a source once, to tell what it is or why it cannot be used."""

from collections.abc import Mapping
from dataclasses import dataclass
import threading
import time
from typing import Final

import av
from av.container import InputContainer

from ..errors import (
    CannotConnectError,
    ForbiddenError,
    InvalidAuthError,
    NotFoundError,
    NoVideoError,
    PictureTooLargeError,
    SourceError,
    SourceTimeoutError,
)
from ..frames.jpeg import encode
from ..frames.limits import PIXEL_LIMIT, check_packet, check_pixels
from .allocation import MAX_PACKET
from .urls import PROTOCOL_WHITELIST

OPEN_TIMEOUT: Final = 10.0
"""Seconds in which a source must answer."""
READ_TIMEOUT: Final = 15.0
"""Seconds after that in which its first picture must come: longer than cameras' keyframe intervals."""

_PACKETS: Final = 20
"""Packets without a time after which a source counts as having none; RTSP's first has never one."""

_ERRORS: Final[tuple[tuple[type[Exception], type[SourceError]], ...]] = (
    (av.HTTPUnauthorizedError, InvalidAuthError),
    (av.HTTPForbiddenError, ForbiddenError),
    (av.HTTPNotFoundError, NotFoundError),
    (av.InvalidDataError, NoVideoError),
    (av.ExitError, SourceTimeoutError),
    (TimeoutError, SourceTimeoutError),
    (OSError, CannotConnectError),
    (av.FFmpegError, CannotConnectError),
    # A URL that FFmpeg's binding cannot pass on; its text holds it.
    (ValueError, CannotConnectError),
)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a source turned out to be."""

    jpeg: bytes
    """Its first picture."""
    width: int
    height: int
    codec: str
    audio_codec: str | None
    """FFmpeg's name of its first sound; None without any."""
    container: str
    """FFmpeg's name of the container or protocol."""
    has_timestamps: bool
    """Whether packets carry times; without, they must be stamped with the wall clock."""


def probe(
    url: str,
    options: Mapping[str, str],
    stop: threading.Event,
    *,
    open_timeout: float = OPEN_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
) -> ProbeResult:
    """Open `url`, decode its first picture and close it again. Blocks: call it in a thread.

    `options` are FFmpeg's. Raises a SourceError: SourceTimeoutError when nothing comes in time or `stop`
    was set, InvalidAuthError, ForbiddenError, NotFoundError, NoVideoError,
    PictureTooLargeError or CannotConnectError.
    No message holds the URL.
    """
    began = time.monotonic()
    try:
        with av.open(
            url,
            options={**options, **PIXEL_LIMIT, "protocol_whitelist": PROTOCOL_WHITELIST},
            timeout=(open_timeout, read_timeout),
        ) as container:
            return _first_picture(container, stop, time.monotonic() + read_timeout)
    except SourceError:
        raise
    except Exception as err:
        # FFmpeg's RTSP calls an answer that never came invalid data.
        if time.monotonic() - began >= open_timeout:
            raise SourceTimeoutError("no answer in time") from None
        for kind, ours in _ERRORS:
            if isinstance(err, kind):
                # FFmpeg's own text may name the URL, and with it a password.
                raise ours(type(err).__name__) from None
        raise


def _first_picture(
    container: InputContainer, stop: threading.Event, deadline: float
) -> ProbeResult:
    if not container.streams.video:
        raise NoVideoError("no video stream")
    stream = container.streams.video[0]
    codec: av.VideoCodecContext | None = stream.codec_context
    if codec is None:
        raise NoVideoError("video of no known codec")
    check_pixels(stream.width, stream.height)
    codec.options = dict(PIXEL_LIMIT)
    picture: av.VideoFrame | None = None
    stamped = False
    for number, packet in enumerate(container.demux(stream)):
        stamped = stamped or packet.dts is not None
        picture = picture or _decoded(packet)
        if picture is not None and (stamped or number >= _PACKETS):
            break
        if stop.is_set() or time.monotonic() > deadline:
            raise SourceTimeoutError("no picture in time")
    if picture is None:
        raise NoVideoError("the source ended before its first picture")
    return ProbeResult(
        jpeg=encode(picture, width=640),
        width=picture.width,
        height=picture.height,
        codec=codec.name,
        audio_codec=container.streams.audio[0].name if container.streams.audio else None,
        container=container.format.name,
        has_timestamps=stamped,
    )


def _decoded(packet: av.Packet[av.VideoStream]) -> av.VideoFrame | None:
    if packet.size > MAX_PACKET:
        raise PictureTooLargeError(f"a packet of {packet.size} bytes")
    check_packet(packet.stream.codec_context.name, memoryview(packet))
    try:
        frames = packet.decode()
    except av.ArgumentError:
        # What decoders answer to more than `max_pixels`.
        raise PictureTooLargeError("more pixels than are decoded") from None
    except av.InvalidDataError:
        # Joined in the middle: the decoder waits for a keyframe.
        return None
    return next(iter(frames), None)
