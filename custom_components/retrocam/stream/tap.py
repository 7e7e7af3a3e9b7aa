"""A stream output, beside HLS and on the same connection, that fills segment rings.

A `StreamTap` is an output format of a Stream, registered as "retrocam". It passes the worker's segments
to any number of `SegmentRing`s; the bytes are shared with HLS, not copied. After the last ring is
detached the stream's idle timer runs; when it fires, the tap is removed, and the worker ends with the
last output.

A Stream drops its outputs when its worker ends, sometimes without a call of `cleanup`: who attached a
ring must check it (`is_attached`), as `provider.py` does.
"""

from collections import deque
from itertools import count
from typing import Any, Final, cast, override

from homeassistant.components.stream import HLS_PROVIDER, Stream
from homeassistant.components.stream.core import (
    PROVIDERS,
    KeyFrameConverter,
    Part,
    Segment,
    StreamOutput,
)
from homeassistant.core import callback

from ..core.segments.ring import SegmentRing

TAP_PROVIDER: Final = "retrocam"

MAX_SEGMENT: Final = 256_000_000
"""Bytes of a segment: 200 Mbit/s for 10 s. Exceeded only by a source that stops sending keyframes."""

KEYFRAME_HEAD: Final = 4096
"""Bytes in front of a keyframe that contain its parameter sets."""

_LENT: Final = 3
"""Segments given to HLS for its first viewer: as many as Home Assistant's playlists have."""

_runs = count()


@PROVIDERS.register(TAP_PROVIDER)
class StreamTap(StreamOutput):
    """Passes segments and parts to rings. All methods run in the event loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rings: list[SegmentRing] = []
        """Attached rings."""
        self._run = next(_runs)
        self._parts_seen = 0
        self._segment_size = 0
        self._keyframes: KeyFrameConverter | None = None
        self._noted: int | None = None
        self._recent: deque[Segment] = deque(maxlen=_LENT)
        self._lent_to: StreamOutput | None = None

    @property
    @override
    def name(self) -> str:
        return TAP_PROVIDER

    @property
    @override
    def idle(self) -> bool:
        """True: a tap must not keep the access tokens of HLS viewers alive."""
        return True

    @property
    def segment_too_large(self) -> bool:
        """Whether the newest segment exceeds `MAX_SEGMENT`; the rings get no more of it."""
        return self._segment_size > MAX_SEGMENT

    def attach(self, ring: SegmentRing, stream: Stream) -> None:
        """Fill `ring` from now on, first with the segments of this run that the tap or HLS has.

        A tap added to a running worker would otherwise get its first part with the next segment, up to
        a keyframe interval and 6 s later.
        """
        if ring in self.rings:
            return
        self._keyframes = stream._keyframe_converter  # noqa: SLF001  # see the contract test
        if (keyframe := self._newest_keyframe()) is not None:
            ring.note_keyframe(*keyframe)
        if self.last_segment is None:
            self._adopt(ring, stream)
        else:
            # Also without parts: the first may be on its way.
            self._replay(ring, self.last_segment)
        self.rings.append(ring)
        self.idle_timer.clear()

    def detach(self, ring: SegmentRing) -> None:
        """Stop filling `ring`; without rings the tap becomes idle."""
        if ring in self.rings:
            self.rings.remove(ring)
            if not self.rings:
                self.idle_timer.awake()

    @callback
    @override
    def _async_put(self, segment: Segment) -> None:
        """Begin a segment: the worker has its init section and will add parts to it."""
        self._follow(segment)
        self._lend_next(segment)
        for ring in self.rings:
            ring.begin(self._run, segment.init)
        self._event.set()
        self._event.clear()

    @override
    def part_put(self) -> None:
        """Pass on the parts added to the newest segment."""
        self._note_keyframe()
        if (segment := self.last_segment) is not None:
            parts = segment.parts[self._parts_seen :]
            self._parts_seen += len(parts)
            self._segment_size += sum(len(part.data) for part in parts)
            for ring in () if self.segment_too_large else self.rings:
                _add_parts(ring, segment, parts)
        super().part_put()

    @override
    def cleanup(self) -> None:
        """Drop segments and rings; the stream has dropped this output."""
        super().cleanup()
        self._segments.clear()
        self._recent.clear()
        self._lent_to = None
        self.rings.clear()

    def lend(self, stream: Stream) -> None:
        """Add HLS to a stream with the newest segments of this run.

        Its first viewer would otherwise wait for two new ones. The segments are those that the worker
        made for all its outputs; their bytes are the ring's.
        """
        if not self._recent:
            return
        hls = stream.add_provider(HLS_PROVIDER)
        for segment in self._recent:
            hls.put(segment)
        if not self._recent[-1].complete:
            _add_output(self._recent[-1], hls)
        self._lent_to = hls

    def _lend_next(self, segment: Segment) -> None:
        """Pass on a segment that the worker had begun before HLS was added."""
        if (hls := self._lent_to) is not None and _add_output(segment, hls):
            hls.put(segment)
        self._lent_to = None

    def _follow(self, segment: Segment) -> None:
        """Make `segment` the newest; begin a new run if the worker was restarted."""
        if (last := self.last_segment) is not None and (
            segment.stream_id != last.stream_id or segment.sequence != last.sequence + 1
        ):
            self._run = next(_runs)
            self._recent.clear()
        self._recent.append(segment)
        # The rings keep earlier segments.
        self._segments.clear()
        self._segments.append(segment)
        self._parts_seen = len(segment.parts)
        self._segment_size = sum(len(part.data) for part in segment.parts)

    def _note_keyframe(self) -> None:
        """Pass on the start of each keyframe once."""
        if (keyframe := self._newest_keyframe()) is None or keyframe[0] == self._noted:
            return
        self._noted = keyframe[0]
        for ring in self.rings:
            ring.note_keyframe(*keyframe)

    def _newest_keyframe(self) -> tuple[int, bytes] | None:
        """Return the pts and the start of the keyframe that the worker keeps for stills.

        Its muxer removes the parameter sets of HEVC, which say when the format changes.
        """
        if self._keyframes is None:
            return None
        packet = self._keyframes._packet  # noqa: SLF001  # see the contract test
        if packet is None or packet.pts is None:
            return None
        with memoryview(packet) as data:
            return packet.pts, bytes(data[:KEYFRAME_HEAD])

    def _adopt(self, ring: SegmentRing, stream: Stream) -> None:
        """Fill `ring` with the segments of the worker's current run that HLS has."""
        if (hls := stream.outputs().get(HLS_PROVIDER)) is None:
            return
        # The last segment may have no parts yet.
        segments = [seg for seg in hls.get_segments() if seg.parts or not seg.complete]
        # Skip segments before those in the ring: it has dropped them already.
        for number, segment in enumerate(segments):
            if any(ring.holds(part) for part in segment.parts):
                segments = segments[number:]
                break
        for segment in segments:
            if segment.stream_id == segments[-1].stream_id:
                self._follow(segment)
                self._replay(ring, segment)
        if segments and not segments[-1].complete:
            _add_output(segments[-1], self)

    def _replay(self, ring: SegmentRing, segment: Segment) -> None:
        """Add to `ring` the parts of a segment begun before the ring was attached."""
        ring.begin(self._run, segment.init)
        _add_parts(ring, segment, segment.parts)


def _add_output(segment: Segment, output: StreamOutput) -> bool:
    """Have an output told of the parts of a segment that was begun without it; False if it is."""
    # A segment keeps the list of outputs from when it was begun.
    outputs = cast(list[StreamOutput], segment._stream_outputs)  # noqa: SLF001  # see the contract test
    if output in outputs:
        return False
    outputs.append(output)
    return True


def _add_parts(ring: SegmentRing, segment: Segment, parts: list[Part]) -> None:
    for part in parts:
        ring.add_part(part)
    if segment.complete:
        ring.finish(segment.duration)


def attach(stream: Stream, ring: SegmentRing) -> StreamTap:
    """Fill `ring` from the tap of `stream`; add the tap if there is none."""
    tap = cast(StreamTap, stream.add_provider(TAP_PROVIDER))
    tap.attach(ring, stream)
    return tap


def is_attached(stream: Stream, tap: StreamTap) -> bool:
    """Return whether `tap` is an output of `stream`, and its worker runs."""
    thread = stream._thread  # noqa: SLF001  # see the contract test
    return stream.outputs().get(TAP_PROVIDER) is tap and thread is not None and thread.is_alive()


def is_ending(stream: Stream) -> bool:
    """Return whether the worker has ended but not removed its outputs yet.

    A worker started before that would be stopped with them.
    """
    thread = stream._thread  # noqa: SLF001  # see the contract test
    return bool(stream.outputs()) and thread is not None and not thread.is_alive()


def logger_name(stream: Stream) -> str:
    """Return the name of the logger of `stream`."""
    return stream._logger.name  # noqa: SLF001  # see the contract test


async def async_expect_viewer(stream: Stream) -> None:
    """Ensure that an HLS link handed out now works when it is opened later.

    Home Assistant hands out links without regard to its idle timers: one that fires before the link is
    opened makes it invalid, and a worker that is ending removes outputs added meanwhile. A tap lends HLS
    what it has.
    """
    async with stream._start_stop_lock:  # noqa: SLF001  # see the contract test
        hls, tap = (stream.outputs().get(name) for name in (HLS_PROVIDER, TAP_PROVIDER))
    if hls is not None:
        hls.idle_timer.awake()
    elif isinstance(tap, StreamTap) and is_attached(stream, tap):
        tap.lend(stream)


def end_back_off(stream: Stream) -> None:
    """End a worker that is in back-off; the stream loses its outputs.

    Not by `Stream.update_source`: it also requests a restart, which a worker in back-off ignores, and
    which keeps the next worker from ever being stopped.
    """
    stream._thread_quit.set()  # noqa: SLF001  # see the contract test


def restart_worker(stream: Stream) -> None:
    """Make a running worker reopen its source at once; its outputs stay. In the event loop.

    No-op for a worker that is ending, in back-off (see `end_back_off`), or not running.
    """
    thread = stream._thread  # noqa: SLF001  # see the contract test
    quitting = stream._thread_quit.is_set()  # noqa: SLF001  # see the contract test
    if thread is not None and thread.is_alive() and not quitting and stream.available:
        stream.update_source(str(stream.source))


async def async_release(
    stream: Stream, tap: StreamTap, ring: SegmentRing, *, at_once: bool
) -> None:
    """Detach `ring` from `tap`; `at_once` removes the tap without waiting for the idle timer."""
    tap.detach(ring)
    if not at_once or tap.rings:
        return
    if stream.outputs().get(TAP_PROVIDER) is tap:
        await stream.remove_provider(tap)
    else:
        # The stream dropped its outputs without calling `cleanup`.
        tap.cleanup()
