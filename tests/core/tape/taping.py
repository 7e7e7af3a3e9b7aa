"""Tapes of rings of real encodings, and what is on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import Segment
from custom_components.retrocam.core.tape.indexes import TapeIndexes
from custom_components.retrocam.core.tape.store import TapeLimits, TapeStore
from custom_components.retrocam.core.tape.writer import TapeWriter

from ..media import Clock, read_number

WITHIN = 60.0
"""Seconds to wait for a thread that should end at once."""
UNLIMITED = TapeLimits(hours=8760, size=0, min_free=0)


def store_in(
    folder: Path, clock: Clock, limits: TapeLimits = UNLIMITED, **options: Any
) -> TapeStore:
    return TapeStore(folder / "tape", limits, clock=clock.wall, monotonic=clock, **options)


@contextmanager
def taping(ring: SegmentRing, store: TapeStore, **options: Any) -> Iterator[TapeWriter]:
    """Write to a tape; at the end all that the ring has had by then is on it."""
    writer = TapeWriter(ring, store, **{"flush": 0.01} | options)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()
        assert writer.join(WITHIN), "the tape did not end"


def loaded(folder: Path, clock: Clock) -> TapeStore:
    """Return the tape in a folder as after a restart, with all indexes read."""
    store = store_in(folder, clock)
    store.load()
    while store.read_indexes():
        pass
    return store


def segments_of(
    store: TapeStore,
    start: float = 0,
    end: float = 1e10,
    *,
    session: int = -1,
    below: int = 1 << 40,
) -> list[Segment]:
    return [
        segment
        for file, _ in store.files(start, end)
        for segment in TapeIndexes().read(file).between(start, end, session, below)
    ]


def files_of(folder: Path) -> list[Path]:
    return sorted((folder / "tape").glob("*/*.mp4"))


def numbers_in(path: Path) -> list[int | None]:
    with av.open(str(path)) as container:
        return [read_number(frame) for frame in container.decode(video=0)]
