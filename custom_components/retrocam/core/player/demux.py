"""An open input: its streams, and its packets with their positions.

FFmpeg gets bytes only. It cannot open files or connections: protocols, containers that refer to other
files, and nested opens are all disabled.
"""

from collections.abc import Iterator
from functools import partial
import io
from itertools import chain
import time
from typing import Any, Final

import av
from av import AudioCodecContext, AudioStream, Packet, VideoCodecContext, VideoStream
from av.container import InputContainer
from av.stream import Disposition

from ..errors import PlayError, UnsupportedMediaError
from ..frames.image_limits import MAX_PIXELS, PIXEL_LIMIT
from .common_start import CommonStart
from .hls.playlist_file import PlaylistFile
from .net.addresses import Network
from .net.live_file import LiveFile
from .net.streams import MediaInput

type AnyPacket = Packet[Any]

_CONTAINERS: Final = (
    "3gp,aac,ac3,aiff,asf,avi,eac3,flac,flv,h264,hevc,live_flv,m4a,matroska,mjpeg,mov,mp3,mp4,mpeg,"
    "mpegts,mpjpeg,ogg,wav,webm"
)
"""Allowed demuxers: none opens other files, as `concat` and `hls` do."""
_CONTAINER_OPTIONS: Final = {"protocol_whitelist": "none", "format_whitelist": _CONTAINERS}
DECODER_OPTIONS: Final = {"skip_loop_filter": "bidir"}
"""Saves 2 to 6 % of the decoding at 58 dB; reference frames stay exact."""
_SINGLE_THREAD_PIXELS: Final = 1280 * 720
"""Larger video is decoded by two threads."""
_MAX_WAIT: Final = 15.0
"""Seconds to wait for `MediaInput.not_before`."""
_MAX_GOP: Final = 5.0
"""Seconds between keyframes, in containers without an index."""
_MAX_JUMP: Final = 10.0
"""Seconds between packets of a live stream; beyond, timestamps are taken for discontinuous."""


class MediaSection:
    """Part of an input with one time line and one set of codecs."""

    def __init__(self, container: InputContainer, *, audio: bool, video: bool) -> None:
        """Select the streams. Raises UnsupportedMediaError without any."""
        self.container = container
        self.video: VideoStream | None = _video_stream(container) if video else None
        self.audio: AudioStream | None = _audio_stream(container) if audio else None
        if self.video is None and self.audio is None:
            raise UnsupportedMediaError("neither video nor audio")
        self.base = 0.0
        """Timestamp of position 0, s."""
        self.frame_seconds = 0.0
        """Duration of an audio frame: MPEG-TS gives many of them without a timestamp."""
        if self.audio is not None:
            codec: AudioCodecContext = self.audio.codec_context
            self.frame_seconds = codec.frame_size / codec.sample_rate

    def position(self, packet: AnyPacket) -> float | None:
        """Return the position of a packet, s; None without a timestamp."""
        ticks = packet.pts if packet.pts is not None else packet.dts
        return None if ticks is None else float(ticks * packet.time_base) - self.base


def _video_stream(container: InputContainer) -> VideoStream | None:
    for stream in container.streams.video:
        if Disposition.attached_pic in Disposition(stream.disposition):
            continue  # cover art
        codec: VideoCodecContext | None = stream.codec_context
        if codec is None:
            continue  # unknown to FFmpeg
        if codec.width * codec.height > MAX_PIXELS:
            raise UnsupportedMediaError("the video has too many pixels")
        codec.options = DECODER_OPTIONS | PIXEL_LIMIT
        codec.thread_type = "AUTO"
        codec.thread_count = 2 if codec.width * codec.height > _SINGLE_THREAD_PIXELS else 1
        return stream
    return None


def _audio_stream(container: InputContainer) -> AudioStream | None:
    for stream in container.streams.audio:
        codec: AudioCodecContext | None = stream.codec_context
        if codec is not None and codec.sample_rate:
            return stream
    return None


class Source:
    """One input of a medium, read by one thread from a position on."""

    def __init__(
        self,
        media: MediaInput,
        network: Network,
        common_start: CommonStart,
        *,
        start: float = 0.0,
        audio: bool = True,
        video: bool = True,
    ) -> None:
        """Open the input and seek to the last keyframe before `start`, s. Blocks. Raises a PlayError.

        A live one begins at the present, which is then the position `start`.
        """
        if media.not_before is not None:
            network.wait(min(_MAX_WAIT, max(0.0, media.not_before - time.time())))
        self._media, self._common_start = media, common_start
        self._audio, self._video = audio, video
        self.file: LiveFile | PlaylistFile
        if media.is_playlist:
            begin = partial(common_start.distance, leads=video)
            self.file = PlaylistFile(media, network, start=start, begin=begin)
        else:
            self.file = LiveFile(media, network)
            common_start.distance(None, leads=video)
        self.is_live = self.file.is_live
        self._start = self._reached = start
        """`_reached`: position up to which packets were read, s."""
        self._pending: list[AnyPacket] = []
        try:
            self.section = self._open()
            self.duration = self._begin(start)
        except BaseException:
            self.file.close()
            raise

    def _begin(self, start: float) -> float | None:
        """Set the base of the first section, and seek to `start`; return the duration, s."""
        if isinstance(self.file, PlaylistFile):
            self._set_base(first=True)
            return self.file.duration
        first = (self.section.container.start_time or 0) / av.time_base
        if self.is_live:
            self.section.base = self._common_start.base(first - start, within=1.0)
            return None
        self.section.base = self._common_start.base(first, within=1.0)
        if start > 0 and self.file.seekable():
            target = start + self.section.base
            if "mpeg" in self.section.container.format.name:
                target = max(self.section.base, target - _MAX_GOP)
            self.section.container.seek(int(target * av.time_base))
        ticks = self.section.container.duration
        return ticks / av.time_base if ticks else None

    def packets(self) -> Iterator[tuple[MediaSection, AnyPacket, float]]:
        """Yield packets of the selected streams in file order, with their positions, s.

        Each `MediaSection` needs decoders of its own. Raises a PlayError when the input fails.
        """
        while True:
            yield from self._section_packets()
            if not self.file.next_section():
                self._raise_failure()
                return
            self.section = self._open()
            self._set_base(first=False)

    def close(self) -> None:
        """Close the connection; the decoding thread closes the sections' containers."""
        self.file.close()

    def _open(self) -> MediaSection:
        """Open a section; of a live stream that was cut off early, the next one."""
        while True:
            try:
                return self._open_section()
            except UnsupportedMediaError:
                if not (isinstance(self.file, LiveFile) and self.file.next_section()):
                    raise

    def _open_section(self) -> MediaSection:
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
            raise UnsupportedMediaError("not a container of video or audio") from err
        try:
            return MediaSection(container, audio=self._audio, video=self._video)
        except BaseException:
            container.close()
            self._raise_failure()
            raise

    def _set_base(self, *, first: bool) -> None:
        """Set the base by the first timestamp, and keep the packets read for it."""
        begin = self._reached
        if isinstance(self.file, PlaylistFile):
            begin = self.file.section_start + (self._start if self.is_live else 0.0)
        self._pending = []
        for packet in self._demux():
            self._pending.append(packet)
            position = self.section.position(packet)
            if position is None:
                continue
            base = position - begin
            if first and self.is_live:
                base = self._common_start.live_base(base, leads=self._video, within=30.0)
            elif first:
                base = self._common_start.base(base, within=1.0)
            self.section.base = base
            return
        self._common_start.close()  # nothing to wait for

    def _demux(self) -> Iterator[AnyPacket]:
        section = self.section
        streams = [stream for stream in (section.video, section.audio) if stream is not None]
        try:
            for packet in section.container.demux(*streams):
                if packet.size:  # the last ones are empty, to flush decoders
                    yield packet
        except (av.FFmpegError, OSError, ValueError) as err:
            self._raise_failure()
            is_cut = isinstance(self.file, LiveFile) and self.file.is_cut
            if not isinstance(err, av.EOFError) and not is_cut:
                raise UnsupportedMediaError(f"the media is broken: {err}") from err

    def _section_packets(self) -> Iterator[tuple[MediaSection, AnyPacket, float]]:
        section, pending = self.section, self._pending
        last: float | None = None
        sound_end: float | None = None
        endless = self.duration is None
        for packet in chain(pending, self._demux()):
            position = section.position(packet)
            if position is None and packet.stream is section.audio and sound_end is not None:
                position = sound_end
            elif position is None:
                position = last if last is not None else 0.0
            elif endless and last is not None and abs(position - last) > _MAX_JUMP:
                section.base += position - last
                position = last
            last = position
            if packet.stream is section.audio:
                sound_end = position + section.frame_seconds
            self._reached = max(self._reached, position)
            yield section, packet, position
        self._raise_failure()

    def _raise_failure(self) -> None:
        failure: PlayError | None = self.file.failure
        if failure is not None:
            raise failure


def _refuse(_url: str, _flags: int, _options: dict[str, str]) -> io.BytesIO:
    """Give FFmpeg an empty file in place of any other that it tries to open."""
    return io.BytesIO()
