"""Real video with readable frame numbers, cut as Home Assistant's stream worker cuts it.

The core knows nothing of Home Assistant, so neither do its tests: `cut` does what the worker of
2026.10 does to a source, with the same muxer options, so that the same bytes come out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
import io
from typing import Any

import av
from av.container import OutputContainer
import numpy as np

from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.marks import SAMPLE_RATE, beep
from custom_components.retrocam.core.pattern.picture import TestPattern
from custom_components.retrocam.core.segments.cursors import ReadPart, SegmentCursor
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import MediaPart, Segment

from ..pattern_reader import read_frame_number

WALL = 1_700_000_000.0
"""UNIX time at which tests begin."""


@dataclass(slots=True)
class Part:
    """What the worker hands out: moof and mdat."""

    duration: float
    has_keyframe: bool
    data: bytes
    keyframe: tuple[int, bytes] | None = None
    """pts and start of the last keyframe that the worker had read by then."""


@dataclass(slots=True)
class Cut:
    """One segment of the worker; `duration` is 0 for one that broke off."""

    init: bytes
    parts: list[Part] = field(default_factory=list)
    duration: float = 0.0


class Clock:
    """A clock that goes only when it is told to, from an arbitrary time."""

    def __init__(self, now: float = 5000.0) -> None:
        self.now = now
        self.wall_ahead = WALL - now

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + self.wall_ahead


@cache
def pattern(width: int, height: int, fps: int) -> TestPattern:
    return TestPattern(width, height, fps)


@cache
def encode(
    count: int,
    *,
    first: int = 0,
    codec: str = "libx264",
    size: tuple[int, int] = (160, 96),
    fps: int = 25,
    gop: int = 50,
    bframes: int = 0,
    sound: bool = False,
    container: str = "mpegts",
) -> bytes:
    """Encode pictures `first` to `first + count - 1` of the test pattern, as a camera might."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        video: Any = output.add_stream(codec, rate=fps, options=_options(codec, gop, bframes))
        video.width, video.height = size
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        audio: Any = output.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if sound else None
        for index in range(count):
            frame = pattern(*size, fps).render(first + index, WALL + index / fps)
            frame.pts, frame.time_base = index, Fraction(1, fps)
            output.mux(video.encode(frame))
            if audio is not None:
                output.mux(audio.encode(sound_of(index, fps)))
        output.mux(video.encode(None))
        if audio is not None:
            output.mux(audio.encode(None))
    return file.getvalue()


def _options(codec: str, gop: int, bframes: int) -> dict[str, str]:
    if codec == "mjpeg":
        return {"color_range": "pc"}
    options = {"preset": "ultrafast", "g": str(gop), "bf": str(bframes)}
    if codec == "libx265":
        return options | {
            "x265-params": f"log-level=none:b-adapt=0:scenecut=0:keyint={gop}:min-keyint={gop}"
            f":bframes={bframes}:pools=none:frame-threads=1"
        }
    return options | {"sc_threshold": "0", "b_strategy": "0", "threads": "1"}


def sound_of(index: int, fps: int) -> av.AudioFrame:
    count = SAMPLE_RATE // fps
    samples = beep(index * count, count)[np.newaxis]
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    frame.pts, frame.time_base = index * count, Fraction(1, SAMPLE_RATE)
    return frame


class _Muxer:
    """Cuts packets into segments of their own MP4 each, with a part wherever FFmpeg writes one."""

    def __init__(self, streams: list[Any], start: int, options: dict[str, float | bool]) -> None:
        self._streams = streams
        self._part_target = float(options["part_target"])
        self._min_segment = float(options["min_segment"])
        self._low_latency = bool(options["low_latency"])
        self._sequence = 0
        self._keyframe: tuple[int, bytes] | None = None
        self.cuts: list[Cut] = []
        self._reset(start)

    def mux(self, packet: Any) -> None:
        if packet.stream is not self._streams[0]:
            packet.stream = self._outputs[1]
            self._container.mux(packet)
            return
        if packet.is_keyframe:
            self._keyframe = packet.pts, bytes(packet)[:4096]
        late = (packet.dts - self._segment_dts) * packet.time_base >= self._min_segment
        if packet.is_keyframe and packet.dts and late:
            self._flush(packet, last=True)
        packet.stream = self._outputs[0]
        self._container.mux(packet)
        if self._file.tell() != self._position:
            self._flush(packet, last=False)
        self._has_keyframe |= packet.is_keyframe

    def close(self) -> None:
        self._container.close()

    def _reset(self, dts: int) -> None:
        self._part_dts: float = dts
        self._segment_dts = dts
        self._position = 0
        self._has_keyframe = False
        self._cut: Cut | None = None
        self._sequence += 1
        self._file = io.BytesIO()
        self._container: OutputContainer = av.open(
            self._file, "w", format="mp4", container_options=self._muxer_options()
        )
        self._outputs = [self._container.add_stream_from_template(s) for s in self._streams]
        if self._streams[0].name == "hevc":
            self._outputs[0].codec_context.codec_tag = "hvc1"

    def _muxer_options(self) -> dict[str, str]:
        flags = (
            "empty_moov+default_base_moof+frag_discont+negative_cts_offsets+skip_trailer+delay_moov"
        )
        options = {
            "movflags": flags if self._low_latency else f"frag_custom+{flags}",
            "avoid_negative_ts": "make_non_negative",
            "fragment_index": str(self._sequence),
            "video_track_timescale": str(int(1 / self._streams[0].time_base)),
        }
        if self._low_latency:
            options["frag_duration"] = str(int(self._part_target * 9e5))
        return options

    def _flush(self, packet: Any, *, last: bool) -> None:
        """Hand out what was written since the last part; `packet` is not among it."""
        target = self._part_target / packet.time_base
        dts = min(packet.dts, self._part_dts + target)
        if last:
            self._container.close()
        if self._cut is None:
            init, self._position = _split_init(self._file.getvalue())
            self._cut = Cut(init)
            self.cuts.append(self._cut)
        if not last and not self._has_keyframe:
            dts = max(dts, self._part_dts + 0.85 * target)
        if not self._low_latency:
            dts = packet.dts
        self._file.seek(self._position)
        data = self._file.read()
        seconds = float((dts - self._part_dts) * packet.time_base)
        self._cut.parts.append(Part(seconds, self._has_keyframe, data, self._keyframe))
        self._has_keyframe = False
        if last:
            self._cut.duration = float((dts - self._segment_dts) * packet.time_base)
            self._reset(packet.dts)
        else:
            self._position = self._file.tell()
            self._part_dts = dts


def _split_init(data: bytes) -> tuple[bytes, int]:
    """Return all before the first moof, and where that is."""
    position = 0
    while data[position + 4 : position + 8] != b"moof":
        position += int.from_bytes(data[position : position + 4])
    return data[:position], position


def cut(
    source: bytes,
    *,
    low_latency: bool = True,
    part_target: float | None = None,
    min_segment: float | None = None,
) -> list[Cut]:
    """Cut a source as the worker does; the default is that of Home Assistant (6 s, parts of 1 s).

    What the worker would still hold when the source ends is lost, as it is there. Sound must come in
    a container other than MPEG-TS, whose AAC the worker would have to filter.
    """
    options: dict[str, float | bool] = {
        "low_latency": low_latency,
        "part_target": part_target or (1.0 if low_latency else 2.0),
        "min_segment": min_segment or (5.9 if low_latency else 1.9),
    }
    with av.open(io.BytesIO(source), "r") as container:
        streams: list[Any] = [container.streams.video[0], *container.streams.audio[:1]]
        packets: list[Any] = [packet for packet in container.demux(streams) if packet.size]
        first, second = [packet for packet in packets if packet.stream is streams[0]][:2]
        first.dts = first.pts = second.dts - (second.duration or 1)
        muxer = _Muxer(streams, first.dts, options)
        for packet in packets[packets.index(first) :]:
            muxer.mux(packet)
        muxer.close()
    return muxer.cuts


def feed(ring: SegmentRing, cuts: Iterable[Cut], clock: Clock, *, run: int = 0) -> None:
    """Give segments to a ring, each part when a camera would have it ready."""
    for segment in cuts:
        ring.begin(run, segment.init)
        for part in segment.parts:
            clock.now += part.duration
            if part.keyframe is not None:
                ring.note_keyframe(*part.keyframe)
            ring.add_part(part)
        if segment.duration:
            ring.finish(segment.duration)


def numbers(init: bytes, parts: Iterable[MediaPart]) -> list[int | None]:
    """Open parts as a file and read the frame numbers of their pictures."""
    with av.open(io.BytesIO(init + b"".join(part.data for part in parts)), "r") as container:
        return [read_number(frame) for frame in container.decode(video=0)]


def numbers_of(segments: Iterable[Segment]) -> list[int | None]:
    return [n for segment in segments for n in numbers(segment.init, segment.parts)]


def read_number(frame: av.VideoFrame) -> int | None:
    return read_frame_number(planes(frame)[0])


def ring_of(
    cuts: Iterable[Cut] = (), *, seconds: float = 1e6, max_bytes: int = 1 << 40
) -> tuple[SegmentRing, Clock]:
    clock = Clock()
    ring = SegmentRing(seconds, max_bytes, clock, clock.wall)
    feed(ring, cuts, clock)
    return ring, clock


@cache
def short_cuts(count: int = 10) -> list[Cut]:
    """Complete segments of one second, in a part each."""
    made = cut(encode(25 * (count + 2), gop=25), low_latency=False, min_segment=0.9)
    return made[:count]


@cache
def long_cuts() -> list[Cut]:
    """Two complete segments of 6 s and one in progress, with a keyframe every 2 s."""
    return cut(encode(425))


def read_all(cursor: SegmentCursor) -> list[ReadPart]:
    found = []
    while (read := cursor.next(0)) is not None:
        found.append(read)
    return found
