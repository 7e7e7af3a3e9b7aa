"""One stretch of playing: reads its inputs, decodes, and shows pictures when their time has come.

Each input is read by a thread of its own, a few seconds ahead of the clock; sound goes from there into
the ring, pictures into a queue. One more thread decodes and paces them.
"""

from collections import deque
from collections.abc import Callable
import logging
import math
import threading
import time
from typing import Final

from av import VideoFrame

from ..errors import PlayError, UnsupportedMediaError
from ..frames.feed import Picture
from .adts import AudioTrack, audio_track
from .audio import AudioRing
from .demux import CommonStart, Part, Source
from .frame_broadcast import Screen
from .net.addresses import Network
from .net.streams import Resolved
from .playback_buffer import Deck, Item, Lane
from .reports import Reports
from .video import LATE, VideoDecoder

_LOGGER = logging.getLogger(__name__)

_SHOW_AHEAD: Final = 0.2
"""Seconds before its time that a picture leaves, so that it is there when a client's clock wants it."""
_SELDOM: Final = 0.5
"""Seconds after which even a late picture is shown."""
_MOST_UNSEEN: Final = 2000
"""Packets kept while nobody looks; in media made for streaming keyframes are closer."""


class Pipeline:
    """Plays one `Resolved` from a position on, until its end or until closed.

    Its methods may be called in any thread, and but for `join` wait for neither network nor decoder.
    """

    def __init__(
        self,
        media: Resolved,
        network: Network,
        screen: Screen,
        ring: AudioRing,
        reports: Reports,
        *,
        start: float = 0.0,
        held: bool = False,
        limit: float = 30.0,
        speed: float = 1.0,
    ) -> None:
        """Begin at once: at most `limit` pictures a second, the clock `speed` times too fast."""
        self._network, self._screen, self._ring, self._reports = network, screen, ring, reports
        self._start, self._limit = start, limit
        self._late = LATE * speed
        single = len(media.inputs) == 1
        lanes = tuple(
            Lane(item, picture=index == 0, sound=single or index == 1)
            for index, item in enumerate(media.inputs)
        )
        self._deck = Deck(lanes, reports, start=start, held=held, speed=speed)
        self._common_start = CommonStart()
        self._lock = threading.Lock()
        self._parts: list[Part] = []
        self._unseen: deque[Item] = deque()
        """Packets since the last keyframe that nobody wanted decoded."""
        self.epoch = screen.begin(self._deck.look)
        """Of the pictures and the sound of this stretch."""
        jobs: list[tuple[str, Callable[[], None]]] = [("retrocam play", self._play)]
        jobs += [(f"retrocam read {index}", self._reader(lane)) for index, lane in enumerate(lanes)]
        self._running = len(jobs)
        # Daemons: the system's name resolver cannot be interrupted, and must not hold up a shutdown.
        self.threads = tuple(
            threading.Thread(target=self._run, args=(job,), name=name, daemon=True)
            for name, job in jobs
        )
        for thread in self.threads:
            thread.start()

    @property
    def position(self) -> float:
        """Where the clock is, s."""
        return self._deck.position

    def hold(self, *, wanted: bool) -> None:
        """Stop the clock, or let it run as soon as there is enough to show."""
        self._deck.hold(wanted=wanted)

    def close(self) -> None:
        """End all threads, without waiting for them. May be called again."""
        self._deck.close()
        self._network.close()
        self._ring.end()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the threads, each for `timeout` s; tell whether all have ended."""
        for thread in self.threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self.threads)

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except PlayError as err:
            self._deck.fail(err)
        except Exception as err:
            _LOGGER.exception("Playing ended with an error")
            self._deck.fail(UnsupportedMediaError(str(err)))
        with self._lock:
            self._running -= 1
            if self._running:
                return
        # Nobody reads or decodes any more: only now may containers go.
        self._unseen.clear()
        for part in self._parts:
            part.container.close()
        self._network.close()
        self._reports.finished()

    # Threads that read.

    def _reader(self, lane: Lane) -> Callable[[], None]:
        return lambda: self._read(lane)

    def _read(self, lane: Lane) -> None:
        source = Source(
            lane.media,
            self._network,
            self._common_start,
            start=self._start,
            sound=lane.sound,
            picture=lane.picture,
        )
        self._keep(source.part)
        try:
            info = self._deck.opened(lane, source)
            if info is not None and not info.has_audio:
                self._ring.end()
            self._copy(lane, source)
        finally:
            source.close()
        # Not after an error: the thread that shows would tell of an end before `_run` of the failure.
        self._deck.end(lane)

    def _copy(self, lane: Lane, source: Source) -> None:
        """Bring packets to the ring and to the deck."""
        part: Part | None = None
        track: AudioTrack | None = None
        begin_us = int(self._start * 1_000_000)
        for packet_part, packet, position in source.packets():
            if packet_part is not part:
                part = packet_part
                self._keep(part)
                if track is not None:
                    self._ring.append(track.finish())
                track = audio_track(part) if part.audio is not None else None
            if track is not None and packet.stream is part.audio:
                pieces = track.feed(packet, position)
                self._ring.append(piece for piece in pieces if piece.end_us > begin_us)
            if not self._deck.advance(lane, (part, packet, position)):
                return
        if track is not None:
            self._ring.append(track.finish())
            self._ring.end()

    def _keep(self, part: Part) -> None:
        with self._lock:
            if part not in self._parts:
                self._parts.append(part)

    # The thread that shows.

    def _play(self) -> None:
        decoder: VideoDecoder | None = None
        while (item := self._deck.take()) is not None:
            if decoder is None or decoder.part is not item[0]:
                if decoder is not None:
                    self._leave(decoder)
                decoder = VideoDecoder(item[0], self._limit, self._late)
            self._unseen.append(item)
            self._catch_up(decoder, item)
        if decoder is not None:
            self._decode(decoder, None, math.inf)
        end = self._deck.mark_decoded()
        span = self._ring.span
        if self._deck.wait_for(max(end, span[1] / 1_000_000 if span else end)):
            self._reports.ended()

    def _leave(self, decoder: VideoDecoder) -> None:
        """Finish one part of the media before the next begins."""
        self._decode(decoder, None, math.inf)
        self._unseen.clear()
        with self._lock:
            self._parts.remove(decoder.part)
        decoder.part.container.close()

    def _catch_up(self, decoder: VideoDecoder, item: Item) -> None:
        """Decode what has not been, if somebody looks; else keep what a later looker will need."""
        _, packet, position = item
        if self._deck.shown is not None and not self._screen.readers:
            if packet.is_keyframe or len(self._unseen) > _MOST_UNSEEN:
                self._unseen.clear()
                decoder.skip_to_keyframe()
                self._unseen.append(item)
            self._deck.wait_for(position, looking=True)
            if not self._screen.readers:
                return
        last: tuple[VideoFrame, float] | None = None
        while len(self._unseen) > 1 and not self._deck.over:
            _, missed, at = self._unseen.popleft()
            last = next(reversed(list(decoder.decode(missed, at, at))), last)
        if last is not None:
            self._show(decoder, *last)
        self._unseen.clear()
        self._decode(decoder, item, self._deck.position)

    def _decode(self, decoder: VideoDecoder, item: Item | None, clock: float) -> None:
        packet, position = (None, clock) if item is None else item[1:]
        for frame, at in decoder.decode(packet, position, clock):
            if self._deck.over:
                return
            self._show(decoder, frame, at)

    def _show(self, decoder: VideoDecoder, frame: VideoFrame, position: float) -> None:
        """Show a picture at its time, the first one at once; leave it out if it comes too late."""
        if position < self._start - 0.001:
            return
        shown = self._deck.shown
        if shown is not None:
            if not self._deck.wait_for(position, ahead=_SHOW_AHEAD):
                return
            if self._deck.position - position > self._late and position - shown < _SELDOM:
                return
        picture = Picture(decoder.upright(frame), time.time(), position)
        self._screen.show(self.epoch, picture)
        self._deck.mark_shown(position)
