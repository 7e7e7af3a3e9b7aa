"""Timelapses of footage: every n-th second as a still."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
import math
import threading
from typing import Final

from ..core.errors import (
    BusyError,
    DecodeError,
    InvalidFrameError,
    NotHeldError,
)
from ..core.footage.held import Span
from ..core.library.timelapse import Timelapse, TimelapseWriter
from ..core.threads import run_in_thread
from .footage import CameraFootage

MAX_PICTURES: Final = 20_000
"""Pictures of a timelapse: more than ten minutes of film, and as many decoded groups of pictures."""
_BUSY: Final = 1.0
"""Seconds after which a picture is asked for again while too many others wait."""


@dataclass(frozen=True, slots=True)
class FilmTimes:
    """The times of pictures, UNIX s: multiples of `interval` after the first, where footage is held."""

    spans: Sequence[Span]
    interval: float

    @property
    def first(self) -> float:
        """The time of the first picture. Raises NotHeldError without footage."""
        if not self.spans:
            raise NotHeldError("no footage of this time")
        return self.spans[0].start

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self._steps()))

    def __iter__(self) -> Iterator[float]:
        """Yield the times, oldest first."""
        for steps in self._steps():
            for step in steps:
                yield self.first + step * self.interval

    def _steps(self) -> Iterator[range]:
        """Yield the numbers of the times in each span."""
        for span in self.spans:
            start, end = span.start - self.first, span.end - self.first
            yield range(math.ceil(start / self.interval), math.ceil(end / self.interval))


def percents(total: int, report: Callable[[int, int], None]) -> Callable[[int], None]:
    """Return a function that reports each further percent of `total`."""
    last = 0

    def progress(done: int) -> None:
        nonlocal last
        if (percent := done * 100 // total) > last:
            last = percent
            report(done, total)

    return progress


async def async_make_film(
    name: str,
    footage: CameraFootage,
    times: FilmTimes,
    writer: TimelapseWriter,
    *,
    progress: Callable[[int], None],
    stop: threading.Event,
) -> Timelapse:
    """Write the picture shown at each time, one after the other; damaged ones are left out.

    Each waits for its place among the frames of footage that others ask for. `progress` is called with
    the pictures so far. Raises TimelapseCancelledError after `stop`, TimelapseEmptyError and
    StorageError; no file is left then.
    """
    try:
        for done, time in enumerate(times, 1):
            await _async_add(footage, time, writer, stop)
            progress(done)
        writer.check(stop)
        return await run_in_thread(f"retrocam timelapse {name}", writer.finish, join_on_cancel=True)
    except BaseException:
        await run_in_thread(f"retrocam timelapse {name}", writer.abort, join_on_cancel=True)
        raise


async def _async_add(
    footage: CameraFootage, time: float, writer: TimelapseWriter, stop: threading.Event
) -> None:
    while not stop.is_set():
        try:
            await footage.async_use(time, lambda picture: writer.add(picture.frame))
        except BusyError:
            await asyncio.sleep(_BUSY)
        except NotHeldError, DecodeError, InvalidFrameError:
            writer.skipped += 1
            return
        else:
            return
    writer.check(stop)
