"""The player's session: one at a time, in the event loop.

It carries out what `machine` decides. Whatever it begins - a look-up, a pipeline - reports back with its
ticket; whatever it ends is closed at once and goes away by itself, beside what follows.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import logging
import time
from typing import Final, assert_never

from ..errors import PlayError
from ..frames.feed import Feed
from ..listeners import Listeners
from ..waiters import Waiters
from . import events
from .audio import AudioGoneError, AudioRing
from .camera_playback import Relay
from .events import Effect, Event
from .frame_broadcast import Screen
from .lookup.resolver import Resolver
from .machine import RUNNING, Phase, State, step
from .net.addresses import Network
from .net.fetch import link_of
from .net.streams import Resolved
from .pipeline import Pipeline
from .reports import OpenedMedia, TicketedReports
from .status import Status
from .wanted import FreshMedia, Wanted

_LOGGER = logging.getLogger(__name__)

_SPARE: Final = 60.0
"""Seconds before their end from which URLs count as expired."""


class Session:
    """Plays one thing at a time on `screen`. All methods are for the event loop; none waits for media.

    `screen` stays the same for the session's life, so that those who look and the encoders that serve
    them need not notice what plays.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        limit: float = 30.0,
        loop_media: bool = False,
        speed: float = 1.0,
    ) -> None:
        """Show at most `limit` pictures a second; with `loop_media` begin again at the end."""
        self._resolver = resolver
        self._loop = asyncio.get_running_loop()
        self._limit, self._speed = limit, speed
        self._state = State(loop=loop_media)
        self._wanted = Wanted(resolver)
        self._found: Resolved | Feed | None = None
        self._info: OpenedMedia | None = None
        self._error: PlayError | None = None
        self._lookup: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._playing: Pipeline | Relay | None = None
        self._reports: TicketedReports | None = None
        self._ring: AudioRing | None = None
        self._leaving: dict[TicketedReports, Pipeline | Relay] = {}
        """Pipelines that were closed and have threads still."""
        self._all_left = asyncio.Event()
        self._all_left.set()
        self._listeners = Listeners[[Status]]()
        self._settling = Waiters()
        self.screen = Screen()
        """Where the pictures appear."""

    # What users do.

    def play(
        self,
        media: str | Feed | FreshMedia,
        *,
        start: float = 0.0,
        trusted: bool = False,
        report_blocked: bool = True,
    ) -> int:
        """Play `media` instead of anything else, and return the number of this session.

        See `Wanted` for what it may be, `trusted` and `report_blocked`.
        """
        self._wanted = Wanted(self._resolver, media, trusted=trusted, report_blocked=report_blocked)
        self._found = self._info = self._error = None
        self._take(events.Play(start))
        return self._state.session

    def pause(self) -> None:
        """Stand still, as soon as there is something to stand still."""
        self._take(events.Pause())

    def resume(self) -> None:
        """Go on, at the same position."""
        found, position = self._found, self._position()
        expires = found.expires if isinstance(found, Resolved) else None
        stale = expires is not None and time.time() > expires - _SPARE
        self._take(events.Resume(position if stale else None))

    def seek(self, position: float) -> None:
        """Go on from `position`, in s; nothing happens where that cannot be."""
        duration = self._duration()
        self._take(events.Seek(position if duration is None else min(position, duration)))

    def stop(self) -> None:
        """End what plays or is being looked up."""
        self._take(events.Stop())

    def set_limit(self, limit: float) -> None:
        """Show at most `limit` pictures a second from the next play or seek on."""
        self._limit = limit

    async def close(self, limit: float = 3.0) -> bool:
        """End everything for good; tell whether all threads have ended within `limit` s."""
        self._take(events.Close())
        # Both at once: each may take the whole time.
        async with asyncio.TaskGroup() as group:
            lookups = group.create_task(self._resolver.close(limit))
            players = group.create_task(self._await_leaving(limit))
        return lookups.result() and players.result()

    # What users see.

    @property
    def resolver(self) -> Resolver:
        """What looks media up, and says where they may be."""
        return self._resolver

    def network(self) -> Network:
        """Return a network for one more opening of what plays."""
        return self._wanted.network()

    @property
    def status(self) -> Status:
        """What is going on now."""
        state, found = self._state, self._found
        media = found if isinstance(found, Resolved) else None
        running = state.phase in RUNNING
        duration = self._duration()
        return Status(
            state=state.phase,
            session=state.session,
            epoch=self.screen.epoch,
            title=media.title if media is not None else None,
            page=link_of(media.page) if media is not None else None,
            thumbnail=media.thumbnail if media is not None else None,
            duration=duration,
            is_live=state.live,
            has_audio=running and self._info is not None and self._info.has_audio,
            can_seek=running and not state.live,
            position=self._position(),
            position_at=time.time(),
            error=self._error if state.phase is Phase.ERROR else None,
            needs_javascript=media.needs_javascript if media is not None else False,
        )

    def subscribe(self, listener: Callable[[Status], None]) -> Callable[[], None]:
        """Have `listener` called with each new status; returns the function that ends it."""
        return self._listeners.add(listener)

    def audio(self, session: int, epoch: int) -> AudioRing:
        """Return the sound of an epoch. Raises AudioGoneError if it is over, or there is none."""
        current = (self._state.session, self.screen.epoch)
        if self._ring is None or (session, epoch) != current:
            raise AudioGoneError("the sound is not, or no longer, this one")
        return self._ring

    async def settled(self, session: int) -> Status:
        """Wait until it is known how a session turns out: it plays, failed, ended, or was replaced."""
        open_phases = (Phase.RESOLVING, Phase.BUFFERING)
        while self._state.session == session and self._state.phase in open_phases:
            await self._settling.wait(self._settling.add())
        return self.status

    # What happens.

    def _take(self, event: Event) -> None:
        before = self._state
        self._state, effects = step(before, event)
        for effect in effects:
            self._carry_out(effect)
        if self._state.phase not in RUNNING and before.phase in RUNNING:
            self.screen.clear()
        if self._state is before and not effects:
            return
        self._announce()

    def _announce(self) -> None:
        self._settling.wake()
        self._listeners.tell(self.status)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case events.Resolve():
                self._lookup = self._loop.create_task(self._look_up(effect.ticket))
            case events.Abandon():
                if self._lookup is not None:
                    self._lookup.cancel()
            case events.Open():
                self._open(effect)
            case events.Drop():
                self._drop()
            case events.Hold():
                if self._playing is not None:
                    self._playing.hold(wanted=effect.wanted)
            case _:
                assert_never(effect)

    async def _find(self, ticket: int) -> bool:
        """Find what is wanted; tell whether it is there, and still wanted."""
        try:
            found = await self._wanted.find()
        except PlayError as err:
            if ticket == self._state.ticket:
                self._error = self._wanted.reported(err)
                self._take(events.Failed(ticket, self._error.code))
            return False
        if ticket == self._state.ticket:
            self._found = found
        return ticket == self._state.ticket

    async def _look_up(self, ticket: int) -> None:
        if await self._find(ticket):
            self._info = None
            live = not isinstance(self._found, Resolved) or self._found.is_live
            self._take(events.Found(ticket, live))

    async def _renew(self, effect: events.Open) -> None:
        """Find again what was opened before, and open it."""
        if await self._find(effect.ticket):
            self._open(replace(effect, held=self._state.held))
            self._announce()

    def _open(self, effect: events.Open) -> None:
        if self._wanted.stale:
            self._renewal = self._loop.create_task(self._renew(effect), name="retrocam renew")
            return
        self._wanted.mark_opened()
        found = self._found
        self._reports = reports = TicketedReports(
            self._loop, self._report, self._left, effect.ticket
        )
        if isinstance(found, Resolved):
            self._ring = AudioRing()
            self._playing = Pipeline(
                found,
                self.network(),
                self.screen,
                self._ring,
                reports,
                start=effect.start,
                held=effect.held,
                limit=self._limit,
                speed=self._speed,
            )
        elif found is not None:
            self._playing = Relay(found, self.screen, reports, held=effect.held, limit=self._limit)

    def _drop(self) -> None:
        """Close the pipeline; it goes away by itself."""
        if self._renewal is not None:
            self._renewal.cancel()
        playing, reports = self._playing, self._reports
        self._playing = self._reports = self._ring = None
        if playing is None or reports is None:
            return
        if reports.has_finished:
            playing.join()
        else:
            self._leaving[reports] = playing
            self._all_left.clear()
        playing.close()

    def _left(self, reports: TicketedReports) -> None:
        playing = self._leaving.pop(reports, None)
        if playing is not None:
            playing.join()  # its last thread is in its last line
        if not self._leaving:
            self._all_left.set()

    def _report(
        self, reports: TicketedReports, event: Event, told: OpenedMedia | PlayError | None
    ) -> None:
        if reports is not self._reports:
            return
        if isinstance(told, OpenedMedia):
            self._info = told
        elif told is not None:
            self._error = self._wanted.reported(told)
        self._take(event)

    async def _await_leaving(self, limit: float) -> bool:
        try:
            async with asyncio.timeout(limit):
                await self._all_left.wait()
        except TimeoutError:
            _LOGGER.warning("%d players have not ended yet", len(self._leaving))
            return False
        return True

    def _position(self) -> float:
        return self._playing.position if self._playing is not None else self._state.start

    def _duration(self) -> float | None:
        if self._state.live:
            return None
        if isinstance(self._found, Resolved) and self._found.duration is not None:
            return self._found.duration
        return self._info.duration if self._info is not None else None
