"""Recordings: any number at once, each with its own beginning and end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
import logging
from pathlib import Path
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.clips.writer import ClipResult, ClipWriter
from ..core.errors import BusyError, ClipEndedError
from ..core.library.store import MediaLibrary
from ..core.segments.ring import SegmentRing
from ..core.threads import run_in_thread
from ..stream.provider import StreamSupply

_LOGGER = logging.getLogger(__name__)


MOST_CLIPS: Final = 32
"""Clips of one camera that are recorded at once: each has a thread that reads all that comes."""


class Recording:
    """One clip that is being recorded."""

    def __init__(self, writer: ClipWriter, release: CALLBACK_TYPE) -> None:
        """Take what writes the clip; `release` is called at its end."""
        self.writer = writer
        self.done: asyncio.Future[ClipResult] = asyncio.get_running_loop().create_future()
        self.release = release
        self.cut_short = False
        """Whether it was ended because its instance was unloaded."""


class Recorder:
    """Records the clips of one instance. All methods run in the event loop."""

    def __init__(
        self,
        name: str,
        ring: SegmentRing,
        supply: StreamSupply,
        library: MediaLibrary,
        *,
        away: Callable[[], float],
        on_change: Callable[[], None],
        on_done: Callable[[ClipResult], None],
    ) -> None:
        """Record from `ring` into `library`, with `supply` kept awake meanwhile.

        `away` gives the seconds before now from which on to look back. `on_change` is called after
        the number of clips that are being recorded changes, `on_done` with each clip that ended.
        """
        self._name = name
        self._ring = ring
        self._supply = supply
        self._library = library
        self._away = away
        self._on_change = on_change
        self._on_done = on_done
        self._recordings: list[Recording] = []

    @property
    def active(self) -> int:
        """How many clips are being recorded."""
        return len(self._recordings)

    @callback
    def async_begin(
        self, *, lookback: float, duration: float, path: Path | None = None
    ) -> Recording:
        """Begin a clip; its `done` tells what became of it.

        Raises BusyError while `MOST_CLIPS` are being recorded.
        """
        if len(self._recordings) >= MOST_CLIPS:
            raise BusyError(f"{len(self._recordings)} clips are being recorded")
        loop = asyncio.get_running_loop()
        ended: list[Recording] = []

        def tell(result: ClipResult) -> None:
            loop.call_soon_threadsafe(self._async_done, ended[0], result)

        writer = ClipWriter(
            self._ring,
            self._library,
            lookback=lookback,
            duration=duration,
            away=self._away(),
            orientation=self._supply.orientation,
            path=path,
            name=f"retrocam clip {self._name}",
            on_done=tell,
        )
        recording = Recording(writer, self._supply.hold())
        ended.append(recording)
        self._recordings.append(recording)
        writer.start()
        self._on_change()
        return recording

    @callback
    def async_extend(self, seconds: float) -> list[Recording]:
        """Let all clips that are being recorded end later; return them.

        Raises ClipEndedError if there are none but those that are being finished.
        """
        extended: list[Recording] = []
        for recording in self._recordings:
            with suppress(ClipEndedError):
                recording.writer.extend(seconds)
                extended.append(recording)
        if not extended:
            raise ClipEndedError("all clips have ended already")
        return extended

    @callback
    def async_stop_all(self) -> list[Recording]:
        """Let all clips end now; return them, their `done` comes with the next part."""
        for recording in self._recordings:
            recording.writer.stop()
        return list(self._recordings)

    async def async_close(self) -> None:
        """End all clips with what has come, and join their threads."""
        writers = [recording.writer for recording in self._recordings]
        for recording in self._recordings:
            recording.cut_short = True
            recording.writer.stop(at_once=True)
        for writer in writers:
            await run_in_thread(f"retrocam stop {self._name}", partial(writer.join))

    @callback
    def _async_done(self, recording: Recording, result: ClipResult) -> None:
        self._recordings.remove(recording)
        recording.release()
        if not recording.done.done():
            recording.done.set_result(result)
        if result.reason is not None:
            _LOGGER.info("A clip of %s is not complete: %s", self._name, result.reason)
        self._on_done(result)
        self._on_change()
