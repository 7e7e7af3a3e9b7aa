"""The player's machine, tried with every event in every state it can reach."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import pytest

from custom_components.retrocam.core.player import events
from custom_components.retrocam.core.player.events import Effect, Event
from custom_components.retrocam.core.player.machine import RUNNING, Phase, State, step


@dataclass(frozen=True)
class World:
    """The state, and what is really going on by the effects so far."""

    state: State
    looking_up: bool = False
    open: bool = False
    held: bool = False


def carry_out(world: World, state: State, effects: tuple[Effect, ...]) -> World:
    """Do what the machine says, and check that it can be done."""
    looking_up, is_open, held = world.looking_up, world.open, world.held
    for effect in effects:
        match effect:
            case events.Resolve(ticket):
                assert not looking_up
                assert not is_open
                assert ticket == state.ticket
                looking_up = True
            case events.Abandon():
                assert looking_up
                looking_up = False
            case events.Open(ticket, start, begins_held):
                assert not is_open
                assert ticket == state.ticket
                assert start == state.start
                is_open, held, looking_up = True, begins_held, False
            case events.Drop():
                assert is_open
                is_open = False
            case events.Hold(wanted):
                assert is_open
                assert held != wanted
                held = wanted
    return World(state, looking_up, is_open, held if is_open else False)


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


WISHES: list[Event] = [
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
    """Forget the numbers that only count up, so that the states are finitely many."""
    start = 0.0 if world.state.start == 0 else 1.0
    return replace(world, state=replace(world.state, session=1, ticket=10, start=start))


def possible(world: World, event: Event) -> bool:
    """Only what goes on can report."""
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
    seen = {normal(World(State(loop=loop))) for loop in (False, True)}
    waiting = deque(seen)
    while waiting:
        world = waiting.popleft()
        for event in [*WISHES, *reports(world.state.ticket)]:
            if possible(world, event):
                # What was found is no longer looked up. (A look-up that failed may be abandoned.)
                found = isinstance(event, events.Found)
                after = replace(world, looking_up=world.looking_up and not found)
                following = normal(carry_out(after, *step(world.state, event)))
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
    return list(seen)


WORLDS = reachable()


def test_every_phase_can_be_reached() -> None:
    assert {world.state.phase for world in WORLDS} == set(Phase)
    assert len(WORLDS) > 50


def test_what_goes_on_is_what_the_phase_says() -> None:
    for world in WORLDS:
        assert world.looking_up == (world.state.phase is Phase.RESOLVING), world
        assert world.open == (world.state.phase in RUNNING), world


def test_the_picture_stands_still_exactly_when_it_is_wanted() -> None:
    for world in WORLDS:
        if world.open:
            assert world.held == world.state.held, world
        if world.state.phase is Phase.PLAYING:
            assert not world.held
        if world.state.phase is Phase.PAUSED:
            assert world.held


def test_only_an_error_has_a_code() -> None:
    for world in WORLDS:
        assert (world.state.error is not None) == (world.state.phase is Phase.ERROR), world


def test_late_reports_change_nothing() -> None:
    for world in WORLDS:
        for event in reports(world.state.ticket - 1):
            assert step(world.state, event) == (world.state, ()), (world, event)


def test_closed_is_for_ever() -> None:
    for world in WORLDS:
        if world.state.closed:
            for event in [*WISHES, *reports(world.state.ticket)]:
                assert step(world.state, event) == (world.state, ()), event


def test_a_play_from_any_state_supersedes_at_once() -> None:
    for world in WORLDS:
        if world.state.closed:
            continue
        after, effects = step(world.state, events.Play(2.0))
        assert after.phase is Phase.RESOLVING
        assert after.session == world.state.session + 1
        assert after.start == 2.0
        assert effects[-1] == events.Resolve(after.ticket)
        # What went on before is over: none of its reports is heard.
        for event in reports(world.state.ticket):
            assert step(after, event) == (after, ())


def test_stop_from_any_state_leaves_nothing() -> None:
    for world in WORLDS:
        after = carry_out(world, *step(world.state, events.Stop()))
        assert not after.looking_up
        assert not after.open
        assert after.state.phase is Phase.IDLE or world.state.closed


def run(*events: Event, state: State | None = None) -> tuple[State, tuple[Effect, ...]]:
    """Return the state and the last effects after events; their tickets are put right."""
    current = state or State()
    effects: tuple[Effect, ...] = ()
    for event in events:
        changes: Any = {"ticket": current.ticket} if hasattr(event, "ticket") else {}
        current, effects = step(current, replace(event, **changes))
    return current, effects


FOUND = events.Found(0, live=False)
READY = events.Ready(0)


def test_pausing_before_it_plays_opens_it_standing_still() -> None:
    state, effects = run(events.Play(), events.Pause(), FOUND)
    assert effects == (events.Open(state.ticket, 0.0, held=True),)
    state, _ = run(READY, state=state)
    assert state.phase is Phase.PAUSED


def test_seeking_begins_again_at_the_new_position() -> None:
    state, effects = run(events.Play(), FOUND, READY, events.Seek(12.0))
    assert effects == (events.Drop(), events.Open(state.ticket, 12.0, held=False))
    assert state.phase is Phase.BUFFERING


def test_live_media_cannot_be_sought() -> None:
    for found in (events.Found(0, live=True), FOUND):
        before, _ = run(events.Play(), found, events.Opened(0, live=True), READY)
        assert step(before, events.Seek(12.0)) == (before, ())


def test_a_loop_begins_again_but_not_with_nothing() -> None:
    loop = State(loop=True)
    state, effects = run(events.Play(3.0), FOUND, READY, events.Ended(0), state=loop)
    assert effects == (events.Drop(), events.Open(state.ticket, 0.0, held=False))
    state, effects = run(events.Play(), FOUND, events.Ended(0), state=loop)
    assert state.phase is Phase.IDLE
    assert effects == (events.Drop(),)


def test_an_expired_url_is_resolved_again_at_the_same_position() -> None:
    refused = events.Refused(0, 40.0, "network")
    state, effects = run(events.Play(), FOUND, READY, refused)
    assert effects == (events.Drop(), events.Resolve(state.ticket))
    state, effects = run(FOUND, state=state)
    assert effects == (events.Open(state.ticket, 40.0, held=False),)


def test_a_url_that_is_always_refused_is_an_error_in_the_end() -> None:
    state, _ = run(events.Play())
    for _ in range(3):
        state, _ = run(FOUND, events.Refused(0, 0.0, "network"), state=state)
        assert state.phase is Phase.RESOLVING
    state, effects = run(FOUND, events.Refused(0, 0.0, "network"), state=state)
    assert (state.phase, state.error) == (Phase.ERROR, "network")
    assert effects == (events.Drop(),)


def test_urls_that_expire_every_few_minutes_never_are() -> None:
    state, _ = run(events.Play())
    for position in range(100, 1000, 100):
        state, _ = run(FOUND, READY, events.Refused(0, float(position), "network"), state=state)
        assert state.phase is Phase.RESOLVING


def test_resuming_with_expired_urls_resolves_first() -> None:
    state, effects = run(events.Play(), FOUND, READY, events.Pause(), events.Resume(9.0))
    assert effects == (events.Drop(), events.Resolve(state.ticket))
    assert (state.start, state.held) == (9.0, False)


@pytest.mark.parametrize("wish", [events.Pause(), events.Resume(), events.Seek(1.0)])
def test_wishes_for_nothing_do_nothing(wish: Event) -> None:
    assert step(State(), wish) == (State(), ())
