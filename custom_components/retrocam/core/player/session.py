"""The player's session: plays one medium at a time, in the event loop.

Runs the effects of `machine`. Look-ups and playbacks report with their tickets; whatever is superseded
is closed at once and ends in the background.
"""

import asyncio
from dataclasses import dataclass, replace
import time
from typing import Final, assert_never

from ..errors import PlayError
from ..frames.feed import Feed
from ..listeners import Listeners
from ..waiters import Waiters
from . import events
from .audio import AudioGoneError, AudioRing
from .events import Effect, Event, Report
from .frame_broadcast import FrameBroadcast
from .lookup.resolver import Resolver
from .machine import RUNNING, Phase, State, step
from .media_request import FreshMedia, MediaRequest
from .net.addresses import Network
from .net.fetch import page_link
from .net.streams import ResolvedMedia
from .playbacks import Playbacks
from .reports import OpenedMedia
from .status import Status

_EXPIRY_MARGIN: Final = 60.0
"""Seconds before their end from which URLs count as expired."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Media that another one interrupts."""

    request: MediaRequest
    media: ResolvedMedia | Feed | None
    """None while it is looked up."""
    position: float
    """Seconds."""
    paused: bool


class Session:
    """Plays media to `broadcast`. All methods are for the event loop; none waits for media.

    `broadcast` stays the same for the session's life: its sinks need not follow what plays.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        max_fps: float = 30.0,
        loop_media: bool = False,
        speed: float = 1.0,
    ) -> None:
        """With `loop_media`, restart at the end. The clock runs at `speed` times real time."""
        self.resolver = resolver
        self.broadcast = FrameBroadcast()
        self._loop = asyncio.get_running_loop()
        self._max_fps = max_fps
        self._state = State(loop=loop_media)
        self._request = MediaRequest(resolver)
        self._media: ResolvedMedia | Feed | None = None
        self._opened: OpenedMedia | None = None
        self._error: PlayError | None = None
        self._lookup: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._playbacks = Playbacks(self.broadcast, self._on_report, speed=speed)
        self.listeners = Listeners[[Status]]()
        """Called with each new status."""
        self.end_listeners = Listeners[[int]]()
        """Called with the number of each session that ends or fails by itself."""
        self._failure: tuple[int, PlayError] | None = None
        """The last session that failed, and its error."""
        self._changed = Waiters()

    # Commands.

    def play(
        self,
        media: str | Feed | FreshMedia,
        *,
        start: float = 0.0,
        trusted: bool = False,
        report_blocked: bool = True,
    ) -> int:
        """Play `media` from `start`, s, in place of anything else, and return the session's number.

        See `MediaRequest` for the types of media, `trusted` and `report_blocked`.
        """
        self._request = MediaRequest(
            self.resolver, media, trusted=trusted, report_blocked=report_blocked
        )
        self._media = self._opened = self._error = None
        self._handle(events.Play(start))
        return self._state.session

    def interrupted(self) -> Interrupted | None:
        """Return what plays or is looked up, to be continued after something else; None if idle."""
        state = self._state
        if state.phase not in RUNNING and state.phase is not Phase.RESOLVING:
            return None
        return Interrupted(self._request, self._media, self._position(), state.paused)

    def continue_with(self, interrupted: Interrupted) -> int:
        """Play what was interrupted from its position, or pause there; live media at the present.

        Returns the session's number.
        """
        self._request, media = interrupted.request, interrupted.media
        expires = media.expires if isinstance(media, ResolvedMedia) else None
        if media is not None and (expires is None or time.time() < expires - _EXPIRY_MARGIN):
            self._request.keep(media)
        self._media = self._opened = self._error = None
        self._handle(events.Play(interrupted.position))
        if interrupted.paused:
            self._handle(events.Pause())
        return self._state.session

    def set_loop(self, *, loop_media: bool) -> None:
        """Choose whether media restart at their end."""
        self._state = replace(self._state, loop=loop_media)

    def pause(self) -> None:
        """Pause, or start paused."""
        self._handle(events.Pause())

    def resume(self) -> None:
        """Continue at the same position."""
        expires = self._media.expires if isinstance(self._media, ResolvedMedia) else None
        expired = expires is not None and time.time() > expires - _EXPIRY_MARGIN
        self._handle(events.Resume(self._position() if expired else None))

    def seek(self, position: float) -> None:
        """Continue from `position`, s; ignored for live media and when nothing plays."""
        duration = self._duration()
        self._handle(events.Seek(position if duration is None else min(position, duration)))

    def stop(self) -> None:
        """End what plays or is being looked up."""
        self._handle(events.Stop())

    def set_max_fps(self, max_fps: float) -> None:
        """Limit the frame rate from the next play or seek on."""
        self._max_fps = max_fps

    async def close(self, limit: float = 3.0) -> bool:
        """End everything for good; return whether all threads have ended within `limit` s."""
        self._handle(events.Close())
        # Both at once: each may take the whole time.
        closed = await asyncio.gather(
            self.resolver.close(limit), self._playbacks.wait_closed(limit)
        )
        return all(closed)

    # State.

    def network(self) -> Network:
        """Return a network for one more opening of what plays."""
        return self._request.network()

    @property
    def status(self) -> Status:
        """The current status."""
        state = self._state
        media = self._media if isinstance(self._media, ResolvedMedia) else None
        running = state.phase in RUNNING
        return Status(
            state=state.phase,
            session=state.session,
            epoch=self.broadcast.epoch,
            title=media.title if media is not None else None,
            page=page_link(media.page) if media is not None else None,
            thumbnail=media.thumbnail if media is not None else None,
            duration=self._duration(),
            is_live=state.live,
            has_audio=running and self._opened is not None and self._opened.has_audio,
            can_seek=running and not state.live,
            position=self._position(),
            position_at=time.time(),
            error=self._error if state.phase is Phase.ERROR else None,
            needs_javascript=media.needs_javascript if media is not None else False,
        )

    def failure_of(self, session: int) -> PlayError | None:
        """Return the error of a session, also after the next one has begun."""
        failure = self._failure
        return failure[1] if failure is not None and failure[0] == session else None

    def audio(self, session: int, epoch: int) -> AudioRing:
        """Return the audio of the current epoch. Raises AudioGoneError for another one."""
        ring = self._playbacks.ring
        if ring is None or (session, epoch) != (self._state.session, self.broadcast.epoch):
            raise AudioGoneError("the epoch is over, or unknown")
        return ring

    async def settled(self, session: int) -> Status:
        """Wait until a session plays, failed, ended or was replaced."""
        open_phases = (Phase.RESOLVING, Phase.BUFFERING)
        while self._state.session == session and self._state.phase in open_phases:
            await self._changed.wait(self._changed.add())
        return self.status

    # Events and effects.

    def _handle(self, event: Event) -> None:
        before = self._state
        self._state, effects = step(before, event)
        for effect in effects:
            self._run_effect(effect)
        if self._state.phase not in RUNNING and before.phase in RUNNING:
            self.broadcast.clear()
        was_active = before.phase in RUNNING or before.phase is Phase.RESOLVING
        if (
            isinstance(event, Report)
            and was_active
            and self._state.phase in (Phase.IDLE, Phase.ERROR)
        ):
            if self._state.phase is Phase.ERROR and self._error is not None:
                self._failure = (before.session, self._error)
            self.end_listeners.notify(before.session)
        if self._state is not before or effects:
            self._announce()

    def _announce(self) -> None:
        self._changed.wake()
        self.listeners.notify(self.status)

    def _run_effect(self, effect: Effect) -> None:
        match effect:
            case events.Resolve():
                self._lookup = self._loop.create_task(self._look_up(effect.ticket))
            case events.CancelResolve():
                if self._lookup is not None:
                    self._lookup.cancel()
            case events.OpenPlayback():
                self._open(effect)
            case events.ClosePlayback():
                self._close_playback()
            case events.SetPaused():
                self._playbacks.set_paused(paused=effect.paused)
            case _:
                assert_never(effect)

    async def _find(self, ticket: int) -> bool:
        """Resolve the request; return whether that succeeded and was not superseded."""
        try:
            media = await self._request.find()
        except PlayError as err:
            if ticket == self._state.ticket:
                self._error = self._request.reported(err)
                self._handle(events.Failed(ticket, self._error.code))
            return False
        if ticket == self._state.ticket:
            self._media = media
        return ticket == self._state.ticket

    async def _look_up(self, ticket: int) -> None:
        if await self._find(ticket):
            self._opened = None
            media = self._media if isinstance(self._media, ResolvedMedia) else None
            start = 0.0 if media is None else _start(media)
            self._handle(events.Found(ticket, media is None or media.is_live, start))

    async def _renew(self, effect: events.OpenPlayback) -> None:
        """Resolve fresh media again, and open it."""
        if await self._find(effect.ticket):
            self._open(replace(effect, paused=self._state.paused))
            self._announce()

    def _open(self, effect: events.OpenPlayback) -> None:
        if self._request.stale:
            self._renewal = self._loop.create_task(self._renew(effect), name="retrocam renew")
            return
        self._request.mark_opened()
        if self._media is not None:
            self._playbacks.open(self._media, self.network(), effect, self._max_fps)

    def _close_playback(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
        self._playbacks.close()

    def _on_report(self, report: Report, payload: OpenedMedia | PlayError | None) -> None:
        if isinstance(payload, OpenedMedia):
            self._opened = payload
        elif payload is not None:
            report = self._on_failure(report, payload)
        elif isinstance(report, events.Ready):
            self._request.has_played = True
        self._handle(report)

    def _on_failure(self, report: Report, error: PlayError) -> Report:
        """Keep the error; if the media are of a list, report that the next entry is to be tried."""
        self._error = self._request.reported(error)
        if (
            isinstance(report, events.Failed)
            and isinstance(self._media, ResolvedMedia)
            and self._request.try_next_entry(self._media, error)
        ):
            return events.Unplayable(report.ticket)
        return report

    def _position(self) -> float:
        position = self._playbacks.position
        return self._state.start if position is None else position

    def _duration(self) -> float | None:
        if self._state.live:
            return None
        if isinstance(self._media, ResolvedMedia) and self._media.duration is not None:
            return self._media.duration
        return self._opened.duration if self._opened is not None else None


def _start(media: ResolvedMedia) -> float:
    """Return the position at which a link begins, s; 0 if the media are shorter."""
    return media.start if media.duration is None or media.start < media.duration else 0.0
