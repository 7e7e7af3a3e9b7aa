"""Sources that change their format inside the stream, and a reader that believes the header alone."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
import io
from pathlib import Path
from typing import Any, NamedTuple

import av

from custom_components.retrocam.core.pattern.marks import SAMPLE_RATE

from .media import WALL, pattern, read_number, sound_of


class Take(NamedTuple):
    """Frames from one encoder, which starts with a keyframe and parameter sets."""

    frames: int
    size: tuple[int, int] = (160, 96)
    preset: str = "ultrafast"
    bframes: int = 0
    aspect: tuple[int, int] = (1, 1)
    params: str = ""
    """Of x264 or x265."""


@cache
def encode_takes(
    takes: Sequence[Take],
    *,
    codec: str = "libx264",
    gop: int = 25,
    container: str = "mpegts",
    with_sound: bool = False,
) -> bytes:
    """Encode takes as one stream of 25 fps, with the parameter sets in front of keyframes, as RTSP.

    MPEG-TS loses those of HEVC when the worker copies it, MP4 does not. Sound needs MP4, see `cut`.
    """
    file, first, delay = io.BytesIO(), 0, max(take.bframes for take in takes)
    with av.open(file, "w", format=container) as output:
        options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        video: Any = output.add_stream(codec, rate=25, options=options)
        (video.width, video.height), video.pix_fmt = takes[0].size, "yuv420p"
        audio: Any = None
        if with_sound:
            audio = output.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        for take in takes:
            encoder = _encoder(take, codec, gop)
            for index, frame in enumerate([*_frames(take, first), None]):
                for packet in encoder.encode(frame):
                    packet.stream, packet.time_base = video, Fraction(1, 25)
                    packet.dts -= delay - take.bframes
                    output.mux(packet)
                if audio is not None and frame is not None:
                    output.mux(audio.encode(sound_of(first + index, 25)))
            first += take.frames
    return file.getvalue()


def _frames(take: Take, first: int) -> Iterator[av.VideoFrame]:
    for number in range(first, first + take.frames):
        frame = pattern(*take.size, 25).render(number, WALL + number / 25)
        frame.pts, frame.time_base = number, Fraction(1, 25)
        yield frame


def _encoder(take: Take, codec: str, gop: int) -> Any:
    context: Any = av.CodecContext.create(codec, "w")
    context.width, context.height = take.size
    context.pix_fmt = "yuv420p"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.gop_size, context.max_b_frames = gop, take.bframes
    context.thread_count = 1
    context.sample_aspect_ratio = Fraction(*take.aspect)
    params = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={take.bframes}:b-adapt=0"
    params += f":{take.params}" * bool(take.params)
    name, more = (
        ("x264-params", "")
        if codec == "libx264"
        else ("x265-params", ":log-level=none:pools=none:frame-threads=1:repeat-headers=1")
    )
    context.options = {"preset": take.preset, name: params + more}
    return context


def believed(path: Path | None) -> list[int | None]:
    """Read the frame numbers of a clip with the parameter sets of its header alone."""
    with av.open(str(path)) as container:
        video: Any = container.streams.video[0]
        codec = video.codec_context
        length_size = 1 + (codec.extradata[4 if codec.name == "h264" else 21] & 3)
        found = []
        for packet in container.demux(video):
            bare = av.Packet(_without_sets(bytes(packet), length_size, codec.name))
            bare.pts, bare.dts, bare.time_base = packet.pts, packet.dts, packet.time_base
            bare.is_keyframe = packet.is_keyframe
            found += [read_number(frame) for frame in codec.decode(bare if packet.size else None)]
    return found


def _without_sets(sample: bytes, length_size: int, codec: str) -> bytes:
    kept, position = [], 0
    while position < len(sample):
        end = position + length_size + int.from_bytes(sample[position : position + length_size])
        first = sample[position + length_size]
        kind = first & 0x1F if codec == "h264" else (first >> 1) & 0x3F
        if kind not in ((7, 8) if codec == "h264" else (32, 33, 34)):
            kept.append(sample[position:end])
        position = end
    return b"".join(kept)
