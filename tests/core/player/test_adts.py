"""Sound as ADTS AAC."""

import io
from itertools import pairwise
import math
from typing import Any

import av
import numpy as np
import pytest

from custom_components.retrocam.core.player.adts import (
    AdtsCopy,
    AdtsEncoder,
    AdtsHeader,
    audio_track,
    stuffed,
)
from custom_components.retrocam.core.player.audio import AudioPiece
from custom_components.retrocam.core.player.demux import CommonStart, Source
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..hearing import decoded, onsets
from .clips import clip, ffmpeg
from .server import MediaServer, Page


def pieces_of(server: MediaServer, data: bytes) -> tuple[Any, list[AudioPiece], float]:
    """Return the track that was chosen for a clip, what it made, and where the picture begins."""
    network = Network(is_any)
    source = Source(MediaInput(server.add("/a", Page(data))), network, CommonStart())
    track = audio_track(source.part)
    pieces: list[AudioPiece] = []
    first = math.inf
    for part, packet, at in source.packets():
        if packet.stream is part.audio:
            pieces += track.feed(packet, at)
        else:
            first = min(first, at)
    pieces += track.finish()
    source.close()
    source.part.container.close()
    return track, pieces, first


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


@pytest.mark.parametrize(("made", "chosen"), CODECS, ids=lambda value: str(value)[:60])
def test_beeps_are_where_they_were(server: MediaServer, made: dict[str, Any], chosen: type) -> None:
    track, pieces, first = pieces_of(server, clip(**made))
    assert isinstance(track, chosen)
    begin = pieces[0].start_us / 1_000_000
    sound, rate, channels = decoded(b"".join(piece.data for piece in pieces))
    assert channels <= 2
    heard = [begin + at for at in onsets(sound, rate)]
    assert heard == pytest.approx([first, first + 1, first + 2], abs=0.02)
    assert all(abs(after.start_us - before.end_us) < 3000 for before, after in pairwise(pieces))


def test_copied_frames_are_the_same(server: MediaServer) -> None:
    data = clip()
    _, pieces, _ = pieces_of(server, data)
    with av.open(io.BytesIO(data), "r") as container:
        raw = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    assert len(pieces) == len(raw)
    for piece, frame in zip(pieces, raw, strict=True):
        assert piece.data[7:].rstrip(b"\0") == frame.rstrip(b"\0")


def test_quiet_sound_is_stuffed_and_sounds_the_same() -> None:
    packed = ffmpeg(clip(3.0), "adts", "-vn", "-c:a", "aac", "-b:a", "24k")
    frames: list[bytes] = []
    while packed:
        length = int.from_bytes(packed[3:6]) >> 5 & 0x1FFF
        frames.append(packed[:length])
        packed = packed[length:]
    made = [stuffed(frame, 21_333) for frame in frames]
    assert min(map(len, made)) == 128_000 * 21_333 // 8_000_000
    assert max(map(len, frames)) < 2 * min(map(len, made))
    heard, rate, channels = decoded(b"".join(made))
    as_it_was, *shape = decoded(b"".join(frames))
    assert [rate, channels] == shape
    assert np.array_equal(heard, as_it_was)
    # More than is asked for stays, and so does what has a checksum over it.
    assert stuffed(made[0], 100) == made[0]
    guarded = bytes([*frames[0][:1], frames[0][1] & ~1, *frames[0][2:]])
    assert stuffed(guarded, 21_333) == guarded


def test_headers_are_as_ffmpegs_own() -> None:
    theirs = ffmpeg(clip(1.0), "adts", "-vn", "-c", "copy")
    header = AdtsHeader.from_frame(theirs)
    assert header is not None
    length = int.from_bytes(theirs[3:6]) >> 5 & 0x1FFF
    assert header.before(theirs[7:length])[:7] == theirs[:7]


@pytest.mark.parametrize(
    ("config", "rate_index", "channels"),
    [
        ("1190", 3, 2),
        ("1210", 4, 2),
        ("1188", 3, 1),
        ("2b920800", 7, 2),  # HE-AAC: the core's rate
        ("eb8a0800", 7, 1),  # HE-AAC v2
    ],
)
def test_configurations_that_are_copied(config: str, rate_index: int, channels: int) -> None:
    header = AdtsHeader.from_config(bytes.fromhex(config))
    assert header is not None
    assert (header.rate_index, header.channels) == (rate_index, channels)


@pytest.mark.parametrize(
    "config",
    [
        "11b0",  # 5.1
        "1180",  # channels told elsewhere
        "0990",  # AAC Main
        "1194",  # frames of 960 samples
        "1790000000",  # an uncommon rate
        "",
        "2f80000000000000",
    ],
)
def test_configurations_that_are_not(config: str) -> None:
    assert AdtsHeader.from_config(bytes.fromhex(config)) is None


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xf1\x4c", b"no frame at all", bytes.fromhex("fff10c80")]
)
def test_what_is_no_frame(data: bytes) -> None:
    assert AdtsHeader.from_frame(data + (b"\0" * 7 if len(data) == 4 else b"")) is None
    packet: Any = av.Packet(data or b"\0")
    assert AdtsCopy(None).feed(packet, 0.0) == []


def test_a_gap_in_the_sound_stays_one(server: MediaServer) -> None:
    """Half a second is missing: what follows is still told at its own position."""
    source = Source(
        MediaInput(server.add("/a", Page(clip(kind="matroska", audio="flac")))),
        Network(is_any),
        CommonStart(),
    )
    track = audio_track(source.part)
    pieces = [
        piece
        for part, packet, at in source.packets()
        if packet.stream is part.audio and not 0.5 < at < 1.5
        for piece in track.feed(packet, at)
    ]
    pieces += track.finish()
    source.close()
    late = [piece for piece in pieces if piece.start_us > 1_400_000]
    assert late[0].start_us == pytest.approx(1_500_000, abs=130_000)
    sound, rate, _ = decoded(b"".join(piece.data for piece in late))
    assert [late[0].start_us / 1e6 + at for at in onsets(sound, rate)] == pytest.approx(
        [2], abs=0.02
    )


def test_broken_sound_is_left_out(server: MediaServer) -> None:
    source = Source(
        MediaInput(server.add("/a", Page(clip(kind="matroska", audio="flac")))),
        Network(is_any),
        CommonStart(),
    )
    track = audio_track(source.part)
    broken: Any = av.Packet(b"rubbish" * 100)
    assert track.feed(broken, 0.0) == []
    source.close()
