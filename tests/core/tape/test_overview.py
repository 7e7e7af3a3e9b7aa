"""The spans of a tape, as few of them as are wanted."""

import numpy as np
import pytest

from custom_components.retrocam.core.tape.file_spans import with_longest_gaps

SPANS = np.array([[0, 10], [12, 20], [50, 60], [61, 70], [100, 110]], float)
"""With gaps of 2, 30, 1 and 30 s."""


@pytest.mark.parametrize(
    ("most", "wanted"),
    [
        (1, [[0, 110]]),
        (3, [[0, 20], [50, 70], [100, 110]]),
        (4, [[0, 10], [12, 20], [50, 70], [100, 110]]),
        (5, SPANS.tolist()),
        (9, SPANS.tolist()),
    ],
)
def test_shortest_gaps_are_closed(most: int, wanted: list[list[float]]) -> None:
    assert with_longest_gaps(SPANS, most).tolist() == wanted


def test_tape_without_files_has_no_spans() -> None:
    assert with_longest_gaps(np.zeros((0, 2)), 3).tolist() == []
