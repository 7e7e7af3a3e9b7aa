"""Compose the pictures of a grid's members into one, while it has viewers.

Members deliver pictures in their own threads, at their own rates and sizes; only the newest of each
is kept. The compositor checks them `fps` times a second and draws the tiles that changed. It does not
wait for a member without pictures: a text in its tile says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
import math
import threading
import time
from typing import Final, Protocol

import av

from ..frames.colors import bt709_frame
from ..frames.feed import Picture, Sink
from ..frames.geometry import BLACK, Rect, YuvPlanes, fill
from ..frames.jpeg import planes
from .layout import Layout, Tile, tiles
from .tiles import TileContent, TileInput, TilePainter

_START_TIMEOUT: Final = 5.0
"""Seconds that the first composed picture waits for all visible members."""
_MAX_INTERVAL: Final = 1.0
"""Seconds after which an unchanged picture is emitted again."""
_LINGER: Final = 10.0
"""Seconds for which a hidden member is still read in full."""


class Member(Protocol):
    """A camera in a grid."""

    @property
    def name(self) -> str:
        """Label of its tile."""

    @property
    def longest_wait(self) -> float:
        """Most seconds between arrivals of late, of a member that sends in bursts. Any thread."""

    def subscribe(self, sink: Sink, *, keyframes_only: bool) -> Callable[[], None]:
        """Call `sink` with pictures, in any thread, until the returned function is called.

        Called in the compositor's thread; must not block. `keyframes_only` allows fewer pictures
        where that saves work.
        """


@dataclass(frozen=True, slots=True)
class GridView:
    """Layout and main member of a grid."""

    layout: Layout
    main: int = 0
    """Index of the main member."""


class _MemberReader:
    """Reads one member: all its pictures while visible, otherwise keyframes.

    So a picture is ready when the member becomes visible again, at next to no cost until then.
    """

    def __init__(self, member: Member, clock: Callable[[], float]) -> None:
        self.member = member
        self.input = TileInput(clock)
        self.painter = TilePainter()
        self.name = ""
        self._clock = clock
        self._last_visible = -math.inf
        self._keyframes_only = False
        self._unsubscribe: Callable[[], None] | None = None

    def begin(self) -> None:
        """Reset for a first viewer."""
        self.input.begin()
        self.name = self.member.name
        self._last_visible = -math.inf

    def update(self, *, visible: bool) -> None:
        """Subscribe to all pictures or to keyframes, by present and recent visibility."""
        now = self._clock()
        if visible:
            self._last_visible = now
        keyframes_only = now - self._last_visible > _LINGER
        if self._unsubscribe is not None and keyframes_only == self._keyframes_only:
            return
        unsubscribe = self.member.subscribe(self.input.take, keyframes_only=keyframes_only)
        self.unsubscribe()
        self._unsubscribe, self._keyframes_only = unsubscribe, keyframes_only

    def unsubscribe(self) -> None:
        """Stop reading."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None


class Compositor:
    """Draws a grid of fixed size: yuv420p, BT.709, limited range. A PictureSource.

    `view` may be read and set from any thread.
    """

    def __init__(
        self,
        members: list[Member],
        *,
        width: int,
        height: int,
        fps: float,
        view: GridView,
        describe_gap: Callable[[float | None], str],
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Set up to 16 members; nothing runs yet.

        `width` and `height` in pixels, even. `describe_gap` returns the text for a tile without a
        picture since a UNIX time (None: never). Raises ValueError as `layout.tiles`.
        """
        self._readers = [_MemberReader(member, clock) for member in members]
        self._width, self._height = width, height
        self._interval = 1 / fps
        self._describe_gap = describe_gap
        self._clock = clock
        self._wall_clock = wall_clock
        self._epoch = clock()
        self._canvas: av.VideoFrame | None = None
        self._tiles: tuple[Tile, ...] = ()
        self._contents: dict[int, TileContent] = {}
        self.view = view

    @property
    def view(self) -> GridView:
        """View from the next picture on. Setting it raises ValueError as `layout.tiles`."""
        return self._view

    @view.setter
    def view(self, view: GridView) -> None:
        self._tiles_of(view)
        self._view = view

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Call `emit` with each changed picture until `stop` is set.

        The first one waits some seconds for all visible members.
        """
        for reader in self._readers:
            reader.begin()
        self._canvas = None
        try:
            self._run(emit, stop)
        finally:
            for reader in self._readers:
                reader.unsubscribe()
            self._canvas = None
            self._contents = {}

    def _run(self, emit: Sink, stop: threading.Event) -> None:
        due = self._clock()
        deadline = due + _START_TIMEOUT
        last: av.VideoFrame | None = None
        last_emitted = -math.inf
        while True:
            now = self._clock()
            visible = self._tiles_of(self._view)
            members = {tile.member for tile in visible}
            for index, reader in enumerate(self._readers):
                reader.update(visible=index in members)
            if last is not None or self._ready(visible, timed_out=now >= deadline):
                frame = self._compose(visible)
                if frame is not last or now - last_emitted >= _MAX_INTERVAL:
                    last, last_emitted = frame, now
                    emit(Picture(frame, self._wall_clock(), now - self._epoch))
            due = max(due + self._interval, now)
            if stop.wait(max(0.0, due - self._clock())):
                return

    def _tiles_of(self, view: GridView) -> tuple[Tile, ...]:
        return tiles(view.layout, len(self._readers), self._width, self._height, view.main)

    def _ready(self, visible: tuple[Tile, ...], *, timed_out: bool) -> bool:
        """Return whether to start; members that time out are not waited for at the next start."""
        inputs = (self._readers[tile.member].input for tile in visible)
        missing = [source for source in inputs if source.expected and not source.filled]
        if timed_out:
            for source in missing:
                source.expected = False
        return timed_out or not missing

    def _compose(self, visible: tuple[Tile, ...]) -> av.VideoFrame:
        """Return a new canvas, or the last one if nothing changed; emitted ones stay unmodified."""
        before = self._canvas if visible == self._tiles else None
        old = self._contents if before is not None else {}
        contents = {tile.member: self._content(self._readers[tile.member]) for tile in visible}
        if before is not None and contents == old:
            return before
        changed = [tile for tile in visible if contents[tile.member] != old.get(tile.member)]
        canvas = bt709_frame(self._width, self._height)
        target = planes(canvas)
        self._fill_unchanged(target, before, changed)
        for member, area in changed:
            self._readers[member].painter.paint(target, area, contents[member])
        self._canvas, self._tiles, self._contents = canvas, visible, contents
        return canvas

    def _content(self, reader: _MemberReader) -> TileContent:
        frame = reader.input.frame(reader.member.longest_wait)
        gone = frame is None and reader.input.gone
        text = self._describe_gap(reader.input.last_time) if gone else ""
        return TileContent(frame, reader.name, text)

    def _fill_unchanged(
        self, target: YuvPlanes, before: av.VideoFrame | None, changed: list[Tile]
    ) -> None:
        """Copy the canvas before, or fill with black, unless the changed tiles cover everything."""
        if sum(area.width * area.height for _, area in changed) == self._width * self._height:
            return
        if before is None:
            fill(target, Rect(0, 0, self._width, self._height), BLACK)
            return
        for plane, old in zip(target, planes(before), strict=True):
            plane[:] = old
