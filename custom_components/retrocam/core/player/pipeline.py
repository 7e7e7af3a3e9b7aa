"""Playback of resolved media: reads its inputs, decodes them, and shows frames in time.

Each input has a reading thread, a few seconds ahead of the clock, which puts audio into the ring and
video packets into a queue. One more thread decodes and paces them.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
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
from .common_start import CommonStart
from .demux import MediaSection, Source
from .frame_broadcast import FrameBroadcast
from .net.addresses import Network
from .net.streams import ResolvedMedia
from .playback_buffer import InputState, PlaybackBuffer, PositionedPacket
from .reports import Reports
from .video import LATE, VideoDecoder

_LOGGER = logging.getLogger(__name__)

_SHOW_AHEAD: Final = 0.2
"""Seconds a frame is sent before its time, to arrive when a client's clock reaches it."""
_MAX_FRAME_GAP: Final = 0.5
"""Seconds after which even a late frame is shown."""
_MAX_UNDECODED: Final = 2000
"""Packets kept without viewers; media made for streaming have keyframes more often."""


class Pipeline:
    """Plays one `ResolvedMedia` from a position until its end or `close`.

    Methods may be called in any thread; all but `join` wait for neither network nor decoder.
    """

    def __init__(
        self,
        media: ResolvedMedia,
        network: Network,
        broadcast: FrameBroadcast,
        ring: AudioRing,
        reports: Reports,
        *,
        start: float = 0.0,
        paused: bool = False,
        max_fps: float = 30.0,
        speed: float = 1.0,
    ) -> None:
        """Start at once, with a clock of `speed` times real time."""
        self._network, self._broadcast, self._ring, self._reports = (
            network,
            broadcast,
            ring,
            reports,
        )
        self._start, self._max_fps = start, max_fps
        self._late = LATE * speed
        single = len(media.inputs) == 1
        inputs = tuple(
            InputState(item, wants_video=index == 0, wants_audio=single or index == 1)
            for index, item in enumerate(media.inputs)
        )
        self._buffer = PlaybackBuffer(inputs, reports, start=start, paused=paused, speed=speed)
        self._common_start = CommonStart(len(inputs))
        self._lock = threading.Lock()
        self._sections: list[MediaSection] = []
        self._undecoded: deque[PositionedPacket] = deque()
        """Packets since the last keyframe, kept for the next viewer."""
        self.epoch = broadcast.begin(self._buffer.notify_viewer)
        jobs: dict[str, Callable[[], None]] = {"retrocam play": self._play}
        for index, state in enumerate(inputs):
            jobs[f"retrocam read {index}"] = partial(self._read, state)
        self._running = len(jobs)
        # Daemons: the system's name resolver cannot be interrupted, and must not delay a shutdown.
        self._threads = tuple(
            threading.Thread(target=self._run, args=(job,), name=name, daemon=True)
            for name, job in jobs.items()
        )
        for thread in self._threads:
            thread.start()

    @property
    def position(self) -> float:
        """Position of the clock, s."""
        return self._buffer.position

    def set_paused(self, *, paused: bool) -> None:
        """Stop the clock, or let it run once enough is buffered."""
        self._buffer.set_paused(paused=paused)

    def close(self) -> None:
        """End all threads, without waiting for them. May be called again."""
        self._buffer.close()
        self._common_start.close()
        self._network.close()
        self._ring.end()

    def join(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` s for each thread; return whether all have ended."""
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except PlayError as err:
            self._buffer.fail(err)
        except Exception as err:
            _LOGGER.exception("Playing ended with an error")
            self._buffer.fail(UnsupportedMediaError(str(err)))
        if self._buffer.closed:
            self._common_start.close()
        with self._lock:
            self._running -= 1
            if self._running:
                return
        # The last thread closes the containers, which no other reads or decodes any more.
        self._undecoded.clear()
        for section in self._sections:
            section.container.close()
        self._network.close()
        self._reports.finished()

    # Reading threads.

    def _read(self, state: InputState) -> None:
        source = Source(
            state.media,
            self._network,
            self._common_start,
            start=self._start,
            audio=state.wants_audio,
            video=state.wants_video,
        )
        self._add_section(source.section)
        try:
            opened = self._buffer.add_source(state, source)
            if opened is not None and not opened.has_audio:
                self._ring.end()
            self._read_packets(state, source)
        finally:
            source.close()
        # Not after an error: the decoding thread would report an end before `_run` the failure.
        self._buffer.end_input(state)

    def _read_packets(self, state: InputState, source: Source) -> None:
        """Pass audio to the ring and video to the buffer."""
        section: MediaSection | None = None
        track: AudioTrack | None = None
        start_us = int(self._start * 1_000_000)
        for packet_section, packet, position in source.packets():
            if packet_section is not section:
                if track is not None:
                    self._ring.append(track.finish())
                if section is not None and section.video is None:
                    self._close_section(section)  # no packet of it is queued
                section = packet_section
                self._add_section(section)
                track = audio_track(section) if section.audio is not None else None
            if track is not None and packet.stream is section.audio:
                frames = track.feed(packet, position)
                self._ring.append(frame for frame in frames if frame.end_us > start_us)
            if not self._buffer.advance(state, (section, packet, position)):
                return
        if track is not None:
            self._ring.append(track.finish())
            self._ring.end()

    def _add_section(self, section: MediaSection) -> None:
        with self._lock:
            if section not in self._sections:
                self._sections.append(section)

    def _close_section(self, section: MediaSection) -> None:
        with self._lock:
            self._sections.remove(section)
        section.container.close()

    # Decoding thread.

    def _play(self) -> None:
        decoder: VideoDecoder | None = None
        while (item := self._buffer.next_packet()) is not None:
            if decoder is None or decoder.section is not item[0]:
                if decoder is not None:
                    self._finish_section(decoder)
                decoder = VideoDecoder(item[0], self._max_fps, self._late)
            self._undecoded.append(item)
            self._catch_up(decoder, item)
        if decoder is not None:
            self._decode(decoder, None, math.inf)
        end = self._buffer.mark_decoded()
        span = self._ring.span
        if self._buffer.wait_for(max(end, span[1] / 1_000_000 if span else end)):
            self._reports.ended()

    def _finish_section(self, decoder: VideoDecoder) -> None:
        """Flush and close a section before the next one begins."""
        self._decode(decoder, None, math.inf)
        self._undecoded.clear()
        self._close_section(decoder.section)

    def _catch_up(self, decoder: VideoDecoder, item: PositionedPacket) -> None:
        """Decode pending packets for viewers; without any, keep what the next viewer needs."""
        _, packet, position = item
        if self._buffer.last_shown is not None and not self._broadcast.readers:
            if packet.is_keyframe or len(self._undecoded) > _MAX_UNDECODED:
                self._undecoded.clear()
                decoder.skip_to_keyframe()
                self._undecoded.append(item)
            self._buffer.wait_for(position, or_viewer=True)
            if not self._broadcast.readers:
                return
        last: tuple[VideoFrame, float] | None = None
        while len(self._undecoded) > 1 and not self._buffer.closed:
            _, missed, missed_at = self._undecoded.popleft()
            last = next(reversed(list(decoder.decode(missed, missed_at, missed_at))), last)
        if last is not None:
            self._show(decoder, *last)
        self._undecoded.clear()
        self._decode(decoder, item, self._buffer.position)

    def _decode(self, decoder: VideoDecoder, item: PositionedPacket | None, clock: float) -> None:
        packet, position = (None, clock) if item is None else item[1:]
        for frame, frame_position in decoder.decode(packet, position, clock):
            if self._buffer.closed:
                return
            self._show(decoder, frame, frame_position)

    def _show(self, decoder: VideoDecoder, frame: VideoFrame, position: float) -> None:
        """Show a frame at its time, the first one at once; drop a late one."""
        if position < self._start - 0.001:
            return
        last_shown = self._buffer.last_shown
        if last_shown is not None:
            if not self._buffer.wait_for(position, ahead=_SHOW_AHEAD):
                return
            late = self._buffer.position - position
            if late > self._late and position - last_shown < _MAX_FRAME_GAP:
                return
        picture = Picture(decoder.normalize(frame), time.time(), position)
        self._broadcast.show(self.epoch, picture)
        self._buffer.mark_shown(position)
