"""A live camera on a fake clock."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
import math
import threading
from typing import Any, override

from custom_components.retrocam.core.errors import FragmentError
from custom_components.retrocam.core.frames.decoder import SegmentDecoder
from custom_components.retrocam.core.frames.feed import Picture
from custom_components.retrocam.core.mp4.fragment_reader import read_tracks, samples
from custom_components.retrocam.core.segments.cursors import SegmentCursor
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import FrameTimes, frame_times

from ..media import WALL, Clock, Cut, Part, encode, numbers, read_number

SOURCES: dict[str, Callable[[], bytes]] = {
    "h264": lambda: encode(425),
    "reordered": lambda: encode(425, bframes=2),
    "begins before 0": lambda: encode(425, bframes=2, container="mp4"),
    "with sound": lambda: encode(425, sound=True, container="mp4"),
    "h265": lambda: encode(425, codec="libx265", bframes=2, container="mp4"),
    "mjpeg": lambda: encode(425, codec="mjpeg", container="mp4"),
}


class Camera(SegmentRing):
    """A ring that is written, and whose clock advances, while its reader waits."""

    def __init__(self, seconds: float = 60) -> None:
        self.time = Clock()
        super().__init__(seconds, 1 << 30, self.time, self.time.wall)
        self.stop = _Stop(self)
        self._events: list[tuple[float, Callable[[], None]]] = []
        self._end = self.time.now

    def send(
        self,
        cuts: Iterable[Cut],
        *,
        run: int = 0,
        after: float = 0.0,
        late: float = 0.0,
        burst: float = 0.0,
        first_burst: float = 0.0,
    ) -> None:
        """Send segments, each part at the capture of its last frame.

        The first is taken `after` seconds after those sent before; the second part is `late`. Parts of
        `burst` seconds arrive together, the first ones of `first_burst` seconds.
        """
        sent_from = self._end
        began: float | None = None
        for number, segment in enumerate(cuts):
            for index, part in enumerate(segment.parts):
                taken = last_taken(segment, part)
                if began is None:
                    began = self._end + after - first_taken(segment)
                if taken is None:
                    self._end += part.duration
                else:
                    self._end = max(self._end, began + taken)
                init = segment.init if index == 0 else None
                done = segment.duration if part is segment.parts[-1] else 0.0
                delay = late if (number, index) == (0, 1) else 0.0
                at = self._end + delay
                if burst:
                    bursts = max(0, math.ceil((at - sent_from - first_burst) / burst))
                    at = sent_from + first_burst + bursts * burst
                self._events.append((at, self._writes(run, init, part, done)))

    def _writes(self, run: int, init: bytes | None, part: Part, last: float) -> Callable[[], None]:
        def write() -> None:
            if init is not None:
                self.begin(run, init)
            self.add_part(part)
            if last:
                self.finish(last)

        return write

    def advance(self, seconds: float) -> None:
        """Advance the clock; stop ten seconds after the last part."""
        end = self.time.now + seconds
        while self._events and self._events[0][0] <= end:
            at, write = self._events.pop(0)
            self.time.now = max(at, self.time.now)
            write()
        self.time.now = end
        if not self._events and end > self._end + 10:
            self.stop.set()

    @override
    def cursor(self, since: float | None = None, **options: Any) -> SegmentCursor:
        cursor = super().cursor(since, **options)
        take = cursor.next

        def next_or_advance(timeout: float | None) -> object:
            if (read := take(0)) is None:
                next_event = self._events[0][0] if self._events else self.time.now + 1
                self.advance(min(timeout or 0, max(0, next_event - self.time.now)))
                read = take(0)
            return read

        cursor.next = next_or_advance  # type: ignore[method-assign,assignment]  # no real waiting
        return cursor


def first_taken(segment: Cut) -> float:
    """Media time of the first frame; 0 if unreadable."""
    times = read_times(segment, segment.parts[0])
    return times.start if times else 0.0


def last_taken(segment: Cut, part: Part) -> float | None:
    """Media time at the end of a part's last frame."""
    times = read_times(segment, part)
    return times.shown_until if times else None


def read_times(segment: Cut, part: Part) -> FrameTimes | None:
    try:
        return frame_times(part, read_tracks(segment.init)[0])
    except FragmentError:
        return None


class _Stop(threading.Event):
    """Waiting for it advances the camera's clock."""

    def __init__(self, camera: Camera) -> None:
        super().__init__()
        self._camera = camera

    @override
    def wait(self, timeout: float | None = None) -> bool:
        if timeout and not self.is_set():
            self._camera.advance(timeout)
        return self.is_set()


class Viewer:
    """Records pictures and the times they are emitted at."""

    def __init__(
        self,
        camera: Camera,
        *,
        pace: float = 0.0,
        pause_at: int | None = None,
        leave_at: int | None = None,
    ) -> None:
        self._camera = camera
        self._pause_at = pause_at
        self._pace = pace
        self._leave_at = leave_at
        self.pictures: list[Picture] = []
        self.times: list[float] = []

    def __call__(self, picture: Picture) -> None:
        self.pictures.append(picture)
        self.times.append(self._camera.time.now)
        if self._pace:
            self._camera.advance(self._pace)
        if len(self.pictures) == self._pause_at:
            self._camera.advance(12)
        if len(self.pictures) == self._leave_at:
            self._camera.stop.set()

    @property
    def numbers(self) -> list[int | None]:
        return [read_number(picture.frame) for picture in self.pictures]

    @property
    def ages(self) -> list[float]:
        """Age of each picture when emitted, in seconds."""
        return [at - 5000 + WALL - p.time for at, p in zip(self.times, self.pictures, strict=True)]


def upright() -> int:
    return 1


def watch(
    camera: Camera,
    *,
    pace: float = 0.0,
    pause_at: int | None = None,
    leave_at: int | None = None,
    orientation: Callable[[], int] = upright,
    keyframes_only: bool = False,
) -> Viewer:
    viewer = Viewer(camera, pace=pace, pause_at=pause_at, leave_at=leave_at)
    decoder = SegmentDecoder(camera, orientation=orientation, keyframes_only=keyframes_only)
    decoder.run(viewer, camera.stop)
    return viewer


def numbers_in(cuts: Iterable[Cut]) -> list[int | None]:
    return [n for c in cuts for n in numbers(c.init, c.parts)]


def picture_count(segment: Cut) -> int:
    track = read_tracks(segment.init)[0]
    return sum(1 for part in segment.parts for _ in samples(part.data, track))


def steps(values: Iterable[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(values)]


def unknown(cuts: Iterable[Cut]) -> list[Cut]:
    """Replace the video codec by an unknown one."""
    return [
        replace(c, init=c.init.replace(b"avc1", b"nope").replace(b"avcC", b"none")) for c in cuts
    ]
