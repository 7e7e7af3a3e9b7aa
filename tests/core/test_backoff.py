"""The back-off doubles up to its limit and begins anew when it is reset."""

from custom_components.retrocam.core.backoff import Backoff

from .media import Clock


def test_each_failure_doubles_the_pause_up_to_the_longest() -> None:
    clock = Clock()
    backoff = Backoff(2, 60, clock)
    assert backoff.left == 0
    pauses = []
    for _ in range(7):
        backoff.failed()
        pauses.append(backoff.left)
        clock.now += backoff.left
        assert backoff.left == 0
    assert pauses == [2, 4, 8, 16, 32, 60, 60]
    backoff.failed()
    backoff.reset()
    assert backoff.left == 0
    backoff.failed()
    assert backoff.left == 2
