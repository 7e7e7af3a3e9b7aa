"""The player's state machine: every event in every reachable state."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import pytest

from custom_components.retrocam.core.player import events
from custom_components.retrocam.core.player.events import Effect, Event
from custom_components.retrocam.core.player.machine import RUNNING, Phase, State, step


@dataclass(frozen=True)
class World:
    """The machine's state, and what runs after its effects."""

    state: State
    looking_up: bool = False
    open: bool = False
    paused: bool = False


def carry_out(world: World, state: State, effects: tuple[Effect, ...]) -> World:
    """Run the effects, and check that they are possible."""
    looking_up, is_open, paused = world.looking_up, world.open, world.paused
    for effect in effects:
        match effect:
            case events.Resolve(ticket):
                assert not looking_up
                assert not is_open
                assert ticket == state.ticket
                looking_up = True
            case events.CancelResolve():
                assert looking_up
                looking_up = False
            case events.OpenPlayback(ticket, start, starts_paused):
                assert not is_open
                assert ticket == state.ticket
                assert start == state.start
                is_open, paused, looking_up = True, starts_paused, False
            case events.ClosePlayback():
                assert is_open
                is_open = False
            case events.SetPaused(wanted):
                assert is_open
                assert paused != wanted
                paused = wanted
    return World(state, looking_up, is_open, paused if is_open else False)


def reports(ticket: int) -> list[Event]:
    return [
        events.Found(ticket, live=False),
        events.Found(ticket, live=True),
        events.Opened(ticket, live=False),
        events.Opened(ticket, live=True),
        events.Ready(ticket),
        events.Starved(ticket),
        events.Ended(ticket),
        events.Failed(ticket, "network"),
        events.Refused(ticket, 1.0, "network"),
        events.Refused(ticket, 60.0, "network"),
    ]


COMMANDS: list[Event] = [
    events.Play(),
    events.Play(7.0),
    events.Pause(),
    events.Resume(),
    events.Resume(expired=4.0),
    events.Seek(30.0),
    events.Seek(-5.0),
    events.Stop(),
    events.Close(),
]


def normal(world: World) -> World:
    """Reset counters, so that the number of states is finite."""
    start = 0.0 if world.state.start == 0 else 1.0
    return replace(world, state=replace(world.state, session=1, ticket=10, start=start))


def possible(world: World, event: Event) -> bool:
    """Return False for reports of something that does not run."""
    if isinstance(event, events.Found):
        return world.looking_up
    if isinstance(event, events.Failed):
        return world.looking_up or world.open
    if isinstance(
        event, events.Opened | events.Ready | events.Starved | events.Ended | events.Refused
    ):
        return world.open
    return True


def reachable() -> list[World]:
    visited = {normal(World(State(loop=loop))) for loop in (False, True)}
    pending = deque(visited)
    while pending:
        world = pending.popleft()
        for event in [*COMMANDS, *reports(world.state.ticket)]:
            if possible(world, event):
                # A successful look-up has ended; a failed one may be cancelled.
                found = isinstance(event, events.Found)
                after = replace(world, looking_up=world.looking_up and not found)
                following = normal(carry_out(after, *step(world.state, event)))
                if following not in visited:
                    visited.add(following)
                    pending.append(following)
    return list(visited)


WORLDS = reachable()


def test_every_phase_can_be_reached() -> None:
    assert {world.state.phase for world in WORLDS} == set(Phase)
    assert len(WORLDS) > 50


def test_the_phase_matches_lookup_and_playback() -> None:
    for world in WORLDS:
        assert world.looking_up == (world.state.phase is Phase.RESOLVING), world
        assert world.open == (world.state.phase in RUNNING), world


def test_the_playback_is_paused_only_on_request() -> None:
    for world in WORLDS:
        if world.open:
            assert world.paused == world.state.paused, world
        if world.state.phase is Phase.PLAYING:
            assert not world.paused
        if world.state.phase is Phase.PAUSED:
            assert world.paused


def test_only_an_error_has_a_code() -> None:
    for world in WORLDS:
        assert (world.state.error is not None) == (world.state.phase is Phase.ERROR), world


def test_late_reports_change_nothing() -> None:
    for world in WORLDS:
        for event in reports(world.state.ticket - 1):
            assert step(world.state, event) == (world.state, ()), (world, event)


def test_a_closed_machine_ignores_all_events() -> None:
    for world in WORLDS:
        if world.state.closed:
            for event in [*COMMANDS, *reports(world.state.ticket)]:
                assert step(world.state, event) == (world.state, ()), event


def test_play_supersedes_any_state() -> None:
    for world in WORLDS:
        if world.state.closed:
            continue
        after, effects = step(world.state, events.Play(2.0))
        assert after.phase is Phase.RESOLVING
        assert after.session == world.state.session + 1
        assert after.start == 2.0
        assert effects[-1] == events.Resolve(after.ticket)
        # Reports of what was superseded are ignored.
        for event in reports(world.state.ticket):
            assert step(after, event) == (after, ())


def test_stop_ends_any_state() -> None:
    for world in WORLDS:
        after = carry_out(world, *step(world.state, events.Stop()))
        assert not after.looking_up
        assert not after.open
        assert after.state.phase is Phase.IDLE or world.state.closed


def run(*events: Event, state: State | None = None) -> tuple[State, tuple[Effect, ...]]:
    """Return the state and the last effects after events, given the current tickets."""
    current = state or State()
    effects: tuple[Effect, ...] = ()
    for event in events:
        changes: Any = {"ticket": current.ticket} if hasattr(event, "ticket") else {}
        current, effects = step(current, replace(event, **changes))
    return current, effects


FOUND = events.Found(0, live=False)
READY = events.Ready(0)


def test_pausing_during_the_lookup_starts_paused() -> None:
    state, effects = run(events.Play(), events.Pause(), FOUND)
    assert effects == (events.OpenPlayback(state.ticket, 0.0, paused=True),)
    state, _ = run(READY, state=state)
    assert state.phase is Phase.PAUSED


def test_seeking_reopens_at_the_new_position() -> None:
    state, effects = run(events.Play(), FOUND, READY, events.Seek(12.0))
    assert effects == (
        events.ClosePlayback(),
        events.OpenPlayback(state.ticket, 12.0, paused=False),
    )
    assert state.phase is Phase.BUFFERING


def test_live_media_cannot_be_sought() -> None:
    for found in (events.Found(0, live=True), FOUND):
        before, _ = run(events.Play(), found, events.Opened(0, live=True), READY)
        assert step(before, events.Seek(12.0)) == (before, ())


def test_a_loop_restarts_unless_nothing_was_played() -> None:
    loop = State(loop=True)
    state, effects = run(events.Play(3.0), FOUND, READY, events.Ended(0), state=loop)
    assert effects == (events.ClosePlayback(), events.OpenPlayback(state.ticket, 0.0, paused=False))
    state, effects = run(events.Play(), FOUND, events.Ended(0), state=loop)
    assert state.phase is Phase.IDLE
    assert effects == (events.ClosePlayback(),)


def test_an_expired_url_is_resolved_again_at_the_same_position() -> None:
    refused = events.Refused(0, 40.0, "network")
    state, effects = run(events.Play(), FOUND, READY, refused)
    assert effects == (events.ClosePlayback(), events.Resolve(state.ticket))
    state, effects = run(FOUND, state=state)
    assert effects == (events.OpenPlayback(state.ticket, 40.0, paused=False),)


def test_repeated_refusals_are_an_error() -> None:
    state, _ = run(events.Play())
    for _ in range(3):
        state, _ = run(FOUND, events.Refused(0, 0.0, "network"), state=state)
        assert state.phase is Phase.RESOLVING
    state, effects = run(FOUND, events.Refused(0, 0.0, "network"), state=state)
    assert (state.phase, state.error) == (Phase.ERROR, "network")
    assert effects == (events.ClosePlayback(),)


def test_refusals_after_playback_are_never_an_error() -> None:
    state, _ = run(events.Play())
    for position in range(100, 1000, 100):
        state, _ = run(FOUND, READY, events.Refused(0, float(position), "network"), state=state)
        assert state.phase is Phase.RESOLVING


def test_resuming_with_expired_urls_resolves_first() -> None:
    state, effects = run(events.Play(), FOUND, READY, events.Pause(), events.Resume(9.0))
    assert effects == (events.ClosePlayback(), events.Resolve(state.ticket))
    assert (state.start, state.paused) == (9.0, False)


@pytest.mark.parametrize("command", [events.Pause(), events.Resume(), events.Seek(1.0)])
def test_commands_without_playback_are_ignored(command: Event) -> None:
    assert step(State(), command) == (State(), ())
