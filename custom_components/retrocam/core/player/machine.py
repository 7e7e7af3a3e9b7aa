"""What the player does when: a pure machine, (state, event) to (state, effects).

It knows no clock, thread or network. Everything that is begun - a look-up, an opened pipeline - has a
ticket, and what it reports later carries that ticket: a report of something that was superseded changes
nothing, however late it comes.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from .events import (
    Abandon,
    Close,
    Drop,
    Effect,
    Ended,
    Event,
    Failed,
    Found,
    Hold,
    Open,
    Opened,
    Pause,
    Play,
    Ready,
    Refused,
    Report,
    Resolve,
    Resume,
    Seek,
    Starved,
    Stop,
)

_MOST_REFUSALS: Final = 3
_PROGRESS: Final = 5.0
"""Seconds of playing after which a refused URL counts as expired, not as forbidden."""


class Phase(StrEnum):
    """What the player is doing; the values are those of the wire."""

    IDLE = "idle"
    RESOLVING = "resolving"
    BUFFERING = "buffering"
    PLAYING = "playing"
    PAUSED = "paused"
    ERROR = "error"


RUNNING: Final = frozenset({Phase.BUFFERING, Phase.PLAYING, Phase.PAUSED})
"""Phases in which a pipeline is open."""


@dataclass(frozen=True, slots=True)
class State:
    """All that decides what comes next."""

    phase: Phase = Phase.IDLE
    session: int = 0
    """Grows with each play."""
    ticket: int = 0
    """Of what was begun last."""
    start: float = 0.0
    """Where to begin, or where the open pipeline began, s."""
    held: bool = False
    """Whether the user wants it to stand still."""
    live: bool = False
    loop: bool = False
    """Whether to begin again at the end."""
    ran: bool = False
    """Whether the open pipeline has shown anything: an empty one is not looped."""
    refusals: int = 0
    error: str | None = None
    """Code of what went wrong, in phase ERROR."""
    closed: bool = False


type Step = tuple[State, tuple[Effect, ...]]


def step(state: State, event: Event) -> Step:
    """Return the state after an event, and what is to be done, in order."""
    if state.closed:
        return state, ()
    match event:
        case Found() | Opened() | Ready() | Starved() | Ended() | Failed() | Refused():
            done = _reported(state, event) if event.ticket == state.ticket else (state, ())
        case Play():
            session = state.session + 1
            fresh = replace(state, session=session, start=event.start, held=False, refusals=0)
            done = _look_up(fresh)
        case Pause():
            done = _pause(state)
        case Resume():
            done = _resume(state, event)
        case Seek():
            done = _seek(state, max(0.0, event.position))
        case Stop() | Close():
            idle = _rest(state, Phase.IDLE)
            done = replace(idle, closed=isinstance(event, Close)), _end(state)
        case _:
            assert_never(event)
    return done


def _reported(state: State, event: Report) -> Step:
    """Take a report of what is going on now."""
    done: Step = (state, ())
    match event, state.phase:
        case Found(), Phase.RESOLVING:
            start = 0.0 if event.live else state.start
            done = _open(replace(state, live=event.live, start=start))
        case Opened(), _ if state.phase in RUNNING and event.live:
            done = replace(state, live=True), ()
        case Ready(), Phase.BUFFERING:
            phase = Phase.PAUSED if state.held else Phase.PLAYING
            done = replace(state, phase=phase, ran=True), ()
        case Starved(), Phase.PLAYING:
            done = replace(state, phase=Phase.BUFFERING), ()
        case Ended(), _ if state.phase in RUNNING:
            if state.loop and state.ran and not state.live:
                done = _open(replace(state, start=0.0))
            else:
                done = _rest(state, Phase.IDLE), (Drop(),)
        case Failed(), _ if state.phase in RUNNING or state.phase is Phase.RESOLVING:
            done = replace(_rest(state, Phase.ERROR), error=event.code), _end(state)
        case Refused(), _ if state.phase in RUNNING:
            done = _refused(state, event)
    return done


def _refused(state: State, event: Refused) -> Step:
    refusals = 0 if event.position - state.start > _PROGRESS else state.refusals
    if refusals >= _MOST_REFUSALS:
        return replace(_rest(state, Phase.ERROR), error=event.code), (Drop(),)
    return _look_up(replace(state, start=event.position, refusals=refusals + 1))


def _pause(state: State) -> Step:
    match state.phase:
        case Phase.RESOLVING:
            return replace(state, held=True), ()
        case Phase.BUFFERING if not state.held:
            return replace(state, held=True), (Hold(wanted=True),)
        case Phase.PLAYING:
            return replace(state, held=True, phase=Phase.PAUSED), (Hold(wanted=True),)
    return state, ()


def _resume(state: State, event: Resume) -> Step:
    match state.phase:
        case Phase.RESOLVING:
            return replace(state, held=False), ()
        case Phase.BUFFERING if state.held:
            return replace(state, held=False), (Hold(wanted=False),)
        case Phase.PAUSED if event.expired is not None:
            return _look_up(replace(state, held=False, start=event.expired))
        case Phase.PAUSED:
            return replace(state, held=False, phase=Phase.PLAYING), (Hold(wanted=False),)
    return state, ()


def _seek(state: State, position: float) -> Step:
    if state.phase is Phase.RESOLVING:
        return replace(state, start=position), ()
    if state.phase not in RUNNING or state.live:
        return state, ()
    return _open(replace(state, start=position))


def _look_up(state: State) -> Step:
    """Leave whatever goes on for a new look-up."""
    ticket = state.ticket + 1
    begun = replace(state, phase=Phase.RESOLVING, ticket=ticket, error=None, live=False, ran=False)
    return begun, (*_end(state), Resolve(ticket))


def _open(state: State) -> Step:
    """Open a pipeline at `state.start`, instead of the open one if there is one."""
    ticket = state.ticket + 1
    begun = replace(state, phase=Phase.BUFFERING, ticket=ticket, ran=False)
    drop = (Drop(),) if state.phase in RUNNING else ()
    return begun, (*drop, Open(ticket, state.start, state.held))


def _rest(state: State, phase: Phase) -> State:
    """Do nothing more; reports of what went on are too late now."""
    return replace(
        state, phase=phase, ticket=state.ticket + 1, error=None, held=False, live=False, ran=False
    )


def _end(state: State) -> tuple[Effect, ...]:
    if state.phase is Phase.RESOLVING:
        return (Abandon(),)
    return (Drop(),) if state.phase in RUNNING else ()
