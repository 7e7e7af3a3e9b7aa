"""Reports of a playback to its owner in the event loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import logging

from ..errors import MediaRefusedError, PlayError
from . import events
from .events import Report

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedMedia:
    """Properties known once the media is open."""

    has_video: bool
    has_audio: bool
    is_live: bool
    duration: float | None
    """Seconds; None without an end."""


class Reports:
    """Passes reports of a playback's threads to the event loop, with the playback's ticket.

    Thread-safe; never waits, nor calls the playback.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ticket: int,
        on_report: Callable[[Reports, Report, OpenedMedia | PlayError | None], None],
        on_finished: Callable[[Reports], None],
    ) -> None:
        """Call `on_report` for each report, and `on_finished` last, both in `loop`."""
        self._loop, self._ticket = loop, ticket
        self._on_report, self._on_finished = on_report, on_finished
        self.has_finished = False
        """True when the playback's last thread is ending, or has ended."""

    def opened(self, media: OpenedMedia) -> None:
        """Report that all inputs are open."""
        self._post(events.Opened(self._ticket, media.is_live), media)

    def ready(self) -> None:
        """Report that enough is buffered to start."""
        self._post(events.Ready(self._ticket))

    def starved(self) -> None:
        """Report an empty buffer; the clock stands still until `ready` is called again."""
        self._post(events.Starved(self._ticket))

    def ended(self) -> None:
        """Report that everything was shown."""
        self._post(events.Ended(self._ticket))

    def failed(self, error: PlayError, position: float) -> None:
        """Report a failure at `position`, s. Called once at most."""
        if isinstance(error, MediaRefusedError):
            self._post(events.Refused(self._ticket, position, error.code), error)
        else:
            self._post(events.Failed(self._ticket, error.code), error)

    def finished(self) -> None:
        """Report that the last thread is about to end. Called last, and exactly once."""
        self._call(self._finish)

    def _finish(self) -> None:
        self.has_finished = True
        self._on_finished(self)

    def _post(self, report: Report, payload: OpenedMedia | PlayError | None = None) -> None:
        self._call(lambda: self._on_report(self, report, payload))

    def _call(self, function: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            _LOGGER.debug("The event loop was closed before the player ended")
