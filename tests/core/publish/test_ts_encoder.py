"""Encoded pictures and sound as received by a player."""

from collections.abc import Iterable
from contextlib import closing
import io
from itertools import pairwise

import av
import pytest

from custom_components.retrocam.core.frames.feed import Picture
from custom_components.retrocam.core.pattern.marks import beep
from custom_components.retrocam.core.publish.ts_encoder import AudioSource, Chunk, TsEncoder

from .transport import FPS, PACKET, has_picture, noise, picture, played


def encoder(
    *,
    tone: AudioSource | None = None,
    bitrate: int | None = None,
    size: tuple[int, int] = (320, 180),
) -> TsEncoder:
    return TsEncoder(width=size[0], height=size[1], fps=FPS, tone=tone, bitrate=bitrate)


def encoded(pictures: Iterable[Picture], *, tone: AudioSource | None = None) -> list[Chunk]:
    with closing(encoder(tone=tone)) as opened:
        return [chunk for each in pictures for chunk in opened.encode(each)]


def joined(chunks: Iterable[Chunk]) -> bytes:
    return b"".join(chunk.data for chunk in chunks)


def test_pictures_keep_their_times() -> None:
    decoded = played(joined(encoded([picture(number) for number in range(60, 130)])))
    assert decoded.numbers == list(range(60, 130))
    assert decoded.times == pytest.approx([number / FPS for number in range(60, 130)], abs=1e-5)


@pytest.mark.parametrize("first", [0, 85, 25 * 3600])
def test_beep_starts_with_the_flash(first: int) -> None:
    pictures = [picture(number) for number in range(first, first + 80)]
    decoded = played(joined(encoded(pictures, tone=beep)))
    # The first beep is cut at the start of the stream.
    begins = [time for time in decoded.beeps() if time > decoded.times[0] + 0.1]
    flashes = [time for time in decoded.flashes if time > decoded.times[0] + 0.1]
    assert len(flashes) == 3
    assert begins == pytest.approx(flashes, abs=0.003)
    gaps = [after[0] - before[0] for before, after in pairwise(decoded.sound)]
    assert max(gaps) < 0.0012, "gaps in the sound"


def test_codecs_are_playable_by_browsers_and_home_assistant() -> None:
    data = joined(encoded([picture(number) for number in range(50)], tone=beep))
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        frame = next(container.decode(video))
        assert video.codec_context.name == "h264"
        assert video.codec_context.profile == "Constrained Baseline"
        assert not video.codec_context.has_b_frames
        assert (frame.colorspace, frame.color_range, frame.format.name) == (1, 1, "yuv420p")
        assert (audio.codec_context.name, audio.codec_context.profile) == ("aac", "LC")
        assert (audio.codec_context.sample_rate, audio.codec_context.channels) == (48_000, 1)


def test_no_audio_stream_without_a_tone() -> None:
    data = joined(encoded([picture(number) for number in range(5)]))
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_only_key_chunks_are_decodable_starts() -> None:
    chunks = encoded([picture(number) for number in range(60)], tone=beep)
    assert all(len(chunk.data) % PACKET == 0 and chunk.data[0] == 0x47 for chunk in chunks)
    keys = [index for index, chunk in enumerate(chunks) if chunk.key]
    assert [chunks[index].position for index in keys] == [0.0, 1.0, 2.0]
    for index in keys:
        decoded = played(joined(chunks[index:]))
        first = round(chunks[index].position * FPS)
        assert decoded.numbers == list(range(first, 60))


def test_keyframe_on_request() -> None:
    with closing(encoder()) as opened:
        chunks = [
            chunk
            for number in range(50)
            for chunk in opened.encode(picture(number), key=number in (7, 8, 30))
        ]
    assert [round(chunk.position * FPS) for chunk in chunks if chunk.key] == [0, 7, 8, 30]


def test_keyframe_every_second_at_any_rate() -> None:
    slow = [picture(number, position=number / 4) for number in range(13)]
    assert [chunk.position for chunk in encoded(slow) if chunk.key] == [0.0, 1.0, 2.0, 3.0]


def test_chunks_are_not_delayed() -> None:
    with closing(encoder(tone=beep)) as opened:
        for number in range(40):
            chunks = opened.encode(picture(number))
            assert chunks[-1].position == number / FPS
            assert has_picture(chunks[-1].data)


def test_restarted_source_continues_without_a_jump() -> None:
    again = [*range(30, 60), *range(20)]
    decoded = played(joined(encoded([picture(number) for number in again], tone=beep)))
    assert decoded.numbers == again
    assert decoded.times == pytest.approx([1.2 + index / FPS for index in range(50)], abs=1e-5)
    assert decoded.beeps()[-1] == pytest.approx(decoded.flashes[-1], abs=0.06)


def test_long_gap_is_removed_and_a_pause_is_kept() -> None:
    times = [0.0, 0.04, 3.04, 3.08, 86_400.0, 86_400.04]
    pictures = [picture(number, position=time) for number, time in enumerate(times)]
    decoded = played(joined(encoded(pictures)))
    assert decoded.numbers == list(range(6))
    assert decoded.times == pytest.approx([0.0, 0.04, 3.04, 3.08, 3.12, 3.16], abs=1e-5)


def test_too_frequent_pictures_are_dropped() -> None:
    fast = [picture(number, position=number / 60) for number in range(40)]
    decoded = played(joined(encoded([*fast, fast[-1]])))
    assert decoded.numbers == list(range(0, 40, 2))


def test_encoded_picture_is_not_modified() -> None:
    given = picture(50)
    encoded([given])
    assert (given.frame.pts, given.frame.time, given.frame.pict_type) == (50, 2.0, 0)


def test_bitrate_is_capped() -> None:
    pictures = [noise(number) for number in range(100)]
    rates = []
    for bitrate in (1_000_000, 2_000_000, 4_000_000):
        with closing(encoder(bitrate=bitrate)) as opened:
            size = sum(len(chunk.data) for each in pictures for chunk in opened.encode(each))
        rates.append(size * 8 / 4 / bitrate)
    # The first second may fill the rate buffer; transport stream headers are extra.
    assert max(rates) < 1.4


def test_odd_size_raises() -> None:
    with pytest.raises(av.FFmpegError), closing(encoder(size=(321, 181))) as opened:
        opened.encode(picture(0))
