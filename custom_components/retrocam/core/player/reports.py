"""What a pipeline tells its owner, and how that gets into the event loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import logging
from typing import Protocol, override

from ..errors import MediaRefusedError, PlayError
from . import events
from .events import Event

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedMedia:
    """What opening a medium told about it."""

    has_video: bool
    has_audio: bool
    is_live: bool
    duration: float | None
    """Seconds, where it has an end."""


class Reports(Protocol):
    """Called in the pipeline's threads; must neither wait nor call the pipeline."""

    def opened(self, info: OpenedMedia) -> None:
        """Tell that all inputs are open."""

    def ready(self) -> None:
        """Tell that there is enough to play."""

    def starved(self) -> None:
        """Tell that nothing is left; the clock stands still until `ready` is called again."""

    def ended(self) -> None:
        """Tell that everything was shown."""

    def failed(self, error: PlayError, position: float) -> None:
        """Tell that it cannot go on; `position` in s is where it was. Called once at most."""

    def finished(self) -> None:
        """Tell that the last thread is about to end. Called last, and always once."""


class TicketedReports(Reports):
    """Brings what a pipeline's threads report into the event loop, with the ticket of the pipeline."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        report: Callable[[TicketedReports, Event, OpenedMedia | PlayError | None], None],
        left: Callable[[TicketedReports], None],
        ticket: int,
    ) -> None:
        """Call `report` with what is reported, and `left` after `finished`, both in `loop`."""
        self._loop, self._report, self._left, self._ticket = loop, report, left, ticket
        self.has_finished = False
        """Whether the pipeline's last thread is about to end, or has."""

    @override
    def opened(self, info: OpenedMedia) -> None:
        self._post(events.Opened(self._ticket, info.is_live), info)

    @override
    def ready(self) -> None:
        self._post(events.Ready(self._ticket))

    @override
    def starved(self) -> None:
        self._post(events.Starved(self._ticket))

    @override
    def ended(self) -> None:
        self._post(events.Ended(self._ticket))

    @override
    def failed(self, error: PlayError, position: float) -> None:
        event: Event = events.Failed(self._ticket, error.code)
        if isinstance(error, MediaRefusedError):
            event = events.Refused(self._ticket, position, error.code)
        self._post(event, error)

    @override
    def finished(self) -> None:
        self._call(self._finish)

    def _finish(self) -> None:
        self.has_finished = True
        self._left(self)

    def _post(self, event: Event, told: OpenedMedia | PlayError | None = None) -> None:
        self._call(lambda: self._report(self, event, told))

    def _call(self, function: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            _LOGGER.debug("The event loop was closed before the player ended")
