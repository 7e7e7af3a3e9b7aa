"""A camera whose footage is on tape and in memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from custom_components.retrocam.core.footage.joined import Footage, TapeFootage
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.tape.store import TapeStore
from custom_components.retrocam.core.tape.writer import TapeWriter

from ..media import Clock, Cut
from ..tape.taping import WITHIN, store_in


@dataclass
class TapedCamera:
    """A small ring with a tape, and one that keeps all, which get the same."""

    folder: Path
    seconds: float = 7.0

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.ring, self.whole = (
            SegmentRing(seconds, 1 << 40, self.clock, self.clock.wall)
            for seconds in (self.seconds, 1e6)
        )
        self.store: TapeStore = store_in(self.folder, self.clock)
        self.store.load()
        self.writer = self.start()
        self.footage = Footage(self.ring)
        self.footage.unwritten = lambda: self.writer.unwritten
        self.footage.tape = TapeFootage(self.store)

    def start(self) -> TapeWriter:
        # Long intervals: what is on disk is for the test to say.
        writer = TapeWriter(self.ring, self.store, flush=1e6)
        self.writer = writer
        return writer

    def write(self) -> None:
        """Write all that has come, and begin another writer."""
        self.writer.start()
        self.writer.stop()
        assert self.writer.join(WITHIN)
        self.start()

    def feed(
        self, cuts: Iterable[Cut], run: int = 0, after: Callable[[], None] = lambda: None
    ) -> None:
        for one in cuts:
            for ring in (self.ring, self.whole):
                ring.begin(run, one.init)
            for part in one.parts:
                self.clock.now += part.duration
                for ring in (self.ring, self.whole):
                    if part.keyframe is not None:
                        ring.note_keyframe(*part.keyframe)
                    ring.add_part(part)
                after()
            if one.duration:
                for ring in (self.ring, self.whole):
                    ring.finish(one.duration)
