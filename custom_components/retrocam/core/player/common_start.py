"""Where the inputs of one medium begin, so that they play in sync."""

import threading
from typing import Final

from .hls.live_edge import LiveEdge, usual_distance

_SAME_CLOCK: Final = 60.0
"""Seconds by which the ends of live playlists may differ, if their dates are of one clock."""


class CommonStart:
    """Agreement of the reading threads on a common beginning. Thread-safe.

    Waits end with `close`, after which each input begins on its own.
    """

    def __init__(self, inputs: int = 1) -> None:
        """Each of `inputs` inputs calls `distance` first, then `base` or `live_base`."""
        self._inputs = inputs
        self._edges: list[LiveEdge | None] = []
        self._base: float | None = None
        self._closed = False
        self._changed = threading.Condition()

    def distance(self, edge: LiveEdge | None, *, leads: bool) -> float:
        """Return the seconds before the end of its playlist at which an input begins.

        Waits for the edges of all inputs, None for those that are not live: segments of different length
        make the usual beginning of each another moment. Without dates the playlists' ends are taken for
        the same moment, and those that do not lead begin a segment earlier.
        """
        with self._changed:
            self._edges.append(edge)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or len(self._edges) >= self._inputs)
            edges = [item for item in self._edges if item is not None]
        if edge is None or len(edges) < 2:
            return usual_distance(edge)
        dates = [item.date for item in edges if item.date is not None]
        dated = len(dates) == len(edges) and max(dates) - min(dates) < _SAME_CLOCK
        ends = {id(item): (item.date or 0.0) if dated else 0.0 for item in edges}
        begin = min(ends[id(item)] - item.distance for item in edges)
        begin = max(begin, *(ends[id(item)] - item.window for item in edges))
        earlier = 0.0 if dated or leads else max(item.segment for item in edges)
        return ends[id(edge)] - begin + earlier

    def base(self, candidate: float, *, within: float) -> float:
        """Return the timestamp, s, of position 0.

        That is `candidate`, the input's first timestamp, or that of the first input if less than
        `within` s away: both then share a clock, and one of them starts later.
        """
        with self._changed:
            if self._base is None:
                self._base = candidate
                self._changed.notify_all()
            return self._base if abs(candidate - self._base) < within else candidate

    def live_base(self, candidate: float, *, leads: bool, within: float) -> float:
        """As `base`, but that of the input that leads, for which the others wait."""
        with self._changed:
            if not leads:
                self._changed.wait_for(lambda: self._closed or self._base is not None)
        return self.base(candidate, within=within)

    def close(self) -> None:
        """End all waits. May be called again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
