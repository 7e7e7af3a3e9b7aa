"""Recordings: any number at once, each with its own beginning and end."""

import asyncio
from contextlib import suppress
from functools import partial
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from ..core.clips.writer import ClipResult, ClipWriter
from ..core.errors import BusyError, ClipEndedError, StorageError
from ..core.threads import run_in_thread
from ..media.items import MediaKind, describe
from .media_events import MediaEvent

if TYPE_CHECKING:
    from .base import CameraInstance

_LOGGER = logging.getLogger(__name__)


MOST_CLIPS: Final = 32
"""Clips of one camera that are recorded at once: each has a thread that reads all that comes."""


class Recording:
    """One clip that is being recorded."""

    def __init__(self, instance: CameraInstance, writer: ClipWriter) -> None:
        """Keep the stream awake for as long as the clip lasts."""
        self.writer = writer
        self.done: asyncio.Future[ClipResult] = asyncio.get_running_loop().create_future()
        self.release = instance.supply.hold()
        self.cut_short = False
        """Whether it was ended because its instance was unloaded."""


class Recorder:
    """Records the clips of one instance. All methods run in the event loop."""

    def __init__(self, instance: CameraInstance) -> None:
        """Record from the ring of `instance`, into its library."""
        self._instance = instance
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
        instance = self._instance
        loop = asyncio.get_running_loop()
        ended: list[Recording] = []

        def tell(result: ClipResult) -> None:
            loop.call_soon_threadsafe(self._async_done, ended[0], result)

        writer = ClipWriter(
            instance.ring,
            instance.media.recordings,
            lookback=lookback,
            duration=duration,
            away=instance.lookback.away,
            orientation=instance.supply.orientation,
            path=path,
            name=f"retrocam clip {instance.name}",
            on_done=tell,
        )
        recording = Recording(instance, writer)
        ended.append(recording)
        self._recordings.append(recording)
        writer.start()
        instance.async_tell()
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
            await run_in_thread(f"retrocam stop {self._instance.name}", partial(writer.join))

    @callback
    def _async_done(self, recording: Recording, result: ClipResult) -> None:
        self._recordings.remove(recording)
        recording.release()
        if not recording.done.done():
            recording.done.set_result(result)
        instance = self._instance
        if isinstance(result.error, StorageError) and not result.elsewhere:
            instance.media.async_set_problem(MediaKind.RECORDINGS, result.error)
        if result.reason is not None:
            _LOGGER.info("A clip of %s is not complete: %s", instance.name, result.reason)
        for part in result.parts:
            item = part.item
            said = (
                describe(instance.hass, instance.entry.entry_id, MediaKind.RECORDINGS, item)
                if item
                else {}
            )
            instance.happenings.async_tell(
                MediaEvent.CLIP_SAVED,
                {**said, "path": str(part.path), "complete": result.complete},
            )
        instance.async_tell()
