"""Tests of the exponential back-off."""

from custom_components.retrocam.core.backoff import Backoff

from .media import Clock


def test_pause_doubles_up_to_the_longest() -> None:
    clock = Clock()
    backoff = Backoff(2, 60, clock)
    assert backoff.remaining == 0
    pauses = []
    for _ in range(7):
        backoff.failed()
        pauses.append(backoff.remaining)
        clock.now += backoff.remaining
        assert backoff.remaining == 0
    assert pauses == [2, 4, 8, 16, 32, 60, 60]
    backoff.failed()
    backoff.reset()
    assert backoff.remaining == 0
    backoff.failed()
    assert backoff.remaining == 2
