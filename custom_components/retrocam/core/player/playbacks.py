"""The playbacks of a session: one that is open, and those that are still ending."""

import asyncio
from collections.abc import Callable
import contextlib
import logging

from ..errors import PlayError
from ..frames.feed import Feed
from .audio import AudioRing
from .camera_playback import CameraPlayback
from .events import OpenPlayback, Report
from .frame_broadcast import FrameBroadcast
from .net.addresses import Network
from .net.streams import ResolvedMedia
from .pipeline import Pipeline
from .reports import OpenedMedia, Reports

_LOGGER = logging.getLogger(__name__)

type OnReport = Callable[[Report, OpenedMedia | PlayError | None], None]


class Playbacks:
    """Opens and closes playbacks; those closed end in the background. For the event loop."""

    def __init__(self, broadcast: FrameBroadcast, on_report: OnReport, *, speed: float) -> None:
        """Call `on_report` with the reports of the open playback only."""
        self._broadcast, self._on_report, self._speed = broadcast, on_report, speed
        self._loop = asyncio.get_running_loop()
        self._playback: Pipeline | CameraPlayback | None = None
        self._reports: Reports | None = None
        self.ring: AudioRing | None = None
        """Sound of the open playback; None for a camera."""
        self._closing: dict[Reports, Pipeline | CameraPlayback] = {}
        """Closed playbacks with running threads."""
        self._all_closed = asyncio.Event()
        self._all_closed.set()

    @property
    def position(self) -> float | None:
        """Position of the open playback, s; None without one."""
        return self._playback.position if self._playback is not None else None

    def open(
        self, media: ResolvedMedia | Feed, network: Network, effect: OpenPlayback, max_fps: float
    ) -> None:
        """Open a playback; none is open."""
        reports = Reports(self._loop, effect.ticket, self._report, self._on_finished)
        self._reports = reports
        if isinstance(media, ResolvedMedia):
            self.ring = AudioRing()
            self._playback = Pipeline(
                media,
                network,
                self._broadcast,
                self.ring,
                reports,
                start=effect.start,
                paused=effect.paused,
                max_fps=max_fps,
                speed=self._speed,
            )
        else:
            self._playback = CameraPlayback(
                media, self._broadcast, reports, paused=effect.paused, max_fps=max_fps
            )

    def set_paused(self, *, paused: bool) -> None:
        """Stop or start the clock of the open playback, if any."""
        if self._playback is not None:
            self._playback.set_paused(paused=paused)

    def close(self) -> None:
        """Close the open playback, if any."""
        playback, reports = self._playback, self._reports
        self._playback = self._reports = self.ring = None
        if playback is None or reports is None:
            return
        if reports.has_finished:
            playback.join()
        else:
            self._closing[reports] = playback
            self._all_closed.clear()
        playback.close()

    async def wait_closed(self, limit: float) -> bool:
        """Return whether all closed playbacks have ended within `limit` s."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._all_closed.wait()
        if self._closing:
            _LOGGER.warning("%d players have not ended yet", len(self._closing))
        return not self._closing

    def _on_finished(self, reports: Reports) -> None:
        playback = self._closing.pop(reports, None)
        if playback is not None:
            playback.join()  # its last thread is in its last line
        if not self._closing:
            self._all_closed.set()

    def _report(
        self, reports: Reports, report: Report, payload: OpenedMedia | PlayError | None
    ) -> None:
        if reports is self._reports:
            self._on_report(report, payload)
