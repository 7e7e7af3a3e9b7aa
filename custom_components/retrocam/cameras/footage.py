"""Footage of one instance: what it holds, single frames of it, and the HLS stream."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
import math
import secrets
import time as clocks
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..core.errors import NotHeldError
from ..core.footage.frame_reader import EncodedFrame, FrameReader
from ..core.footage.held import HeldFootage, HeldSegment, RingFootage, Span, Where, as_named
from ..core.footage.joined import Footage
from ..core.footage.media_names import InitName, MediaName, PartName, SegmentName
from ..core.footage.playlist import Links
from ..core.footage.stream import FootageStream
from ..core.footage.taped import FoundMedia
from ..core.footage.window import Window
from ..core.frames.feed import Picture
from ..core.frames.image_codec import ImageFormat
from ..core.job_limiter import GuestLimiter
from ..core.mp4.shift import Piece
from ..settings import MEGABYTE
from ..stream.provider import StreamProvider
from .footage_decoding import async_decode_footage
from .footage_readers import FootageReaders
from .part_waits import PartWaits
from .taped_footage import MOST_OPEN, TapedFootage

_PATIENCE: Final = 3.0
"""Seconds to wait for the part of a time that has passed, in addition to the longest wait for a part."""

TRANSFERS: Final = 8
"""Segments and parts sent at once, of one instance; further ones wait."""
TRANSFERS_WAITING: Final = 200
_START_TIMEOUT: Final = 9.5
"""Seconds in which an idle stream must start and deliver a part."""
_MIN_ALLOWANCE: Final = 32 * MEGABYTE
"""Memory limit that counts at least, also without a lookback."""
_EARLIER: Final = 1_000_000
"""Number in a playlist of the first segment of the ring, if it may list what was before it."""
_MOST_TOLD: Final = 100
"""Spans of the tape that subscribers are told; the shortest gaps are left out."""


class CameraFootage:
    """The footage of one instance. All methods run in the event loop."""

    def __init__(self, hass: HomeAssistant, name: str, provider: StreamProvider) -> None:
        self._hass = hass
        self._name = name
        self._provider = provider
        self._ring = provider.ring
        self._reader = FrameReader()
        self._stream = FootageStream(provider.ring, self._allowance, lambda: self.all.reaches_back)
        self.all = Footage(provider.ring, lambda: self._stream.dropped)
        self.taped = TapedFootage(name, self.all, hass.loop.time)
        self.epoch = secrets.token_hex(4)
        """Part of the names of media: numbers of segments begin again with each instance."""
        self.transfers = GuestLimiter(running=TRANSFERS, waiting=TRANSFERS_WAITING)
        self._readers = FootageReaders(hass, provider, self._expire)
        self._created = clocks.time()
        self._parts = PartWaits(hass, self._ring)
        self.listeners = self._parts.listeners

    @property
    def decoded(self) -> int:
        """Frames decoded so far."""
        return self._reader.decoded

    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report."""
        return {
            "kept_for_readers": self._stream.kept_size,
            "decoded": self.decoded,
            "waiting": self._parts.count,
            "watched": self._readers.watched,
        }

    @callback
    def async_close(self) -> None:
        """End all waits."""
        self._parts.close()
        self._readers.close()
        self._stream.clear()
        self.taped.clear()
        self._reader.clear()

    def spans(self, after: float = -math.inf, before: float = math.inf) -> list[Span]:
        """Return what is held between two times (UNIX s), oldest first, without overlap."""
        return self.all.spans(after, before)

    def memory_spans(self, after: float = -math.inf, before: float = math.inf) -> list[Span]:
        """Return what is in the ring, which is all that guests see."""
        return list(RingFootage(self._ring).held().spans(Where.MEMORY, after, before))

    async def async_jpeg(
        self, time: float, *, width: int = 0, fast: bool = False, guest: bool = False
    ) -> EncodedFrame:
        """Return the frame shown at a time (UNIX s), with `fast` the keyframe before it, as a JPEG.

        Scales wider frames down to `width` pixels; 0 never scales. Raises NotHeldError at once where
        nothing is held, DecodeError and InvalidFrameError for damaged video, BusyError. A `guest` sees
        no tape.
        """
        return await self._async_decode(
            time,
            lambda held: self._reader.jpeg(held, time, self._orientation, width=width, fast=fast),
            guest=guest,
        )

    async def async_still(self, time: float, image_format: ImageFormat) -> EncodedFrame:
        """Return the frame shown at a time (UNIX s) in full size, for saving. Raises as `async_jpeg`."""
        return await self._async_decode(
            time, lambda held: self._reader.still(held, time, self._orientation, image_format)
        )

    async def async_use(self, time: float, use: Callable[[Picture], None]) -> None:
        """Call `use` in a thread with the frame shown at a time (UNIX s). Raises as `async_jpeg`."""
        read = partial(self._reader.picture, time=time, orientation=self._orientation, fast=False)
        await self._async_decode(time, read, then=use)

    @property
    def reaches_present(self) -> bool:
        """Whether a player can begin with the present at once."""
        complete = any(segment.complete for segment in self._ring.segments)
        return complete and self._reaches(clocks.time() - self._patience)

    def announce(self) -> list[Span]:
        """Return what is held to somebody who may ask for it: the oldest in memory is kept for a while.

        Of a tape of many spans, those with the longest gaps between them.
        """
        self._stream.promise_oldest()
        self._readers.check_regularly()
        return self.all.overview(_MOST_TOLD)

    async def async_window(
        self,
        start: float | None,
        end: float | None,
        reload: tuple[int, int | None] | None = None,
        *,
        live: bool = False,
        guest: bool = False,
    ) -> Window:
        """Return the segments of a playlist (UNIX s), and keep the stream running for its reader.

        Waits for a time that has just passed, for the first part of an idle stream, and for the segment
        and part that a reader's `reload` names. With `live` it begins shortly before the present. A
        `guest` sees no tape. Raises NotHeldError, ValueError for a reload too far ahead, and as
        `TapedFootage.async_window`.
        """
        if end is None or end > clocks.time() - _PATIENCE:
            self._readers.watch()
        if end is None and not self._ring.segments and (guest or not self._on_open_tape(start)):
            await self._parts.async_wait(lambda: bool(self._ring.segments), _START_TIMEOUT)
        latest = start if end is None else end
        if latest is not None and self._is_due(latest, self.all.in_memory()):
            await self._parts.async_wait(lambda: self._reaches(latest), self._patience)
        final = end is not None and end < clocks.time() - self._patience

        async def find() -> Window:
            window = None if guest else await self.taped.async_window(start, end, final=final)
            return window or self._stream.window(start, end, final=final, live=live)

        window = await find()
        if reload is None or window.closed:
            return window
        number, part = reload[0] - self._offset(start), reload[1]
        newest = window.segments[-1].segment.number
        if number > newest + 2:
            raise ValueError("the reload is too far ahead")
        first = window.segments[0]
        if part is not None and number == first.segment.number:
            part += window.cut.part

        await self._parts.async_wait(lambda: self._has(number, part), 3.0 * self._stream.target)
        return await find()

    def _on_open_tape(self, start: float | None) -> bool:
        """Return whether an open playlist begins on tape, and need not wait for the camera."""
        now = clocks.time()
        return start is not None and self.all.on_tape(max(start, now - MOST_OPEN), now)

    def _offset(self, start: float | None) -> int:
        """Return what is added to the numbers of a playlist; before the ring they are below 0."""
        earlier = start is not None and start < self._created and self.all.reaches_back
        return _EARLIER if earlier else 0

    def playlist(
        self, window: Window, links: Links, *, from_start: bool, start: float | None = None
    ) -> str:
        """Return the media playlist of a window; what it names is kept for its reader.

        `start` is what its reader asked for.
        """
        text = self._stream.playlist(
            window,
            links,
            self._orientation,
            from_start=from_start,
            offset=self._offset(start),
        )
        self._readers.check_regularly()
        return text

    def master(self, window: Window, playlist: str) -> str:
        """Return the multivariant playlist of a media playlist."""
        return self._stream.master(window, playlist, self._orientation)

    def find(self, number: int) -> HeldSegment:
        """Return a segment by number, as its reader was told of it.

        Raises DroppedError, or NotHeldError for one to come.
        """
        held, placed = self._stream.find(number), self._stream.placed(number)
        return held if placed is None else as_named(held, placed.time)

    def media(self, name: InitName | SegmentName | PartName) -> Sequence[Piece]:
        """Return the bytes that a playlist names, in pieces.

        Raises DroppedError for a segment that is gone, NotHeldError for another that is not there, and
        FragmentError for a damaged one.
        """
        if isinstance(name, InitName):
            return [self._stream.init(name)]
        return self._stream.part(name) if isinstance(name, PartName) else self._stream.segment(name)

    def dropped_media(self, name: MediaName) -> AbstractAsyncContextManager[FoundMedia]:
        """Return what a playlist names and memory does not have; see `TapedFootage.media`."""
        self._readers.check_regularly()
        placed = None
        if isinstance(name, InitName | SegmentName | PartName):
            placed = self._stream.placed(name.number)
        return self.taped.media(name, placed)

    async def async_wait_for_part(self, name: PartName) -> None:
        """Wait for a part that a playlist hinted at."""
        newest = self._ring.segments[-1:]
        if newest and name.number in (newest[0].number, newest[0].number + 1):
            seconds = 2.0 * self._stream.part_target + self._patience
            await self._parts.async_wait(lambda: self._has(name.number, name.part), seconds)

    @property
    def _patience(self) -> float:
        return self._ring.longest_wait + _PATIENCE

    def _allowance(self) -> int:
        """Return the bytes that readers may keep beside the ring, within the limit of the lookback."""
        limit = max(self._ring.limits[1], _MIN_ALLOWANCE)
        return max(limit - self._ring.size, limit // 4)

    def _reaches(self, time: float) -> bool:
        held = self.all.in_memory().segments
        return bool(held) and held[-1].end > time

    def _has(self, number: int, part: int | None) -> bool:
        """Return whether the ring has a part of a segment; None is its last one."""
        if not (segments := self._ring.segments):
            return False
        newest = segments[-1]
        if newest.number != number:
            return newest.number > number
        return newest.complete if part is None else len(newest.parts) > part

    def _expire(self) -> bool:
        return self._stream.expire() | self.taped.expire()

    @property
    def _orientation(self) -> int:
        return self._provider.orientation

    async def _async_decode[T](
        self,
        time: float,
        decode: Callable[[HeldFootage], T],
        *,
        then: Callable[[T], None] = lambda _: None,
        guest: bool = False,
    ) -> T:
        held = await self._async_held(time, taped=not guest)
        async with self.taped.loaded(time) if held is None else nullcontext(held) as found:
            return await async_decode_footage(
                self._hass, self._name, found, decode, then, guest=guest
            )

    async def _async_held(self, time: float, *, taped: bool) -> HeldFootage | None:
        """Return what holds a time; wait for a part on its way. None for the tape.

        Raises NotHeldError, unless `taped` also where only the tape holds it.
        """
        on_tape = taped and self.all.on_tape(time)
        if self._provider.in_use and self._is_due(time, self.all.in_memory()) and not on_tape:
            await self._parts.async_wait(lambda: self._reaches(time), self._patience)
        held = self.all.in_memory()
        if held.segments and held.segments[0].start <= time:
            held.at(time)
            return held
        if not on_tape:
            raise NotHeldError("the time is before the footage")
        return None

    def _is_due(self, time: float, held: HeldFootage) -> bool:
        """Return whether a time has just passed, and may be in the next part."""
        end = held.segments[-1].end if held.segments else -math.inf
        now = clocks.time()
        # Of a camera that is away, parts of long ago do not come any more.
        return max(end, now - self._patience) <= time <= now
