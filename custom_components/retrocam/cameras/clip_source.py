"""What clips are cut from: the ring, and before it the tape."""

from collections.abc import Sequence
from functools import partial
import math
import time as clocks
from typing import Final

from ..core.errors import NotHeldError
from ..core.footage.clip_span import ClipSpan
from ..core.footage.held import HeldFootage
from ..core.footage.joined import Footage
from ..core.segments.ring import SegmentRing
from ..core.segments.segment import Segment
from ..core.threads import run_in_thread

MAX_AHEAD: Final = 86_400.0
"""Seconds from now until which a clip may last."""
_BEFORE: Final = 30.0
"""Seconds of tape read before a clip: a group of pictures, and what a gradual refresh takes."""
_AFTER: Final = 15.0
"""Seconds of tape read after a clip: its last frames may depend on later ones."""


class ClipSource:
    """Finds the segments of clips of one instance. All methods run in the event loop."""

    def __init__(self, name: str, ring: SegmentRing, footage: Footage) -> None:
        self._name = name
        self._ring = ring
        self._footage = footage

    async def async_span(self, start: float, end: float) -> ClipSpan:
        """Return the span of a clip between two times (UNIX s), of which the second may lie ahead.

        Raises NotHeldError where nothing is held, nor will be.
        """
        now, present = clocks.time(), self._ring.now
        held = await self._async_on_timeline(start, end)
        if not held.between(start, end) and (end <= now or start > now):
            raise NotHeldError("no footage of this time")
        if end > now + MAX_AHEAD:
            raise NotHeldError("the end is too far ahead")
        if (first := held.position(start)) is None:
            first = present + start - now
        last = held.position(end) if end <= now else None
        if last is None:
            last = present + end - now
        trigger = min(last, present)
        earlier = self._footage.dropped(held)
        return ClipSpan(max(0.0, trigger - first), max(0.0, last - trigger), trigger, earlier)

    async def async_lookback(self, seconds: float) -> Sequence[Segment]:
        """Return the segments of the last seconds that the ring has dropped, oldest first."""
        now = clocks.time()
        return self._footage.dropped(await self._async_on_timeline(now - seconds, now))

    async def _async_on_timeline(self, start: float, end: float) -> HeldFootage:
        """Return what a clip between two times (UNIX s) is cut from."""
        memory = self._footage.in_memory()
        segments, tape = memory.segments, self._footage.tape
        before = segments[0].start if segments else math.inf
        if tape is None or start >= before or not tape.holds(start, min(end, before)):
            return memory
        shift = segments[0].shift if segments else clocks.time() - self._ring.now
        read = partial(self._footage.on_timeline, start - _BEFORE, end + _AFTER, shift)
        return await run_in_thread(f"retrocam tape {self._name}", read, join_on_cancel=True)
