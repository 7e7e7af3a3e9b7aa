"""The player's state machine: (state, event) to (state, effects), without clock, thread or network.

Each look-up and each playback has a ticket, and so do its reports: a report of a superseded one is
ignored, however late it arrives.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from . import events
from .events import (
    CancelResolve,
    ClosePlayback,
    Effect,
    Event,
    OpenPlayback,
    Report,
    Resolve,
    SetPaused,
)

_MAX_REFUSALS: Final = 3
_EXPIRY_SECONDS: Final = 5.0
"""A URL refused after so many seconds of playback counts as expired, not as forbidden."""


class Phase(StrEnum):
    """State of the player; the values are sent to clients."""

    IDLE = "idle"
    RESOLVING = "resolving"
    BUFFERING = "buffering"
    PLAYING = "playing"
    PAUSED = "paused"
    ERROR = "error"


RUNNING: Final = frozenset({Phase.BUFFERING, Phase.PLAYING, Phase.PAUSED})
"""Phases with an open playback."""


@dataclass(frozen=True, slots=True)
class State:
    """Input of the next step."""

    phase: Phase = Phase.IDLE
    session: int = 0
    """Incremented by each Play."""
    ticket: int = 0
    """Of the latest look-up or playback."""
    start: float = 0.0
    """Start position of the next or the open playback, s."""
    start_is_set: bool = False
    """The start position was requested: a link's own one does not apply."""
    paused: bool = False
    """Requested by the user, in any phase."""
    live: bool = False
    loop: bool = False
    """Restart at the end."""
    has_played: bool = False
    """The open playback has become ready; an empty one is not looped."""
    refusals: int = 0
    error: str | None = None
    """Error code, in phase ERROR."""
    closed: bool = False


type Step = tuple[State, tuple[Effect, ...]]


def step(state: State, event: Event) -> Step:
    """Return the state after an event, and the effects to run, in order."""
    if state.closed:
        return state, ()
    match event:
        case Report():
            result = _on_report(state, event) if event.ticket == state.ticket else (state, ())
        case events.Play():
            session = state.session + 1
            fresh = replace(state, session=session, paused=False, refusals=0)
            result = _look_up(_at(fresh, event.start, is_set=event.start > 0))
        case events.Pause():
            result = _pause(state)
        case events.Resume():
            result = _resume(state, event)
        case events.Seek():
            result = _seek(state, max(0.0, event.position))
        case events.Stop() | events.Close():
            idle = _reset(state, Phase.IDLE)
            result = replace(idle, closed=isinstance(event, events.Close)), _end(state)
        case _:
            assert_never(event)
    return result


def _on_report(state: State, event: Report) -> Step:
    """Apply a report of the current look-up or playback."""
    result: Step = (state, ())
    match event, state.phase:
        case events.Found(), Phase.RESOLVING:
            start = state.start if state.start_is_set else event.start
            result = _open(replace(state, live=event.live, start=0.0 if event.live else start))
        case events.Opened(), _ if state.phase in RUNNING and event.live:
            result = replace(state, live=True), ()
        case events.Ready(), Phase.BUFFERING:
            phase = Phase.PAUSED if state.paused else Phase.PLAYING
            result = replace(state, phase=phase, has_played=True), ()
        case events.Starved(), Phase.PLAYING:
            result = replace(state, phase=Phase.BUFFERING), ()
        case events.Ended(), _ if state.phase in RUNNING:
            if state.loop and state.has_played and not state.live:
                result = _open(replace(state, start=0.0))
            else:
                result = _reset(state, Phase.IDLE), (ClosePlayback(),)
        case events.Failed(), _ if state.phase in RUNNING or state.phase is Phase.RESOLVING:
            result = replace(_reset(state, Phase.ERROR), error=event.code), _end(state)
        case events.Unplayable(), Phase.BUFFERING:
            result = _look_up(state)
        case events.Refused(), _ if state.phase in RUNNING:
            result = _on_refused(state, event)
    return result


def _on_refused(state: State, event: events.Refused) -> Step:
    refusals = 0 if event.position - state.start > _EXPIRY_SECONDS else state.refusals
    if refusals >= _MAX_REFUSALS:
        return replace(_reset(state, Phase.ERROR), error=event.code), (ClosePlayback(),)
    return _look_up(_at(replace(state, refusals=refusals + 1), event.position))


def _pause(state: State) -> Step:
    match state.phase:
        case Phase.RESOLVING:
            return replace(state, paused=True), ()
        case Phase.BUFFERING if not state.paused:
            return replace(state, paused=True), (SetPaused(paused=True),)
        case Phase.PLAYING:
            return replace(state, paused=True, phase=Phase.PAUSED), (SetPaused(paused=True),)
    return state, ()


def _resume(state: State, event: events.Resume) -> Step:
    match state.phase:
        case Phase.RESOLVING:
            return replace(state, paused=False), ()
        case Phase.BUFFERING if state.paused:
            return replace(state, paused=False), (SetPaused(paused=False),)
        case Phase.PAUSED if event.expired is not None:
            return _look_up(_at(replace(state, paused=False), event.expired))
        case Phase.PAUSED:
            return replace(state, paused=False, phase=Phase.PLAYING), (SetPaused(paused=False),)
    return state, ()


def _seek(state: State, position: float) -> Step:
    if state.phase is Phase.RESOLVING:
        return _at(state, position), ()
    if state.phase not in RUNNING or state.live:
        return state, ()
    return _open(_at(state, position))


def _at(state: State, start: float, *, is_set: bool = True) -> State:
    """Return the state with a start position, s."""
    return replace(state, start=start, start_is_set=is_set)


def _look_up(state: State) -> Step:
    """Start a new look-up in place of whatever runs."""
    started = replace(_reset(state, Phase.RESOLVING), paused=state.paused)
    return started, (*_end(state), Resolve(started.ticket))


def _open(state: State) -> Step:
    """Open a playback at `state.start`, in place of an open one."""
    ticket = state.ticket + 1
    started = replace(state, phase=Phase.BUFFERING, ticket=ticket, has_played=False)
    close = (ClosePlayback(),) if state.phase in RUNNING else ()
    return started, (*close, OpenPlayback(ticket, state.start, state.paused))


def _reset(state: State, phase: Phase) -> State:
    """Forget what ran; the new ticket makes its reports late."""
    return replace(
        state,
        phase=phase,
        ticket=state.ticket + 1,
        error=None,
        paused=False,
        live=False,
        has_played=False,
    )


def _end(state: State) -> tuple[Effect, ...]:
    if state.phase is Phase.RESOLVING:
        return (CancelResolve(),)
    return (ClosePlayback(),) if state.phase in RUNNING else ()
