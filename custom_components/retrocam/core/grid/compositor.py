"""Composes the pictures of a grid's members into one, while somebody watches.

Members bring their pictures in threads of their own, at rates and sizes of their own, and only the
newest one of each is kept. The compositor looks at them `fps` times a second and draws those tiles
whose member has something new. A member that brings nothing holds up nobody: its tile says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
import math
import threading
import time
from typing import Final, Protocol

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from ..frames.feed import Picture, Sink
from ..frames.geometry import BLACK, Planes, Rect, fill
from ..frames.jpeg import planes
from .layout import Layout, Tile, tiles
from .tiles import Content, Painter, Slot

_SETTLE: Final = 5.0
"""Seconds that the first picture of all waits for members that have to wake up."""
_LEAST_OFTEN: Final = 1.0
"""Seconds after which a picture is given out though nothing changed."""
_LINGER: Final = 10.0
"""Seconds for which a member that is no longer shown is read as if it were."""


class Member(Protocol):
    """A camera in a grid."""

    @property
    def name(self) -> str:
        """What its tile is labelled with."""

    def subscribe(self, sink: Sink, *, keyframes_only: bool) -> Callable[[], None]:
        """Have `sink` called with pictures, in any thread, until the returned function is called.

        Called in the compositor's thread; must not wait. With `keyframes_only` fewer pictures do,
        where that saves work.
        """


@dataclass(frozen=True, slots=True)
class GridView:
    """What is shown now."""

    layout: Layout
    main: int = 0
    """Index of the main member."""


class _Reader:
    """Reads one member: all its pictures while it is shown, else keyframes.

    So a member has a picture ready when it is shown again, and costs next to nothing until then.
    """

    def __init__(self, member: Member, clock: Callable[[], float]) -> None:
        self.member = member
        self.slot = Slot(clock)
        self.painter = Painter()
        self.name = ""
        self._clock = clock
        self._shown_at = -math.inf
        self._keyframes_only = False
        self._end: Callable[[], None] | None = None

    def begin(self) -> None:
        """Begin anew, for a first viewer."""
        self.slot.begin()
        self.name = self.member.name
        self._shown_at = -math.inf

    def follow(self, *, shown: bool) -> None:
        """Read as is fit for a member that is shown now, or not."""
        now = self._clock()
        if shown:
            self._shown_at = now
        keyframes_only = now - self._shown_at > _LINGER
        if self._end is not None and keyframes_only == self._keyframes_only:
            return
        end = self.member.subscribe(self.slot.take, keyframes_only=keyframes_only)
        self.leave()
        self._end, self._keyframes_only = end, keyframes_only

    def leave(self) -> None:
        """Read no more."""
        if self._end is not None:
            self._end()
            self._end = None


class Compositor:
    """Draws a grid: yuv420p, BT.709, limited range. A PictureSource.

    The size of the picture never changes. `view` may be read and set from any thread.
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
        """Take up to 16 members; nothing runs yet.

        `width` and `height` in pixels, even. `describe_gap` says in words that there has been no
        picture since a UNIX time, or never. Raises ValueError as `grid.tiles` does.
        """
        self._readers = [_Reader(member, clock) for member in members]
        self._width, self._height = width, height
        self._interval = 1 / fps
        self._describe_gap = describe_gap
        self._clock = clock
        self._wall_clock = wall_clock
        self._epoch = clock()
        self._canvas: av.VideoFrame | None = None
        self._tiles: tuple[Tile, ...] = ()
        self._drawn: dict[int, Content] = {}
        self._view = view
        self._tiles_of(view)

    @property
    def view(self) -> GridView:
        """What is shown from the next picture on. Setting raises ValueError as `grid.tiles` does."""
        return self._view

    @view.setter
    def view(self, view: GridView) -> None:
        self._tiles_of(view)
        self._view = view

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Call `emit` with each picture in which something is new, until `stop` is set.

        The first one waits some seconds until all members that are shown have brought a picture.
        """
        for reader in self._readers:
            reader.begin()
        self._canvas = None
        try:
            self._beat(emit, stop)
        finally:
            for reader in self._readers:
                reader.leave()
            self._canvas = None
            self._drawn = {}

    def _beat(self, emit: Sink, stop: threading.Event) -> None:
        settled_at = self._clock() + _SETTLE
        due = self._clock()
        last: av.VideoFrame | None = None
        emitted = -math.inf
        while True:
            now = self._clock()
            shown = self._tiles_of(self._view)
            self._follow(shown)
            if last is not None or self._settled(shown, late=now >= settled_at):
                frame = self._compose(shown)
                if frame is not last or now - emitted >= _LEAST_OFTEN:
                    last, emitted = frame, now
                    emit(Picture(frame, self._wall_clock(), now - self._epoch))
            due = max(due + self._interval, now)
            if stop.wait(max(0.0, due - self._clock())):
                return

    def _tiles_of(self, view: GridView) -> tuple[Tile, ...]:
        return tiles(view.layout, len(self._readers), self._width, self._height, view.main)

    def _follow(self, shown: tuple[Tile, ...]) -> None:
        members = {tile.member for tile in shown}
        for index, reader in enumerate(self._readers):
            reader.follow(shown=index in members)

    def _settled(self, shown: tuple[Tile, ...], *, late: bool) -> bool:
        """Tell whether to wait no longer; who is waited for in vain is not waited for again."""
        waiting = [
            slot
            for slot in (self._readers[tile.member].slot for tile in shown)
            if slot.expected and not slot.filled
        ]
        if late:
            for slot in waiting:
                slot.expected = False
        return late or not waiting

    def _compose(self, shown: tuple[Tile, ...]) -> av.VideoFrame:
        """Return a new canvas, or the last one if nothing changed; canvases are never drawn upon."""
        before = self._canvas if shown == self._tiles else None
        drawn = self._drawn if before is not None else {}
        contents = {tile.member: self._content(self._readers[tile.member]) for tile in shown}
        if before is not None and contents == drawn:
            return before
        changed = [tile for tile in shown if contents[tile.member] != drawn.get(tile.member)]
        canvas = self._new_canvas()
        target = planes(canvas)
        self._begin_canvas(target, before, changed)
        for member, area in changed:
            self._readers[member].painter.paint(target, area, contents[member])
        self._canvas, self._tiles, self._drawn = canvas, shown, contents
        return canvas

    def _content(self, reader: _Reader) -> Content:
        slot = reader.slot
        frame = slot.frame()
        gone = frame is None and slot.gone
        return Content(frame, reader.name, self._describe_gap(slot.last_time) if gone else "")

    def _new_canvas(self) -> av.VideoFrame:
        canvas = av.VideoFrame(self._width, self._height, "yuv420p")
        canvas.colorspace, canvas.color_range = Colorspace.ITU709, ColorRange.MPEG
        canvas.color_primaries, canvas.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        return canvas

    def _begin_canvas(
        self, target: Planes, before: av.VideoFrame | None, changed: list[Tile]
    ) -> None:
        """Fill what will not be drawn: with what was there, or with black."""
        if sum(area.width * area.height for _, area in changed) == self._width * self._height:
            return
        if before is None:
            fill(target, Rect(0, 0, self._width, self._height), BLACK)
            return
        for plane, old in zip(target, planes(before), strict=True):
            plane[:] = old
