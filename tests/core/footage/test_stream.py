"""Footage as HLS: what playlists say, and that players show each frame once."""

from collections.abc import Iterator
import io
from itertools import pairwise
from pathlib import Path

import av
import pytest

from custom_components.retrocam.core.errors import DroppedError, NotHeldError
from custom_components.retrocam.core.footage.joined import Footage
from custom_components.retrocam.core.footage.media_names import InitName, PartName, SegmentName
from custom_components.retrocam.core.footage.stream import FootageStream
from custom_components.retrocam.core.frames.orientation import displayed_orientation
from custom_components.retrocam.core.segments.ring import SegmentRing

from ..media import cut, encode, feed, long_cuts, read_number, ring_of
from .hls import Parsed, decoded, media, parse, playlist_of, save
from .runs import SOURCES, shown, two_restarts


def stream_of(ring: SegmentRing, allowance: int = 1 << 30) -> FootageStream:
    return FootageStream(ring, lambda: allowance)


def closed(stream: FootageStream, start: float, end: float) -> str:
    return playlist_of(stream, stream.window(start, end, final=True))


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "mjpeg"])
def test_closed_playlist_gives_every_frame_once(source: str, tmp_path: Path) -> None:
    ring, _ = two_restarts(**SOURCES[source])
    frames, stream = shown(ring), stream_of(ring)
    text = closed(stream, frames[0].time, frames[-1].time + 1)
    assert parse(text).ended
    found = decoded(save(tmp_path, stream, text))
    assert found == [frame.number for frame in frames]


def test_playlist_begins_with_the_keyframe_before_its_start(tmp_path: Path) -> None:
    ring, _ = two_restarts(bframes=2)
    frames, stream = shown(ring), stream_of(ring)
    at = next(frame.time for frame in frames if frame.number == 131)
    end = next(frame.time for frame in frames if frame.number == 1060)
    text = closed(stream, at + 0.01, end)
    first = parse(text).segments[0]
    assert first.date == pytest.approx(
        next(frame.time for frame in frames if frame.number == 100), abs=0.001
    )
    found = decoded(save(tmp_path, stream, text))
    shown_numbers = [frame.number for frame in frames]
    last = found[-1]
    assert last is not None
    assert found == shown_numbers[shown_numbers.index(100) : shown_numbers.index(last) + 1]
    # It ends with the part that has the last frame.
    assert 1059 <= last <= 1059 + 25


def check_rules(parsed: Parsed) -> None:
    """Check what RFC 8216 asks of every playlist."""
    target = int(parsed.tags["EXT-X-TARGETDURATION"])
    for segment in parsed.segments:
        assert segment.section
        assert segment.date or not (segment.uri or segment.parts)
        if segment.uri:
            assert 0 < segment.duration <= target
            assert round(segment.duration) <= target
    if parsed.ended:
        assert parsed.tags["EXT-X-PLAYLIST-TYPE"] == "VOD"
        assert not any(segment.parts or segment.hint for segment in parsed.segments)
        return
    part_target = float(parsed.tags["EXT-X-PART-INF"].partition("=")[2])
    for segment in parsed.segments:
        durations = [float(part["DURATION"]) for part in segment.parts]
        assert all(0 < duration <= part_target for duration in durations)
        if segment.uri and durations:
            assert sum(durations) == pytest.approx(segment.duration, abs=0.01)


def test_live_playlist_obeys_the_rules() -> None:
    ring, _ = ring_of(long_cuts())
    stream = stream_of(ring)
    text = playlist_of(stream, stream.window(None, None, final=False), from_start=False)
    parsed = parse(text)
    check_rules(parsed)
    assert "EXT-X-START" not in parsed.tags
    assert "CAN-BLOCK-RELOAD=YES" in parsed.tags["EXT-X-SERVER-CONTROL"]
    first, second, last = parsed.segments
    assert (first.uri != "", second.uri != "", last.uri) == (True, True, "")
    assert last.parts
    assert last.hint == f"media/2.part{len(last.parts)}.m4s?authSig=x"
    assert first.parts[0]["INDEPENDENT"] == "YES"
    assert second.date - first.date == pytest.approx(first.duration, abs=0.001)
    whole = media(stream, first.uri)
    assert whole == b"".join(media(stream, part["URI"]) for part in first.parts)


def test_playlist_of_the_present_moves_on_with_it() -> None:
    ring, clock = ring_of(cut(encode(425), min_segment=0.9))
    stream = stream_of(ring)
    numbers = []
    for first in (1000, 2000):
        window = stream.window(None, None, final=False, live=True)
        parsed = parse(playlist_of(stream, window, from_start=False))
        check_rules(parsed)
        assert parsed.segments[-1].number >= ring.segments[-1].number
        numbers.append(parsed.segments[0].number)
        feed(ring, cut(encode(425, first=first), min_segment=0.9), clock, run=first)
    assert ring.segments[0].number == 0 < numbers[0] < numbers[1]


def test_oldest_segment_stays_for_who_was_told_of_it() -> None:
    ring, clock = ring_of(long_cuts(), seconds=13)
    stream = stream_of(ring)
    at = shown(ring)[3].time
    stream.promise_oldest()
    feed(ring, cut(encode(425, first=1000)), clock, run=1)
    assert ring.segments[0].number > 0
    assert Footage(ring, lambda: stream.dropped).in_memory().at(at) == 0
    clock.now += 40
    assert not stream.expire()


def test_next_segment_is_hinted_at_between_two() -> None:
    # Without a hint, hls.js stops at the end of the segment after a restart.
    ring, _ = ring_of(long_cuts()[:2])
    assert all(segment.complete for segment in ring.segments)
    stream = stream_of(ring)
    text = playlist_of(stream, stream.window(None, None, final=False), from_start=False)
    assert text.endswith('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="media/2.part0.m4s?authSig=x"\n')
    assert "PRELOAD-HINT" not in closed(stream, 0.0, 5e9)


def test_start_within_the_segment_in_progress() -> None:
    ring, _ = ring_of(long_cuts())
    stream = stream_of(ring)
    frames = shown(ring)
    at = frames[375].time
    parsed = parse(playlist_of(stream, stream.window(at, None, final=False)))
    check_rules(parsed)
    (only,) = parsed.segments
    # The keyframe is frame 350, in the middle of the part of frames 350 to 374 or at its start.
    assert only.date == pytest.approx(frames[350].time, abs=0.001)
    data = media(stream, only.section) + b"".join(media(stream, p["URI"]) for p in only.parts)
    with av.open(io.BytesIO(data), "r") as container:
        numbers = [read_number(frame) for frame in container.decode(video=0)]
    assert numbers == [frame.number for frame in frames[350:]]


def growing(step: int = 1) -> Iterator[tuple[FootageStream, Parsed]]:
    """Yield the live playlist of a short ring while it moves on over three runs."""
    ring, clock = ring_of(seconds=13)
    stream = stream_of(ring)
    for run in range(3):
        for segment in cut(encode(425, first=1000 * run), min_segment=2.9):
            feed(ring, [segment], clock, run=run)
            window = stream.window(None, None, final=False)
            yield stream, parse(playlist_of(stream, window))
        clock.now += 20


def test_playlists_agree_with_those_before() -> None:
    seen: dict[int, tuple[object, ...]] = {}
    counts = []
    for _, parsed in growing():
        check_rules(parsed)
        before = int(parsed.tags["EXT-X-DISCONTINUITY-SEQUENCE"])
        for segment in parsed.segments:
            before += segment.discontinuity
            if segment.uri:
                said = (
                    segment.uri,
                    segment.duration,
                    segment.section,
                    round(segment.date, 2),
                    before,
                )
                assert seen.setdefault(segment.number, said) == said
        counts.append(before)
    assert counts[-1] == 2
    assert counts == sorted(counts)
    assert min(seen) == 0


def test_what_leaves_the_playlist_stays_for_its_readers() -> None:
    last: list[str] = []
    for stream, parsed in growing():
        for uri in last:
            assert media(stream, uri)
        last = [segment.uri for segment in parsed.segments if segment.uri]


def test_promises_end() -> None:
    ring, clock = ring_of(long_cuts(), seconds=13)
    stream = stream_of(ring)
    parsed = parse(playlist_of(stream, stream.window(None, None, final=False)))
    uri = parsed.segments[0].uri
    feed(ring, cut(encode(425, first=1000)), clock, run=1)
    assert ring.segments[0].number > 0
    clock.now += 10
    assert stream.expire()
    assert media(stream, uri)
    assert stream.kept_size > 0
    clock.now += 30
    assert not stream.expire()
    with pytest.raises(DroppedError):
        media(stream, uri)
    with pytest.raises(DroppedError):
        media(stream, parsed.segments[0].section)
    assert stream.kept_size == 0


def test_readers_lose_the_oldest_beyond_the_limit() -> None:
    ring, clock = ring_of(long_cuts(), seconds=13)
    oldest, newer, newest = ring.segments
    stream = stream_of(ring, newer.size + newest.size)
    playlist_of(stream, stream.window(None, None, final=False))
    with ring.cursor() as cursor:
        feed(ring, cut(encode(425, first=1000)), clock, run=1)
        assert ring.segments[0].number > newest.number
        stream.expire()
        assert stream.kept_size == newer.size + newest.size
        with pytest.raises(DroppedError):
            stream.segment(SegmentName(oldest.number))
        assert stream.segment(SegmentName(newer.number))
        # The clip writer loses nothing.
        read = cursor.next(0)
        assert read is not None
        assert read.segment is oldest


def test_frame_of_a_promised_time() -> None:
    ring, clock = ring_of(long_cuts(), seconds=13)
    stream = stream_of(ring)
    at = shown(ring)[30].time
    playlist_of(stream, stream.window(None, None, final=False))
    feed(ring, cut(encode(425, first=1000)), clock, run=1)
    with pytest.raises(NotHeldError):
        stream.window(at - 5, at, final=True)
    assert Footage(ring, lambda: stream.dropped).in_memory().at(at) == 0


def test_change_of_format_changes_the_init() -> None:
    ring, clock = ring_of()
    feed(ring, cut(encode(200)), clock)
    feed(ring, cut(encode(200, first=1000, size=(320, 180))), clock, run=1)
    stream = stream_of(ring)
    text = closed(stream, 0.0, clock.wall() + 1)
    sections = [segment.section for segment in parse(text).segments]
    assert len(set(sections)) == 2
    assert [s.discontinuity for s in parse(text).segments].count(True) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_init_has_the_orientation(orientation: int) -> None:
    ring, _ = ring_of(long_cuts())
    stream = stream_of(ring)
    window = stream.window(None, None, final=False)
    section = parse(playlist_of(stream, window, orientation=orientation)).segments[0].section
    data = media(stream, section) + media(stream, "media/0.m4s?authSig=x")
    with av.open(io.BytesIO(data), "r") as container:
        frame = next(container.decode(video=0))
    assert displayed_orientation(frame) == orientation
    size = "96x160" if orientation >= 5 else "160x96"
    assert f"RESOLUTION={size}" in stream.master(window, "playlist.m3u8", orientation)


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        (("h264", "with sound"), "avc1.42C00B,mp4a.40.2"),
        (("h265",), "hvc1.1.6.L30.90"),
    ],
)
def test_codecs_of_the_master(codec: tuple[str, ...], expected: str) -> None:
    ring, _ = ring_of(cut(encode(200, **SOURCES[codec[-1]])))
    stream = stream_of(ring)
    text = stream.master(stream.window(None, None, final=False), "playlist.m3u8?x", 1)
    assert f'CODECS="{expected}"' in text
    assert text.endswith("\nplaylist.m3u8?x\n")


@pytest.mark.parametrize(
    "name",
    [
        SegmentName(7),
        SegmentName(0, parts=99),
        PartName(2, 99),
        PartName(0, 0, 999),
    ],
)
def test_media_that_is_not_there(name: SegmentName | PartName) -> None:
    ring, _ = ring_of(long_cuts())
    stream = stream_of(ring)
    with pytest.raises(NotHeldError):
        media(stream, f"media/{name}?authSig=x")
    with pytest.raises(DroppedError):
        stream.init(InitName(5, 1))


@pytest.mark.parametrize(("start", "end"), [(5e9, None), (5e9, 6e9), (0.0, 5.0), (0.0, 1e9)])
def test_times_that_are_not_held(start: float, end: float | None) -> None:
    ring, _ = ring_of(long_cuts())
    with pytest.raises(NotHeldError):
        stream_of(ring).window(start, end, final=True)


def test_steps_of_dates_are_durations() -> None:
    ring, clock = ring_of(cut(encode(400, bframes=2)))
    stream = stream_of(ring)
    segments = parse(closed(stream, 0.0, clock.wall() + 1)).segments
    for one, after in pairwise(segments):
        assert after.date - one.date == pytest.approx(one.duration, abs=0.09)
