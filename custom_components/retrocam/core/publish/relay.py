"""Relay of a source that Home Assistant's stream worker cannot take as it is.

A `Relay` is read by the worker in place of the source. While it is read, one thread has the only
connection to the source, copies the video, or converts MJPEG to H.264, and converts the sound to AAC.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
import logging
import time
from typing import Final, override

import av
from av.container import InputContainer

from ..errors import NoVideoError, PictureTooLargeError, RetrocamError
from .chunk_ring import ChunkRing
from .shared_stream import SharedStream, StreamRun
from .ts_copier import TsCopier

_LOGGER = logging.getLogger(__name__)

MAX_PACKET: Final = 32_000_000
"""Bytes of a packet; a longer one ends the connection."""
RING_BYTES: Final = 32_000_000
"""What a reader may be behind. Of what was read, only the newest group of pictures is kept."""
MAX_RUN: Final = 23 * 3600.0
"""Seconds after which a new reader gets a new connection: timestamps wrap after 26.5 hours."""

type OpenSource = Callable[[], AbstractContextManager[InputContainer]]
"""Opens the source, with a timeout for its reads, and closes it.

Raises OSError, ValueError or av.FFmpegError.
"""


type OnCodecs = Callable[[str, str | None], None]
"""Called with FFmpeg's names of the codecs of video and sound of each connection, in its thread."""


class _RelayRun(StreamRun):
    """One connection to the source."""

    def __init__(
        self,
        name: str,
        open_source: OpenSource,
        former: list[StreamRun],
        report: Callable[[str], None],
        on_codecs: OnCodecs,
        *,
        sound: bool,
        by_arrival: bool,
    ) -> None:
        # A daemon: FFmpeg cannot be interrupted while the source sends nothing.
        super().__init__(name, ChunkRing(RING_BYTES), daemon=True)
        self._report = report
        self._on_codecs = on_codecs
        self._open_source = open_source
        self._former = former
        self._sound = sound
        self._by_arrival = by_arrival
        self._began = time.monotonic()

    @property
    @override
    def outdated(self) -> bool:
        return self.ended or time.monotonic() > self._began + MAX_RUN

    @override
    def _has_read(self, index: int) -> None:
        if self.readers == 1:
            self._ring.release(index)

    @override
    def run(self) -> None:
        """Copy until the source or the run ends."""
        # A camera may accept a single connection.
        for former in self._former:
            former.join()
        self._former.clear()
        try:
            if not self.ended:
                with self._open_source() as container:
                    self._copy(container)
                self._fail("EOFError")
        except (OSError, ValueError, av.FFmpegError, RetrocamError) as err:
            # Only the type: the text may have the URL with its password.
            self._fail(type(err).__name__)
        except Exception as err:
            if self.ended:
                # After an unload nobody redacts the text.
                _LOGGER.warning("%s ended with %s", self.name, type(err).__name__)
            else:
                _LOGGER.exception("%s ended with an error", self.name)
        finally:
            self.finish()

    def _fail(self, reason: str) -> None:
        if not self.ended:
            self._report(reason)

    def _copy(self, container: InputContainer) -> None:
        if not container.streams.video:
            raise NoVideoError("no video stream")
        video = container.streams.video[0]
        codec: av.VideoCodecContext | None = video.codec_context
        if codec is None:
            raise NoVideoError("unknown video codec")
        audio = _decodable(container) if self._sound else None
        self._on_codecs(codec.name, _sound_codec(container))
        drifts = container.format.name == "rtsp"
        copier = TsCopier(video, audio, by_arrival=self._by_arrival, drifts=drifts)
        with closing(copier):
            for packet in container.demux(*([video] if audio is None else [video, audio])):
                if self.ended:
                    return
                if packet.size > MAX_PACKET:
                    raise PictureTooLargeError(f"a packet of {packet.size} bytes")
                if packet.size and (chunks := copier.add(packet, time.monotonic())):
                    self.publish(chunks)


class Relay(SharedStream):
    """A source's video, copied or as H.264, with its sound as AAC, in MPEG-TS, while it has readers."""

    def __init__(
        self,
        open_source: OpenSource,
        *,
        sound: bool = True,
        by_arrival: bool = False,
        on_codecs: OnCodecs = lambda _video, _audio: None,
        former: Relay | None = None,
        name: str = "retrocam relay",
    ) -> None:
        """Configure the relay; nothing runs yet.

        `open_source` is called in the relay's thread for each connection. `sound`: False copies video
        only. `by_arrival`: the source's timestamps are its packets' times of arrival. `former` was the
        source's before: no connection is opened before its threads have ended. `name` is the thread's.
        """
        super().__init__()
        if former is not None:
            former.end()
            self._ending = former._alive()  # noqa: SLF001  # of the same class
        self._open_source = open_source
        self._sound = sound
        self._by_arrival = by_arrival
        self._on_codecs = on_codecs
        self._name = name

    @override
    def _make_run(self, ending: list[StreamRun]) -> StreamRun:
        return _RelayRun(
            self._name,
            self._open_source,
            ending,
            self._log,
            self._on_codecs,
            sound=self._sound,
            by_arrival=self._by_arrival,
        )

    def _log(self, reason: str) -> None:
        """Log why a source ended: Home Assistant's worker only knows that the relay did."""
        _LOGGER.warning("%s: the source failed with %s", self._name, reason)


def _decodable(container: InputContainer) -> av.AudioStream | None:
    """Return the first stream of sound if it can be decoded."""
    if not container.streams.audio:
        return None
    stream = container.streams.audio[0]
    context: av.AudioCodecContext | None = stream.codec_context
    return None if context is None or not context.sample_rate else stream


def _sound_codec(container: InputContainer) -> str | None:
    return container.streams.audio[0].name if container.streams.audio else None
