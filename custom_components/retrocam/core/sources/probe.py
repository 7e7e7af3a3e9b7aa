"""Probe of a source: its format and first frame, or the reason why it cannot be used."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
import errno
from itertools import pairwise
import threading
import time
from typing import Final

import av
from av.container import InputContainer

from ..errors import (
    CannotConnectError,
    ForbiddenError,
    FrameTimeoutError,
    InvalidAuthError,
    NotFoundError,
    NoVideoError,
    PictureTooLargeError,
    SourceError,
    SourceTimeoutError,
    StillImageError,
)
from ..frames.image_limits import PIXEL_LIMIT, check_pixels
from ..frames.jpeg import encode
from ..frames.packets import decode_checked
from .allocation import MAX_PACKET
from .diagnosis import diagnose
from .timestamps import StampOrder, TimestampCheck
from .urls import PROTOCOL_WHITELIST

OPEN_TIMEOUT: Final = 10.0
"""Seconds until a source must respond."""
READ_TIMEOUT: Final = 15.0
"""Seconds from then until FFmpeg has analysed it, and between its packets."""
FRAME_TIMEOUT: Final = 40.0
"""Seconds from then until its first frame: longer than the keyframe intervals of cameras, up to 30 s."""

SLOW_OPEN_TIMEOUT: Final = 30.0
SLOW_READ_TIMEOUT: Final = 45.0
"""The limits for a source of few frames: 0.2 fps and less."""
SLOW_OPTIONS: Final[Mapping[str, str]] = {
    # FFmpeg analyses 10 and more frames otherwise.
    "analyzeduration": "100000",
    "fpsprobesize": "0",
}
"""FFmpeg's options for such a source. It then leaves out the dts: the clock is needed."""

_SLOW_INTERVAL: Final = 1.0
"""Seconds between frames from which a source is slow."""

_ERRORS: Final[tuple[tuple[type[Exception], type[SourceError]], ...]] = (
    (av.HTTPUnauthorizedError, InvalidAuthError),
    (av.HTTPForbiddenError, ForbiddenError),
    (av.HTTPNotFoundError, NotFoundError),
    (av.InvalidDataError, NoVideoError),
    (av.ExitError, SourceTimeoutError),
    (TimeoutError, SourceTimeoutError),
    (OSError, CannotConnectError),
    (av.FFmpegError, CannotConnectError),
    # A URL that PyAV cannot encode.
    (ValueError, CannotConnectError),
)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The format of a source."""

    jpeg: bytes
    """The first frame, 640 pixels wide at most."""
    width: int
    height: int
    codec: str
    audio_codec: str | None
    """FFmpeg's name of the first audio codec; None without audio."""
    container: str
    """FFmpeg's name of the container or protocol."""
    has_timestamps: bool
    """False: timestamps are missing, made up or do not rise: the wall clock must replace them."""
    slow: bool
    """Whether its frames are so far apart that it needs `SLOW_OPTIONS`."""


def probe(
    url: str,
    options: Mapping[str, str],
    stop: threading.Event,
    *,
    open_timeout: float = OPEN_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    frame_timeout: float = FRAME_TIMEOUT,
) -> ProbeResult:
    """Open `url` with FFmpeg's `options`, decode its first frame and close it. Blocks.

    Raises SourceTimeoutError after a timeout or when `stop` is set, InvalidAuthError, ForbiddenError,
    NotFoundError, NoVideoError, StillImageError, PictureTooLargeError, CannotConnectError or an error of
    `diagnose`.
    No message has the URL.
    """
    return _opened(
        url,
        options,
        (open_timeout, read_timeout),
        lambda container: _read(container, stop, time.monotonic() + frame_timeout),
    )


def has_timestamps(
    url: str,
    options: Mapping[str, str],
    stop: threading.Event,
    *,
    open_timeout: float,
    read_timeout: float,
) -> bool:
    """Open `url` and return `ProbeResult.has_timestamps`, without waiting for a frame. Blocks.

    Raises as `probe` does.
    """

    def read(container: InputContainer) -> bool:
        stream, codec = _video(container)
        check = TimestampCheck(container.format.name, has_b_frames=codec.has_b_frames)
        for packet in () if check.usable is not None else container.demux(stream):
            check.add(stamped=packet.dts is not None, keyframe=packet.is_keyframe)
            if check.usable is not None or stop.is_set():
                break
        return check.usable is not False

    return _opened(url, options, (open_timeout, read_timeout), read)


def _opened[T](
    url: str,
    options: Mapping[str, str],
    timeout: tuple[float, float],
    read: Callable[[InputContainer], T],
) -> T:
    """Return what `read` returns for the opened source. Raises as `probe` does."""
    began = time.monotonic()
    try:
        with av.open(
            url,
            options={**options, **PIXEL_LIMIT, "protocol_whitelist": PROTOCOL_WHITELIST},
            timeout=timeout,
        ) as container:
            return read(container)
    except SourceError:
        raise
    except Exception as err:
        # FFmpeg reports a missing RTSP response as invalid data.
        seconds = time.monotonic() - began
        if seconds >= max(timeout):
            raise FrameTimeoutError("no frame in time") from None
        if seconds >= timeout[0]:
            raise SourceTimeoutError("no response in time") from None
        if (found := diagnose(err, url, options, timeout[0])) is not None:
            raise found from None
        for kind, source_error in _ERRORS:
            if isinstance(err, kind):
                # Unchained: FFmpeg's text may have the URL with its password.
                raise source_error(type(err).__name__) from None
        raise


def _video(container: InputContainer) -> tuple[av.VideoStream, av.VideoCodecContext]:
    """Return the first video stream. Raises NoVideoError."""
    if not container.streams.video:
        raise NoVideoError("no video stream")
    stream = container.streams.video[0]
    codec: av.VideoCodecContext | None = stream.codec_context
    if codec is None:
        raise NoVideoError("unknown video codec")
    return stream, codec


def _read(container: InputContainer, stop: threading.Event, deadline: float) -> ProbeResult:
    stream, codec = _video(container)
    check_pixels(stream.width, stream.height)
    codec.options = dict(PIXEL_LIMIT)
    frame: av.VideoFrame | None = None
    check = TimestampCheck(container.format.name, has_b_frames=codec.has_b_frames)
    order = StampOrder()
    times: list[float] = []
    packets = 0
    for packet in _packets(container, stream):
        packets += packet.size > 0
        check.add(stamped=packet.dts is not None, keyframe=packet.is_keyframe)
        order.add(packet.dts)
        if packet.pts is not None:
            times.append(float(packet.pts * packet.time_base))
        frame = frame or _decode(packet)
        # Containers with made-up timestamps include those of stills, which end after one packet.
        enough = packets > 1 if check.made_up else len(times) > 2 and order.known
        if frame is not None and check.usable is not None and enough:
            break
        if stop.is_set() or time.monotonic() > deadline:
            raise FrameTimeoutError("no frame in time")
    if frame is None:
        raise NoVideoError("the source ended before its first frame")
    if packets <= 1:
        raise StillImageError("the source ended after its first frame")
    return ProbeResult(
        jpeg=encode(frame, width=640),
        width=frame.width,
        height=frame.height,
        codec=codec.name,
        audio_codec=container.streams.audio[0].name if container.streams.audio else None,
        container=container.format.name,
        # The clock would show reordered frames in the wrong order.
        has_timestamps=check.usable is not False and (order.rises or codec.has_b_frames),
        slow=not check.made_up and _are_far_apart(times),
    )


def _packets(
    container: InputContainer, stream: av.VideoStream
) -> Iterator[av.Packet[av.VideoStream]]:
    """Iterate over packets; an end of MJPEG, which FFmpeg reports as an error, is an end."""
    try:
        yield from container.demux(stream)
    except OSError as err:
        if container.format.name != "mpjpeg" or err.errno != errno.EIO:
            raise


def _are_far_apart(times: list[float]) -> bool:
    """Return whether a source is slow, from the times of its first frames, of which one may be wrong."""
    steps = [abs(after - before) for before, after in pairwise(times)]
    return len(steps) > 1 and min(steps) >= _SLOW_INTERVAL


def _decode(packet: av.Packet[av.VideoStream]) -> av.VideoFrame | None:
    if packet.size > MAX_PACKET:
        raise PictureTooLargeError(f"a packet of {packet.size} bytes")
    return decode_checked(packet)
