"""Footage as HLS from the tape, through the seam, into memory: each frame once."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.errors import DroppedError
from custom_components.retrocam.core.footage.joined import Footage, TapeFootage
from custom_components.retrocam.core.footage.media_names import (
    InitName,
    PartName,
    SegmentName,
    TapeInitName,
    TapeSegmentName,
    parse_name,
)
from custom_components.retrocam.core.footage.stream import FootageStream
from custom_components.retrocam.core.footage.taped import (
    dropped_media,
    taped_media,
    taped_window,
)
from custom_components.retrocam.core.footage.window import Window
from custom_components.retrocam.core.tape import writer as writer_module
from custom_components.retrocam.core.tape.writer import TapeWriter

from ...waiting import until
from ..media import cut, encode
from ..tape.taping import WITHIN
from .hls import LINKS, Parsed, decoded, parse
from .runs import SOURCES, shown
from .taped_camera import TapedCamera

FAR = 1_000_000


class TapedStream:
    """The HLS stream of a camera with a tape."""

    def __init__(self, camera: TapedCamera) -> None:
        self.camera = camera
        self.stream = FootageStream(camera.ring, lambda: 1 << 30, lambda: True)

    def window(self, start: float, end: float | None = None) -> Window:
        return taped_window(self.camera.footage, start, end, final=True)

    def playlist(self, start: float, end: float | None = None) -> str:
        window = self.window(start, end)
        return self.stream.playlist(window, LINKS, 1, from_start=True, offset=FAR)

    def media(self, uri: str) -> bytes:
        """Return what a playlist names, as the views of Home Assistant do."""
        name = parse_name(uri.removesuffix(LINKS.query).removeprefix(f"{LINKS.folder}/"))
        assert name is not None, uri
        if isinstance(name, TapeInitName | TapeSegmentName):
            assert self.camera.footage.tape is not None
            return b"".join(taped_media(self.camera.footage.tape, name).pieces)
        try:
            if isinstance(name, InitName):
                return self.stream.init(name)
            if isinstance(name, PartName):
                return b"".join(self.stream.part(name))
            return b"".join(self.stream.segment(name))
        except DroppedError:
            placed = self.stream.placed(name.number)
            assert placed is not None
            return b"".join(dropped_media(self.camera.footage, name, placed).pieces)

    def save(self, directory: Path, text: str) -> Path:
        """Write a playlist and all that it names to files."""
        (directory / LINKS.folder).mkdir(parents=True)
        for uri in uris(parse(text)):
            path = directory / uri.removesuffix(LINKS.query)
            path.write_bytes(self.media(uri))
        playlist = directory / "playlist.m3u8"
        playlist.write_text(text.replace(LINKS.query, ""), encoding="utf-8")
        return playlist


def uris(parsed: Parsed) -> set[str]:
    found = {uri for one in parsed.segments for uri in (one.uri, one.section)}
    return (found | {part["URI"] for one in parsed.segments for part in one.parts}) - {""}


def in_folder(camera: TapedCamera, folder: Path) -> TapedCamera:
    """Return the camera after a restart of Home Assistant, a minute later."""
    after = TapedCamera(folder)
    after.clock.now = 100.0
    after.clock.wall_ahead = camera.clock.wall() + 60 - 100
    while after.store.read_indexes():
        pass
    return after


@pytest.mark.parametrize("kind", [name for name in SOURCES if name != "mjpeg"])
def test_closed_playlist_over_the_seam_gives_every_frame_once(kind: str, tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path / "tape")
    stream = TapedStream(camera)
    for run in range(2):
        camera.feed(cut(encode(400, first=1000 * run, **SOURCES[kind])), run=run)
        camera.write()
        camera.clock.now += 20
    # What comes last is partly in memory alone, and partly on its way to the disk.
    camera.feed(cut(encode(500, first=2000, **SOURCES[kind])), run=2)
    frames = shown(camera.whole)
    text = stream.playlist(frames[0].time, frames[-1].time + 1)
    parsed = parse(text)
    assert parsed.ended
    assert [one.discontinuity for one in parsed.segments].count(True) >= 2
    found = decoded(stream.save(tmp_path / "hls", text))
    assert found == [frame.number for frame in frames]


def test_playlist_over_files_of_one_run_has_no_discontinuity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MAX_SECONDS", 13.0)
    camera = TapedCamera(tmp_path / "tape")
    stream = TapedStream(camera)
    camera.feed(cut(encode(1200, bframes=2)))
    camera.write()
    frames = shown(camera.whole)
    text = stream.playlist(frames[0].time, camera.clock.wall())
    parsed = parse(text)
    assert len({one.section for one in parsed.segments}) >= 3
    assert not any(one.discontinuity for one in parsed.segments[1:])
    assert decoded(stream.save(tmp_path / "hls", text)) == [frame.number for frame in frames]


def test_playlist_over_a_restart(tmp_path: Path) -> None:
    before = TapedCamera(tmp_path / "tape")
    before.feed(cut(encode(500, bframes=2)))
    before.write()
    after = in_folder(before, tmp_path / "tape")
    after.feed(cut(encode(500, first=2000, bframes=2)))
    after.write()
    old, new = shown(before.whole), shown(after.whole)
    wanted = [frame.number for frame in old + new]
    stream = TapedStream(after)
    closed = stream.playlist(old[0].time, new[-1].time + 1)
    assert decoded(stream.save(tmp_path / "closed", closed)) == wanted
    # What it named is found by another Home Assistant.
    later = TapedStream(in_folder(after, tmp_path / "tape"))
    names = [uri for uri in uris(parse(closed)) if "/t" in uri or "init-t" in uri]
    assert len(names) > 3
    assert all(later.media(uri) == stream.media(uri) for uri in names)
    # Beginning in the middle, it begins with the keyframe before.
    part = stream.playlist(old[131].time, old[260].time)
    found = decoded(stream.save(tmp_path / "part", part))
    # The last part may need the next one for some of its frames.
    assert found[:-3] == list(range(100, 100 + len(found) - 3))
    assert 261 - 100 <= len(found) <= 261 - 100 + 50


def test_open_playlist_agrees_with_those_before(tmp_path: Path) -> None:
    before = TapedCamera(tmp_path / "tape")
    before.feed(cut(encode(300)))
    before.write()
    after = in_folder(before, tmp_path / "tape")
    old = shown(before.whole)
    stream = TapedStream(after)
    segments = cut(encode(1500, first=2000), min_segment=0.9)
    seen: dict[int, tuple[object, ...]] = {}
    shifts = set()
    for index, one in enumerate(segments):
        after.feed([one], run=index // 20)
        if index % 7 == 6:
            after.write()
        parsed = parse(stream.playlist(old[0].time if index < 20 else old[200].time))
        assert not parsed.ended
        first = int(parsed.tags["EXT-X-DISCONTINUITY-SEQUENCE"])
        for listed in parsed.segments:
            first += listed.discontinuity
            # The first may begin with a later keyframe.
            if listed.uri and ".from" not in listed.uri:
                said = (listed.uri, round(listed.duration, 2), round(listed.date, 1), first)
                assert seen.setdefault(listed.number, said) == said
        last = after.ring.segments[-1]
        assert parsed.segments[-1].number == FAR + last.number
        shifts.add(parsed.segments[0].uri)
    assert sorted(seen) == list(range(min(seen), max(seen) + 1))
    assert min(seen) < FAR < FAR + len(segments) - 3 < max(seen)
    assert len(shifts) == 2
    # All of it is still there, from the oldest on tape to the newest in memory.
    text = stream.playlist(old[0].time, after.clock.wall())
    found = decoded(stream.save(tmp_path / "hls", text))
    assert found == [frame.number for frame in old + shown(after.whole)]


def test_what_memory_dropped_is_served_from_the_tape(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path / "tape")
    stream = TapedStream(camera)
    camera.feed(cut(encode(400)))
    window = stream.stream.window(None, None, final=False)
    parsed = parse(stream.stream.playlist(window, LINKS, 1, from_start=True))
    held = {uri: stream.media(uri) for uri in uris(parsed) if "part" not in uri}
    assert len(held) > 1
    camera.feed(cut(encode(400, first=1000)), run=1)
    camera.write()
    camera.clock.now += 200
    stream.stream.expire()
    numbers = [name.number for uri in held if isinstance(name := named(uri), SegmentName)]
    assert camera.ring.segments[0].number > max(numbers)
    for number in numbers:
        with pytest.raises(DroppedError):
            stream.stream.segment(SegmentName(number))
    assert {uri: stream.media(uri) for uri in held} == held


def named(uri: str) -> object:
    return parse_name(uri.removesuffix(LINKS.query).removeprefix(f"{LINKS.folder}/"))


def test_kept_segment_hides_nothing_of_the_tape(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path / "tape", seconds=4.0)
    stream = TapedStream(camera)
    camera.footage = Footage(camera.ring, lambda: stream.stream.dropped)
    camera.footage.unwritten = lambda: camera.writer.unwritten
    camera.footage.tape = TapeFootage(camera.store)
    camera.feed(cut(encode(200), min_segment=0.9))
    # A reader is told of the oldest, which is kept, and the ring goes on.
    stream.stream.promise_oldest()
    camera.feed(cut(encode(400, first=1000), min_segment=0.9), run=1)
    camera.write()
    numbers = [held.segment.number for held in camera.footage.held().segments]
    assert numbers == list(range(len(camera.whole.segments)))


def test_change_of_format_between_files(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path / "tape")
    camera.feed(cut(encode(300)))
    camera.feed(cut(encode(300, first=1000, size=(320, 180))), run=1)
    camera.write()
    stream = TapedStream(camera)
    parsed = parse(stream.playlist(0.0, camera.clock.wall()))
    assert [one.discontinuity for one in parsed.segments].count(True) >= 1
    changes = [
        later.discontinuity
        for one, later in zip(parsed.segments, parsed.segments[1:], strict=False)
        if one.section != later.section
    ]
    assert changes[0]


async def test_what_a_playlist_names_is_found_when_times_have_fallen(tmp_path: Path) -> None:
    """A file's times fall with the lag of the stream, when parts arrive with less delay than before."""
    camera = TapedCamera(tmp_path / "tape")
    segments = cut(encode(400), min_segment=0.9)
    camera.writer = TapeWriter(camera.ring, camera.store, flush=0.01)
    camera.writer.start()
    try:
        # What a starved machine receives at the start comes late.
        camera.clock.now += 0.4
        camera.feed(segments[:5])
        start = shown(camera.whole)[0].time
        await until(lambda: camera.store.until > start + 5)
        stream = TapedStream(camera)
        text = stream.playlist(start, start + 2)
        held = {uri: stream.media(uri) for uri in uris(parse(text))}
        assert {type(named(uri)) for uri in held} == {TapeInitName, TapeSegmentName}
        camera.clock.now -= 0.4
        camera.feed(segments[5:])
        await until(lambda: camera.footage.held().segments[0].start < start - 0.3)
        assert {uri: stream.media(uri) for uri in held} == held
    finally:
        camera.writer.stop()
        assert camera.writer.join(WITHIN)
    again = TapedStream(in_folder(camera, tmp_path / "tape"))
    assert {uri: again.media(uri) for uri in held} == held
