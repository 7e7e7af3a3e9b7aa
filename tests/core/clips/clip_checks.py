"""A ring to record from, a library to record into, and readers of the clips."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
import json
from pathlib import Path
import subprocess
from typing import Any, Self

import av

from custom_components.retrocam.core.clips.result import ClipResult
from custom_components.retrocam.core.clips.sample_selection import Fragment
from custom_components.retrocam.core.clips.writer import ClipWriter
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.library.store import MediaLibrary
from custom_components.retrocam.core.library.thumbnails import clip_thumbnail
from custom_components.retrocam.core.mp4.duration import mp4_duration
from custom_components.retrocam.core.segments.ring import SegmentRing

from ...pattern_reader import flash_visible
from ..media import Clock, Cut, Part, read_number

WITHIN = 60.0
"""Seconds to wait for a thread that should end at once."""


def library_in(folder: Path) -> MediaLibrary:
    return MediaLibrary(
        folder,
        extensions=("mp4",),
        thumbnailer=clip_thumbnail,
        prober=mp4_duration,
        keep_partials=True,
    )


@dataclass
class Camera:
    """Feeds a ring part by part, and records from it."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    run: int = 0

    def __post_init__(self) -> None:
        self.ring = SegmentRing(1e6, 1 << 40, self.clock, self.clock.wall)
        self.library = library_in(self.folder)
        self.library.load()
        self.writers: list[ClipWriter] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Close the ring and join all writers."""
        self.ring.close()
        for writer in self.writers:
            ended(writer)

    def feed(self, cuts: Iterable[Cut]) -> None:
        self.feed_steps(steps(cuts))

    def feed_steps(self, steps: Iterable[tuple[bytes, Part, bool, bool]]) -> None:
        for init, part, first, ends in steps:
            self.feed_part(init, part, first=first, ends=ends)

    def feed_part(self, init: bytes, part: Part, *, first: bool, ends: bool) -> None:
        if first:
            self.ring.begin(self.run, init)
        self.clock.now += part.duration
        if part.keyframe is not None:
            self.ring.note_keyframe(*part.keyframe)
        self.ring.add_part(part)
        if ends:
            self.ring.finish(1.0)

    def reconnect(self, cuts: Iterable[Cut], *, away: float) -> None:
        self.run += 1
        self.clock.now += away
        self.feed(cuts)

    def writer(
        self,
        lookback: float,
        duration: float,
        *,
        on_write: Callable[[float], None] | None = None,
        **options: Any,
    ) -> ClipWriter:
        """Start a writer; `on_write` is called in its thread with the seconds written so far."""
        writer = ClipWriter(
            self.ring, self.library, lookback=lookback, duration=duration, **options
        )
        if on_write is not None:
            _observe(writer, on_write)
        self.writers.append(writer)
        writer.start()
        return writer

    def give_up_waiting(self) -> None:
        """Advance the clock until no clip waits for a part."""
        self.clock.now += 1000


def _observe(writer: ClipWriter, on_write: Callable[[float], None]) -> None:
    selector, write = writer._selector, writer._files.write

    def observed(fragments: Iterable[Fragment]) -> None:
        written = list(fragments)
        write(written)
        if written and selector.first is not None:
            on_write(selector.end - selector.first)

    writer._files.write = observed  # type: ignore[method-assign]  # the only hook a test needs


def steps(cuts: Iterable[Cut]) -> list[tuple[bytes, Part, bool, bool]]:
    """Return the parts of segments: init, part, whether it is the first and the last."""
    return [
        (one.init, part, part is one.parts[0], part is one.parts[-1] and bool(one.duration))
        for one in cuts
        for part in one.parts
    ]


def ended(writer: ClipWriter) -> ClipResult:
    assert writer.join(WITHIN), "the clip did not end"
    assert writer.result is not None
    return writer.result


def shown(path: Path | None) -> list[tuple[float, int | None]]:
    """Decode a file into time and frame number of each frame."""
    assert path is not None
    with av.open(str(path)) as container:
        return [(frame.time or 0.0, read_number(frame)) for frame in container.decode(video=0)]


def numbers_in(*paths: Path | None) -> list[int | None]:
    return [number for path in paths for _, number in shown(path)]


def ffprobe(path: Path | None, *options: str) -> dict[str, Any]:
    """Run ffprobe, which must not log a warning."""
    command = ["ffprobe", "-v", "warning", "-of", "json", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    output: dict[str, Any] = json.loads(done.stdout)
    return output


def decode_gaps(path: Path | None, stream: str = "v") -> list[float]:
    """Seconds from each packet's dts to the next one's."""
    output = ffprobe(path, "-select_streams", stream, "-show_entries", "packet=dts_time")
    times = [float(packet["dts_time"]) for packet in output["packets"]]
    return [after - before for before, after in pairwise(times)]


def flashes(path: Path | None) -> list[float]:
    """Times of the test pattern's flashes."""
    times, before = [], True
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            visible = flash_visible(planes(frame)[0])
            if visible and not before:
                times.append(frame.time or 0.0)
            before = visible
    return times


def beginning_of(path: Path) -> list[bytes]:
    """Types of the file's top-level boxes."""
    kinds, data, position = [], path.read_bytes(), 0
    while position < len(data):
        kinds.append(data[position + 4 : position + 8])
        position += int.from_bytes(data[position : position + 4])
    return kinds
