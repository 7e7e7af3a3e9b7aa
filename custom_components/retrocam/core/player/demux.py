"""One input, opened: its streams, and its packets on the media's own time line.

FFmpeg gets bytes and nothing else. It opens no file and no connection by itself: protocols, containers
that refer to other files, and nested opens are all closed to it.
"""

from collections.abc import Iterator
import io
import threading
import time
from typing import Any, Final

import av
from av import AudioCodecContext, AudioStream, Packet, VideoCodecContext, VideoStream
from av.container import InputContainer
from av.stream import Disposition

from ..errors import PlayError, UnsupportedMediaError
from ..frames.limits import MAX_PIXELS, PIXEL_LIMIT
from .hls.playlist_file import PlaylistFile
from .net.addresses import Network
from .net.http_file import RemoteFile
from .net.streams import MediaInput

type AnyPacket = Packet[Any]

_CONTAINERS: Final = (
    "3gp,aac,ac3,aiff,asf,avi,eac3,flac,flv,h264,hevc,live_flv,m4a,matroska,mjpeg,mov,mp3,mp4,mpeg,"
    "mpegts,mpjpeg,ogg,wav,webm"
)
"""FFmpeg's demuxers that may be used: none of them opens other files, as `concat` and `hls` do."""
_CONTAINER_OPTIONS: Final = {"protocol_whitelist": "none", "format_whitelist": _CONTAINERS}
DECODER_OPTIONS: Final = {"skip_loop_filter": "bidir"}
"""Saves 2 to 6 % of the decoding at 58 dB; pictures that others are made from stay exact."""
_MANY_PIXELS: Final = 1280 * 720
_LONGEST_WAIT: Final = 15.0
"""Seconds to wait for a server that said it would refuse until then."""
_LONGEST_GROUP: Final = 5.0
"""Seconds between keyframes at most, in containers that do not tell where they are."""
_JUMP: Final = 10.0
"""Seconds by which the time line of a live stream may leap before it is sewn together."""


class CommonStart:
    """Where inputs of one medium begin on their own clocks, so that picture and sound stay together.

    Thread-safe.
    """

    def __init__(self) -> None:
        """Know nothing yet; the first input tells."""
        self._lock = threading.Lock()
        self._base: float | None = None

    def base(self, candidate: float, *, within: float) -> float:
        """Return the clock reading, in s, at which the medium begins.

        `candidate` is what this input says. It is replaced by what another said if they are less than
        `within` apart: then both have the same clock, and the difference is sound or picture that
        begins later.
        """
        with self._lock:
            if self._base is None:
                self._base = candidate
            if abs(candidate - self._base) < within:
                return self._base
            return candidate


class Part:
    """A stretch of media with one time line and one set of codecs."""

    def __init__(self, container: InputContainer, *, sound: bool, picture: bool) -> None:
        """Choose the streams. Raises UnsupportedMediaError when there is nothing to play."""
        self.container = container
        self.video: VideoStream | None = _picture_of(container) if picture else None
        self.audio: AudioStream | None = _sound_of(container) if sound else None
        if self.video is None and self.audio is None:
            raise UnsupportedMediaError("neither picture nor sound")
        self.base = 0.0
        """What to subtract from times in the container to get positions, s."""

    def position(self, packet: AnyPacket) -> float | None:
        """Return the position of a packet in s, if it tells one."""
        ticks = packet.pts if packet.pts is not None else packet.dts
        return None if ticks is None else float(ticks * packet.time_base) - self.base


def _picture_of(container: InputContainer) -> VideoStream | None:
    for stream in container.streams.video:
        if Disposition.attached_pic in Disposition(stream.disposition):
            continue  # the cover of an album
        codec: VideoCodecContext | None = stream.codec_context
        if codec is None:
            continue  # FFmpeg has no name for it
        if codec.width * codec.height > MAX_PIXELS:
            raise UnsupportedMediaError("the picture is larger than any screen")
        codec.options = DECODER_OPTIONS | PIXEL_LIMIT
        codec.thread_type = "AUTO"
        codec.thread_count = 2 if codec.width * codec.height > _MANY_PIXELS else 1
        return stream
    return None


def _sound_of(container: InputContainer) -> AudioStream | None:
    for stream in container.streams.audio:
        codec: AudioCodecContext | None = stream.codec_context
        if codec is not None and codec.sample_rate:
            return stream
    return None


class Source:
    """One input of a medium, read by one thread from a position on.

    `is_live`, `duration` and `seekable` are known once it is made.
    """

    def __init__(
        self,
        media: MediaInput,
        network: Network,
        common_start: CommonStart,
        *,
        start: float = 0.0,
        sound: bool = True,
        picture: bool = True,
    ) -> None:
        """Open the input and go to the last keyframe before `start`, in s.

        Blocks. Raises a PlayError.
        """
        if media.not_before is not None:
            network.wait(min(_LONGEST_WAIT, max(0.0, media.not_before - time.time())))
        self._media, self._common_start = media, common_start
        self._sound, self._picture = sound, picture
        self.file: RemoteFile | PlaylistFile = (
            PlaylistFile(media, network, start=start)
            if media.is_playlist
            else RemoteFile(media, network)
        )
        try:
            self.part = self._open()
        except BaseException:
            self.file.close()
            raise
        self.is_live = isinstance(self.file, PlaylistFile) and self.file.is_live
        self.duration = self._duration()
        if isinstance(self.file, PlaylistFile):
            self._pending = self._settle(first=True)
            return
        self._pending = []
        first = self.part.container.start_time or 0
        self.part.base = common_start.base(first / av.time_base, within=1.0)
        if start > 0 and self.file.seekable():
            begin = start + self.part.base
            if "mpeg" in self.part.container.format.name:
                begin = max(self.part.base, begin - _LONGEST_GROUP)
            self.part.container.seek(int(begin * av.time_base))

    def packets(self) -> Iterator[tuple[Part, AnyPacket, float]]:
        """Yield packets of the chosen streams in file order, with their positions in s.

        A changed `Part` means a new decoder. Raises a PlayError when the input fails.
        """
        while True:
            yield from self._packets_of(self.part)
            file = self.file
            if not isinstance(file, PlaylistFile) or not file.next_part():
                self._raise_failure()
                return
            self.part = self._open()
            self._pending = self._settle(first=False)

    def close(self) -> None:
        """Close the connection; the parts are closed by who decodes them."""
        self.file.close()

    def _open(self) -> Part:
        try:
            container = av.open(
                self.file,
                "r",
                options=dict(PIXEL_LIMIT),
                container_options=dict(_CONTAINER_OPTIONS),
                buffer_size=65536,
                io_open=_refuse,
            )
        except (av.FFmpegError, OSError, ValueError) as err:
            self._raise_failure()
            raise UnsupportedMediaError("not a container of video or sound") from err
        try:
            return Part(container, sound=self._sound, picture=self._picture)
        except BaseException:
            container.close()
            self._raise_failure()
            raise

    def _duration(self) -> float | None:
        if isinstance(self.file, PlaylistFile):
            return self.file.duration
        ticks = self.part.container.duration
        return ticks / av.time_base if ticks else None

    def _settle(self, *, first: bool) -> list[AnyPacket]:
        """Read up to the first time, and set the base by it; return what was read for it."""
        assert isinstance(self.file, PlaylistFile)  # noqa: S101  # for the type checker
        read: list[AnyPacket] = []
        for packet in self._demux(self.part):
            read.append(packet)
            at = self.part.position(packet)
            if at is not None:
                candidate = at - self.file.part_start
                if first:
                    within = 30.0 if self.is_live else 1.0
                    candidate = self._common_start.base(candidate, within=within)
                self.part.base = candidate
                break
        return read

    def _demux(self, part: Part) -> Iterator[AnyPacket]:
        streams = [stream for stream in (part.video, part.audio) if stream is not None]
        try:
            for packet in part.container.demux(*streams):
                if packet.size:  # the last ones are empty, and only flush decoders
                    yield packet
        except (av.FFmpegError, OSError, ValueError) as err:
            self._raise_failure()
            if not isinstance(err, av.EOFError):
                raise UnsupportedMediaError(f"the media is broken: {err}") from err

    def _packets_of(self, part: Part) -> Iterator[tuple[Part, AnyPacket, float]]:
        pending, self._pending = self._pending, []
        last: float | None = None
        endless = self.duration is None
        for group in (pending, self._demux(part)):
            for packet in group:
                at = part.position(packet)
                if at is None:
                    at = last if last is not None else 0.0
                elif endless and last is not None and abs(at - last) > _JUMP:
                    part.base += at - last
                    at = last
                last = at
                yield part, packet, at
        self._raise_failure()

    def _raise_failure(self) -> None:
        failure: PlayError | None = self.file.failure
        if failure is not None:
            raise failure


def _refuse(_url: str, _flags: int, _options: dict[str, str]) -> io.BytesIO:
    """Answer FFmpeg's wish to open something else by itself with an empty file."""
    return io.BytesIO()
