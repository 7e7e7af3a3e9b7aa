"""Copy a source's video to MPEG-TS, or convert it to H.264, with its sound converted to AAC."""

from collections import deque
from fractions import Fraction
import io
from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

import av

from .h264 import CLOCK, TICK
from .picture_converter import CONVERTED_VIDEO, PictureConverter
from .sound_converter import SoundConverter
from .stamps import Breaks, SoundDrift, StampTimeline
from .ts_encoder import PAT_PID, VIDEO_PID, Chunk, find_packet, open_transport_stream

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream

type AnyPacket = av.Packet[av.stream.Stream]

START: Final = 1.0
"""Position of the first keyframe, in seconds: MPEG-TS has no timestamps below 0."""
_APART: Final = 3.0
"""Seconds between the timestamps of sound and picture from which they have different origins."""

_INTERVAL: Final = 0.04
"""Seconds from the first frame to the second if neither says."""

_EARLY: Final = 50
"""Packets of sound to keep until the first picture."""
_COARSE: Final = 0.001
"""Seconds of a tick from which a stream's timestamps are too coarse for times of arrival."""
_HELD: Final = 0.1
"""Seconds for which sound waits for the next picture: converted together, it costs a third."""


class TsCopier:
    """Copies the packets of one connection. Used and closed in one thread."""

    def __init__(
        self,
        video: av.VideoStream,
        audio: av.AudioStream | None,
        *,
        by_arrival: bool,
        drifts: bool,
    ) -> None:
        """Prepare to copy `video`, or to convert it if it is MJPEG, and to convert `audio`, if any.

        `by_arrival`: timestamps are the time of arrival. `drifts`: sound and picture may have different
        clocks, as in RTP. Raises av.FFmpegError or ValueError.
        """
        breaks = Breaks()
        self._picture, self._sound = StampTimeline(breaks), StampTimeline(breaks)
        self._first: tuple[AnyPacket, float] | None = None
        self._early: deque[tuple[AnyPacket, float]] = deque(maxlen=_EARLY)
        self._held: list[tuple[AnyPacket, float]] = []
        """Packets of sound that wait for a picture, with their arrivals."""
        self._drift = SoundDrift() if drifts and not by_arrival else None
        self._source = video.index
        # Floats: a multiplication of fractions takes as long as all else that is done for a packet.
        self._seconds = {one.index: float(one.time_base or TICK) for one in (video, audio) if one}
        # FFmpeg's clock has the steps of the stream's, 40 ms for MJPEG over HTTP.
        self._by_arrival = by_arrival and self._seconds[video.index] > _COARSE
        self._last_dts, self._last_heard = -1, -1
        self._output = io.BytesIO()
        self._container = open_transport_stream(
            self._output,
            # Do not hold back pictures until there is later sound, but for one packet.
            max_interleave_delta="1",
            # Say how long a picture is, up to 64 KB, or the reader waits for the next one to know.
            omit_video_pes_length="0",
        )
        self._keys = deque[bool]()
        """Of the pictures in the muxer, which are keyframes."""
        self._pictures: PictureConverter | None = None
        self._video = self._add_video(video)
        self._converter: SoundConverter | None = None
        if audio is not None:
            decoder = audio.codec_context
            self._converter = SoundConverter(decoder, by_arrival=by_arrival)
            self._sound_tick = Fraction(1, self._converter.rate)
            self._audio = self._add_audio(self._converter)

    def _add_video(self, video: av.VideoStream) -> av.VideoStream:
        decoder = video.codec_context
        if decoder.name not in CONVERTED_VIDEO:
            return self._container.add_stream_from_template(video)
        self._pictures = PictureConverter(decoder)
        size = {"width": decoder.width, "height": decoder.height}
        return cast("VideoStream", self._container.add_mux_stream("h264", **size))

    def _add_audio(self, converter: SoundConverter) -> av.AudioStream:
        stream = self._container.add_stream("aac", rate=converter.rate)
        stream.codec_context.layout = converter.layout
        stream.codec_context.format = "fltp"
        return stream

    def close(self) -> None:
        """Close the muxer."""
        self._container.close()

    def add(self, packet: AnyPacket, arrival: float) -> list[Chunk]:
        """Return the chunks of a packet, which came at `arrival` by a monotonic clock, in seconds.

        Nothing is returned before the first keyframe. Raises av.FFmpegError.
        """
        if packet.stream_index == self._source:
            return self._add_picture(packet, arrival)
        if self._converter is None:
            return []
        if self._picture.offset is None:
            self._early.append((packet, arrival))
            return []
        self._held.append((packet, arrival))
        if arrival - self._held[0][1] < _HELD:
            return []
        self._add_sound()
        return self._chunks()

    def _add_picture(self, packet: AnyPacket, arrival: float) -> list[Chunk]:
        stamp = self._picture_stamp(packet, arrival)
        if self._picture.offset is None:
            return self._begin(packet, stamp, arrival)
        position = self._picture.place(stamp, arrival)
        self._add_sound()
        self._copy(packet, position, arrival)
        return self._chunks()

    def _begin(self, packet: AnyPacket, stamp: float | None, arrival: float) -> list[Chunk]:
        """Begin with the first keyframe.

        FFmpeg gives that of RTSP no timestamps before the next frame. A picture to convert waits for the
        next one, too, which tells the rate.
        """
        if (first := self._first) is None:
            if not packet.is_keyframe:
                return []
            if stamp is None or self._pictures is not None:
                self._first = packet, arrival
                return []
            self._picture.start(stamp, START, arrival)
            self._copy(packet, START, arrival)
            self._add_early()
            return self._chunks()
        first_stamp = self._picture_stamp(*first)
        if stamp is not None and first_stamp is not None:
            interval = max(stamp - first_stamp, 0.0)
        else:
            interval = float((packet.duration or 0) * packet.time_base) or _INTERVAL
        if self._pictures is not None:
            self._pictures.set_interval(interval)
        self._picture.start((stamp or interval) - interval, START, first[1])
        self._first = None
        self._copy(first[0], START, first[1])
        self._add_early()
        self._copy(packet, self._picture.place(stamp, arrival), arrival)
        return self._chunks()

    def _copy(self, packet: AnyPacket, position: float, arrival: float) -> None:
        if self._drift is not None:
            self._drift.add_picture(position, arrival)
        pts, dts, delay = packet.pts, packet.dts, 0
        if pts is not None and dts is not None and pts > dts:
            delay = round((pts - dts) * self._seconds[self._source] * CLOCK)
        # Home Assistant drops frames whose timestamps do not rise.
        self._last_dts = max(round(position * CLOCK), self._last_dts + 1)
        packets: list[Packet[VideoStream]] = [cast("Packet[VideoStream]", packet)]
        if self._pictures is not None:
            packets = self._pictures.convert(packets[0], self._last_dts)
        for one in packets:
            one.pts, one.dts, one.time_base = self._last_dts + delay, self._last_dts, TICK
            one.stream = self._video
            self._keys.append(one.is_keyframe)
            self._container.mux_one(one)

    def _place_sound(self, stamp: float | None, arrival: float) -> float:
        """Return the position of a packet of sound: by timestamps that both have in common."""
        picture, sound = self._picture, self._sound
        assert picture.offset is not None  # noqa: S101  # the picture has begun
        if sound.offset is None:
            stamp = picture.last - picture.offset if stamp is None else stamp
            position = stamp + picture.offset
            if abs(position - picture.last) > _APART:
                position = picture.last
            sound.start(stamp, position, arrival)
        else:
            position = sound.place(stamp, arrival)
        if self._drift is None:
            return position
        self._drift.add_sound(position, arrival)
        return position + self._drift.correction

    def _add_early(self) -> None:
        """Add the sound that came before the first picture, but belongs to it."""
        self._held.extend(self._early)
        self._early.clear()
        self._add_sound()

    def _add_sound(self) -> None:
        """Convert and mux what was held."""
        if self._converter is None or not self._held:
            return
        heard = [
            (cast("Packet[AudioStream]", packet), self._place_sound(self._stamp(packet), arrival))
            for packet, arrival in self._held
        ]
        self._held.clear()
        for converted in self._converter.convert(heard):
            # The encoder's priming, what was sent before the first picture, and repetitions.
            if converted.pts is None or converted.pts <= self._last_heard:
                continue
            if converted.pts < START * self._converter.rate:
                continue
            self._last_heard = converted.pts
            converted.stream = self._audio
            converted.time_base = self._sound_tick
            self._container.mux_one(converted)

    def _picture_stamp(self, packet: AnyPacket, arrival: float) -> float | None:
        return arrival if self._by_arrival else self._stamp(packet)

    def _stamp(self, packet: AnyPacket) -> float | None:
        """Return the decoding time of a packet in seconds, or else its presentation time."""
        stamp = packet.pts if packet.dts is None else packet.dts
        return None if stamp is None else stamp * self._seconds[packet.stream_index]

    def _chunks(self) -> list[Chunk]:
        """Return what was muxed since the last call."""
        position = self._picture.last
        data = self._output.getvalue()
        self._output.seek(0)
        self._output.truncate()
        end, starts = len(data), list[int]()
        at = find_packet(data, PAT_PID, 0, end)
        while at >= 0:
            starts.append(at)
            at = find_packet(data, PAT_PID, at + 1, end)
        chunks = [Chunk(data[: starts[0] if starts else end], position, key=False)]
        for start, stop in pairwise([*starts, end]):
            # The muxer repeats the tables in front of sound, too.
            is_picture = find_packet(data, VIDEO_PID, start, stop) >= 0
            key = is_picture and self._keys.popleft()
            chunks.append(Chunk(data[start:stop], position, key=key))
        return [chunk for chunk in chunks if chunk.data]
