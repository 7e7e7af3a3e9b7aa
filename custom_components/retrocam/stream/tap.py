"""The tap: a reader of Home Assistant's stream worker, beside HLS and on the same connection.

A `StreamTap` is an output format of a Stream, registered as "retrocam". It hands the worker's segments
to any number of `SegmentRing`s; the bytes are shared with HLS, not copied. While a ring is attached
the tap is awake. When the last one leaves, the stream's idle timer runs; when that fires, the tap is
removed, and with the last output the worker ends.

A Stream drops its outputs when its worker ends, and sometimes without telling them: whoever attached
a ring must look after it (`is_attached`), as `supply.py` does.
"""

from itertools import count
from typing import TYPE_CHECKING, Final, cast, override

from homeassistant.components.stream import HLS_PROVIDER, Stream
from homeassistant.components.stream.core import (
    PROVIDERS,
    IdleTimer,
    Segment,
    StreamOutput,
    StreamSettings,
)
from homeassistant.core import HomeAssistant, callback

from ..core.segments.ring import SegmentRing

if TYPE_CHECKING:
    from homeassistant.components.camera import DynamicStreamSettings

TAP_PROVIDER: Final = "retrocam"

MAX_SEGMENT: Final = 256_000_000
"""Bytes of a segment: 200 Mbit/s for 10 s. Only a source that sends no more keyframes has more."""

_runs = count()


@PROVIDERS.register(TAP_PROVIDER)
class StreamTap(StreamOutput):
    """Hands segments and parts to rings. All methods run in the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        idle_timer: IdleTimer,
        stream_settings: StreamSettings,
        dynamic_stream_settings: DynamicStreamSettings,
    ) -> None:
        """Make it; only `Stream.add_provider` does."""
        super().__init__(hass, idle_timer, stream_settings, dynamic_stream_settings)
        self._rings: list[SegmentRing] = []
        self._run = next(_runs)
        self._parts_seen = 0
        self._segment_size = 0

    @property
    @override
    def name(self) -> str:
        """Return the name of the output format."""
        return TAP_PROVIDER

    @property
    @override
    def idle(self) -> bool:
        """Never keep the tokens of the stream's HLS viewers alive."""
        return True

    @property
    def overfull(self) -> bool:
        """Whether the newest segment has more than `MAX_SEGMENT`; its rings then get no more of it."""
        return self._segment_size > MAX_SEGMENT

    @property
    def rings(self) -> int:
        """How many rings are attached."""
        return len(self._rings)

    def fills(self, ring: SegmentRing) -> bool:
        """Tell whether `ring` is attached."""
        return ring in self._rings

    def attach(self, ring: SegmentRing, stream: Stream) -> None:
        """Have `ring` filled from now on, first with what the tap or HLS holds of the same run.

        A tap that is added to a running worker would otherwise get its first part only with the next
        segment, up to a keyframe interval and 6 s later.
        """
        if ring in self._rings:
            return
        if self.last_segment is None:
            self._adopt(ring, stream)
        else:
            # Even without a part: its first one may be on its way.
            self._replay(ring, self.last_segment)
        self._rings.append(ring)
        self.idle_timer.clear()

    def detach(self, ring: SegmentRing) -> None:
        """Fill `ring` no longer; without rings the tap falls idle."""
        if ring not in self._rings:
            return
        self._rings.remove(ring)
        if not self._rings:
            self.idle_timer.awake()

    @callback
    @override
    def _async_put(self, segment: Segment) -> None:
        """Begin a segment: the worker has its init and will add parts to it."""
        self._follow(segment)
        for ring in self._rings:
            ring.begin(self._run, segment.init)
        self._event.set()
        self._event.clear()

    @override
    def part_put(self) -> None:
        """Pass on the parts that the worker added to the newest segment."""
        if (segment := self.last_segment) is not None:
            parts = segment.parts[self._parts_seen :]
            self._parts_seen += len(parts)
            self._segment_size += sum(len(part.data) for part in parts)
            for ring in () if self.overfull else self._rings:
                for part in parts:
                    ring.add_part(part)
                if segment.complete:
                    ring.finish(segment.duration)
        super().part_put()

    @override
    def cleanup(self) -> None:
        """Let go of everything; the stream has dropped this output."""
        super().cleanup()
        self._segments.clear()
        self._rings.clear()

    def _follow(self, segment: Segment) -> None:
        """Make `segment` the newest one; a worker that started again makes a new run of it."""
        if (last := self.last_segment) is not None and (
            segment.stream_id != last.stream_id or segment.sequence != last.sequence + 1
        ):
            self._run = next(_runs)
        # Earlier segments are the rings' to keep.
        self._segments.clear()
        self._segments.append(segment)
        self._parts_seen = len(segment.parts)
        self._segment_size = sum(len(part.data) for part in segment.parts)

    def _adopt(self, ring: SegmentRing, stream: Stream) -> None:
        """Fill `ring` with the segments that HLS holds of the worker's present run."""
        if (hls := stream.outputs().get(HLS_PROVIDER)) is None:
            return
        # The last one may have been begun only now.
        segments = [one for one in hls.get_segments() if one.parts or not one.complete]
        # What the ring has dropped already comes before what it still holds: not again.
        for number, segment in enumerate(segments):
            if any(ring.holds(part) for part in segment.parts):
                segments = segments[number:]
                break
        for segment in segments:
            if segment.stream_id == segments[-1].stream_id:
                self._follow(segment)
                self._replay(ring, segment)
        if segments and not segments[-1].complete:
            # The worker made the list of its outputs when it began the segment.
            cast(list[StreamOutput], segments[-1]._stream_outputs).append(self)  # noqa: SLF001  # see the contract test

    def _replay(self, ring: SegmentRing, segment: Segment) -> None:
        """Give `ring` the parts of a segment that began before the ring was attached."""
        ring.begin(self._run, segment.init)
        for part in segment.parts:
            ring.add_part(part)
        if segment.complete:
            ring.finish(segment.duration)


def attach(stream: Stream, ring: SegmentRing) -> StreamTap:
    """Add a tap to `stream`, or use the one it has, and fill `ring` from it."""
    tap = cast(StreamTap, stream.add_provider(TAP_PROVIDER))
    tap.attach(ring, stream)
    return tap


def is_attached(stream: Stream, tap: StreamTap) -> bool:
    """Tell whether `stream` still feeds `tap`, and has a worker to do so."""
    thread = stream._thread  # noqa: SLF001  # see the contract test
    return stream.outputs().get(TAP_PROVIDER) is tap and thread is not None and thread.is_alive()


def is_ending(stream: Stream) -> bool:
    """Tell whether the worker of `stream` has ended and will now take all outputs away.

    A worker that is started before that is stopped with them.
    """
    thread = stream._thread  # noqa: SLF001  # see the contract test
    return bool(stream.outputs()) and thread is not None and not thread.is_alive()


def logger_name(stream: Stream) -> str:
    """Return the name of the logger that `stream` writes to."""
    return stream._logger.name  # noqa: SLF001  # see the contract test


async def async_expect_viewer(stream: Stream) -> None:
    """Make sure that a link to `stream` that is handed out now can still be opened later.

    Home Assistant hands out links without a look at its idle timers. One that fires before the link is
    opened makes it worthless; and a worker that is ending takes away the outputs of those who come
    meanwhile.
    """
    async with stream._start_stop_lock:  # noqa: SLF001  # see the contract test
        hls = stream.outputs().get(HLS_PROVIDER)
    if hls is not None:
        hls.idle_timer.awake()


def end_back_off(stream: Stream) -> None:
    """End a worker that waits out its back-off; the stream then loses its outputs.

    Not by `Stream.update_source`: that also asks for a restart, which a worker in back-off does not
    take up, and which then keeps the next one from ever being stopped.
    """
    stream._thread_quit.set()  # noqa: SLF001  # see the contract test


def restart_worker(stream: Stream) -> None:
    """Have a running worker open its source anew at once; its outputs stay. In the event loop.

    Does nothing for one that is ending, waits out its back-off, or does not run: see `end_back_off`.
    """
    thread = stream._thread  # noqa: SLF001  # see the contract test
    quits = stream._thread_quit.is_set()  # noqa: SLF001  # see the contract test
    if thread is None or not thread.is_alive() or quits or not stream.available:
        return
    stream.update_source(str(stream.source))


async def async_release(
    stream: Stream, tap: StreamTap, ring: SegmentRing, *, at_once: bool
) -> None:
    """Take `ring` off `tap`; `at_once` does not wait for the idle timer to remove the tap."""
    tap.detach(ring)
    if not at_once or tap.rings:
        return
    if stream.outputs().get(TAP_PROVIDER) is tap:
        await stream.remove_provider(tap)
    else:
        # The stream has dropped its outputs without telling them.
        tap.cleanup()
