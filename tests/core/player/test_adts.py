"""Conversion of audio to ADTS AAC."""

import io
from itertools import pairwise
import math
from typing import Any

import av
import numpy as np
import pytest

from custom_components.retrocam.core.player.adts import (
    _ENCODED_HEADERS,
    AdtsCopy,
    AdtsEncoder,
    AdtsHeader,
    audio_track,
)
from custom_components.retrocam.core.player.audio import AdtsFrame
from custom_components.retrocam.core.player.common_start import CommonStart
from custom_components.retrocam.core.player.demux import Source
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..hearing import decoded, onsets
from .clips import clip, ffmpeg
from .server import MediaServer, Page


def converted(server: MediaServer, data: bytes) -> tuple[Any, list[AdtsFrame], float]:
    """Return the track selected for a clip, its frames, and the position of the first video frame."""
    network = Network(is_any)
    source = Source(MediaInput(server.add("/a", Page(data))), network, CommonStart())
    track = audio_track(source.section)
    frames: list[AdtsFrame] = []
    first = math.inf
    for section, packet, position in source.packets():
        if packet.stream is section.audio:
            frames += track.feed(packet, position)
        else:
            first = min(first, position)
    frames += track.finish()
    source.close()
    source.section.container.close()
    return track, frames, first


CODECS = [
    ({"kind": "mp4"}, AdtsCopy),
    ({"kind": "matroska"}, AdtsCopy),
    ({"kind": "mpegts"}, AdtsCopy),
    ({"kind": "flv"}, AdtsCopy),
    ({"kind": "mp4", "layout": "stereo"}, AdtsCopy),
    ({"kind": "mp4", "layout": "5.1"}, AdtsEncoder),
    ({"kind": "matroska", "audio": "libopus"}, AdtsEncoder),
    ({"kind": "matroska", "audio": "flac"}, AdtsEncoder),
    ({"kind": "mpegts", "audio": "mp2", "layout": "stereo"}, AdtsEncoder),
    ({"kind": "matroska", "audio": "ac3", "layout": "5.1"}, AdtsEncoder),
    ({"kind": "matroska", "audio": "pcm_s16le"}, AdtsEncoder),
]


@pytest.mark.parametrize(("settings", "expected"), CODECS, ids=lambda value: str(value)[:60])
def test_beeps_keep_their_position(
    server: MediaServer, settings: dict[str, Any], expected: type
) -> None:
    track, frames, first = converted(server, clip(**settings))
    assert isinstance(track, expected)
    begin = frames[0].start_us / 1_000_000
    samples, rate, channels = decoded(b"".join(frame.data for frame in frames))
    assert channels <= 2
    beeps = [begin + at for at in onsets(samples, rate)]
    assert beeps == pytest.approx([first, first + 1, first + 2], abs=0.02)
    assert all(abs(after.start_us - before.end_us) < 3000 for before, after in pairwise(frames))


def test_copied_frames_keep_their_payload(server: MediaServer) -> None:
    data = clip()
    _, frames, _ = converted(server, data)
    with av.open(io.BytesIO(data), "r") as container:
        raw = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    assert len(frames) == len(raw)
    for frame, payload in zip(frames, raw, strict=True):
        assert frame.data[7:].rstrip(b"\0") == payload.rstrip(b"\0")


def adts_frames(data: bytes) -> list[bytes]:
    frames: list[bytes] = []
    while data:
        length = int.from_bytes(data[3:6]) >> 5 & 0x1FFF
        frames.append(data[:length])
        data = data[length:]
    return frames


def copied(data: bytes) -> bytes:
    (frame,) = AdtsCopy(None).feed(av.Packet(data), 0.0)
    return frame.data


def test_quiet_audio_is_padded_and_decodes_the_same() -> None:
    frames = adts_frames(ffmpeg(clip(3.0), "adts", "-vn", "-c:a", "aac", "-b:a", "24k"))
    padded = [copied(frame) for frame in frames]
    assert min(map(len, padded)) == 128_000 * 21_333 // 8_000_000
    assert max(map(len, frames)) < 2 * min(map(len, padded))
    samples, rate, channels = decoded(b"".join(padded))
    original, *shape = decoded(b"".join(frames))
    assert [rate, channels] == shape
    assert np.array_equal(samples, original)


def test_large_frames_and_frames_with_a_checksum_are_not_padded() -> None:
    large = AdtsHeader(0xFFF14C80001FFC).frame(bytes(400))
    assert len(large) == 407
    assert copied(large) == large
    checked = bytes([0xFF, 0xF0]) + copied(large)[2:100]
    assert copied(checked) == checked


def test_headers_equal_those_of_ffmpeg() -> None:
    data = clip(1.0, layout="stereo")
    expected = max(adts_frames(ffmpeg(data, "adts", "-vn", "-c", "copy")), key=len)
    with av.open(io.BytesIO(data), "r") as container:
        copy = AdtsHeader.from_stream(container.streams.audio[0])
    for header in (copy, AdtsHeader.from_frame(expected), AdtsHeader(_ENCODED_HEADERS[48000])):
        assert header is not None
        assert header.frame(expected[7:]) == expected


def header_of(config: str) -> AdtsHeader | None:
    """Return the header of a stream with this AudioSpecificConfig."""
    output = io.BytesIO()
    with (
        av.open(io.BytesIO(clip(1.0)), "r") as container,
        av.open(output, "w", format="matroska") as muxer,
    ):
        stream = muxer.add_stream_from_template(container.streams.audio[0])
        stream.codec_context.extradata = bytes.fromhex(config)
        for packet in container.demux(audio=0):
            packet.stream = stream
            muxer.mux(packet)
    output.seek(0)
    with av.open(output, "r") as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.extradata == bytes.fromhex(config)
        return AdtsHeader.from_stream(stream)


@pytest.mark.parametrize(
    ("config", "rate", "channels"),
    [
        ("1190", 48000, 2),
        ("1210", 44100, 2),
        ("1188", 48000, 1),
        ("2b920800", 22050, 2),  # HE-AAC: the core's rate
        ("eb8a0800", 22050, 1),  # HE-AAC v2
    ],
)
def test_copied_configurations(config: str, rate: int, channels: int) -> None:
    header = header_of(config)
    assert header is not None
    assert header.duration_us == 1_024_000_000 // rate
    assert int.from_bytes(header.frame(b"")[:4]) >> 6 & 7 == channels


@pytest.mark.parametrize(
    "config",
    [
        "11b0",  # 5.1
        "1180",  # channels in the bitstream
        "0990",  # AAC Main
        "1194",  # frames of 960 samples
        "1790000000",  # a rate without an index
        "2f80000000000000",
    ],
)
def test_encoded_configurations(config: str) -> None:
    assert header_of(config) is None


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xf1\x4c", b"no frame at all", bytes.fromhex("fff10c80") + bytes(7)]
)
def test_malformed_frames_are_dropped(data: bytes) -> None:
    assert AdtsHeader.from_frame(data) is None
    packet: Any = av.Packet(data or b"\0")
    assert AdtsCopy(None).feed(packet, 0.0) == []


def test_a_gap_keeps_later_positions(server: MediaServer) -> None:
    source = Source(
        MediaInput(server.add("/a", Page(clip(kind="matroska", audio="flac")))),
        Network(is_any),
        CommonStart(),
    )
    track = audio_track(source.section)
    frames = [
        frame
        for section, packet, position in source.packets()
        if packet.stream is section.audio and not 0.5 < position < 1.5
        for frame in track.feed(packet, position)
    ]
    frames += track.finish()
    source.close()
    late = [frame for frame in frames if frame.start_us > 1_400_000]
    assert late[0].start_us == pytest.approx(1_500_000, abs=130_000)
    samples, rate, _ = decoded(b"".join(frame.data for frame in late))
    assert [late[0].start_us / 1e6 + at for at in onsets(samples, rate)] == pytest.approx(
        [2], abs=0.02
    )


def test_broken_audio_is_dropped(server: MediaServer) -> None:
    source = Source(
        MediaInput(server.add("/a", Page(clip(kind="matroska", audio="flac")))),
        Network(is_any),
        CommonStart(),
    )
    track = audio_track(source.section)
    broken: Any = av.Packet(b"rubbish" * 100)
    assert track.feed(broken, 0.0) == []
    source.close()
