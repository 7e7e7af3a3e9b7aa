"""Recording of clips: up to `MAX_CLIPS` at once, each with its own start and end."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
import logging
from pathlib import Path
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.clips.result import ClipResult
from ..core.clips.writer import ClipWriter
from ..core.errors import BusyError, ClipEndedError, StorageSlowError
from ..core.library.store import MediaLibrary
from ..core.segments.segment import Segment
from ..core.threads import run_in_thread
from ..stream.provider import StreamProvider
from .patience import Deadline

_LOGGER = logging.getLogger(__name__)

MAX_CLIPS: Final = 32
"""Clips of one camera recorded at once: each has a thread that reads all parts."""


@dataclass(eq=False, slots=True)
class ActiveRecording:
    """A clip in progress."""

    writer: ClipWriter
    done: asyncio.Future[ClipResult]
    release: CALLBACK_TYPE
    """Releases the stream at the end."""
    ended_by_unload: bool = False


class Recorder:
    """Records the clips of one instance. All methods run in the event loop."""

    def __init__(
        self,
        name: str,
        provider: StreamProvider,
        library: MediaLibrary,
        *,
        end_offset: Callable[[], float],
        on_change: Callable[[], None],
        on_done: Callable[[ClipResult], None],
    ) -> None:
        """Record from `provider` into `library`.

        `end_offset` is that of `Lookback`. `on_change` is called after `active` changes, `on_done` with
        the result of each clip.
        """
        self._name = name
        self._provider = provider
        self._library = library
        self._end_offset = end_offset
        self._on_change = on_change
        self._on_done = on_done
        self._recordings: list[ActiveRecording] = []

    @property
    def active(self) -> int:
        """Number of clips being recorded."""
        return len(self._recordings)

    @callback
    def async_begin(
        self,
        *,
        lookback: float,
        duration: float,
        trigger: float | None = None,
        earlier: Sequence[Segment] = (),
        path: Path | None = None,
    ) -> ActiveRecording:
        """Begin a clip, with the arguments of `ClipWriter`; its result comes by its `done`.

        Raises BusyError while `MAX_CLIPS` are being recorded.
        """
        if len(self._recordings) >= MAX_CLIPS:
            raise BusyError(f"{len(self._recordings)} clips are being recorded")
        loop = asyncio.get_running_loop()

        def done(result: ClipResult) -> None:
            # Of a clip that an unload has left behind, the loop may be closed.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._async_done, recording, result)

        writer = ClipWriter(
            self._provider.ring,
            self._library,
            lookback=lookback,
            duration=duration,
            trigger=trigger,
            earlier=earlier,
            outage=self._end_offset() if trigger is None else 0.0,
            orientation=self._provider.orientation,
            path=path,
            name=f"retrocam clip {self._name}",
            title=self._name,
            on_done=done,
        )
        recording = ActiveRecording(writer, loop.create_future(), self._provider.acquire())
        self._recordings.append(recording)
        writer.start()
        self._on_change()
        return recording

    @callback
    def async_extend(self, seconds: float) -> list[ActiveRecording]:
        """Extend all clips in progress; return them.

        Raises ClipEndedError if there are none, except clips being finished.
        """
        extended: list[ActiveRecording] = []
        for recording in self._recordings:
            with suppress(ClipEndedError):
                recording.writer.extend(seconds)
                extended.append(recording)
        if not extended:
            raise ClipEndedError("all clips have ended already")
        return extended

    @callback
    def async_stop_all(self) -> list[ActiveRecording]:
        """End all clips now; return them. Their `done` comes with the next part."""
        for recording in self._recordings:
            recording.writer.stop()
        return list(self._recordings)

    async def async_close(self, deadline: Deadline) -> None:
        """End all clips with the parts received so far, and join their threads.

        A drive that hangs is waited for until `deadline`. The threads then end when it answers; until
        then their names are reserved, also in the next library of the same directory.
        """
        writers = [recording.writer for recording in self._recordings]
        for recording in self._recordings:
            recording.ended_by_unload = True
            recording.writer.stop(at_once=True)
        try:
            async with asyncio.timeout(deadline.left):
                for writer in writers:
                    # A daemon, which goes on if nobody waits any more.
                    await run_in_thread(f"retrocam stop {self._name}", writer.join, daemon=True)
        except TimeoutError:
            _LOGGER.warning("The disk of the clips of %s does not answer", self._name)
        error = StorageSlowError("the disk does not answer")
        for recording in self._recordings[:]:
            self._async_done(recording, ClipResult.failed(error))

    def _async_done(self, recording: ActiveRecording, result: ClipResult) -> None:
        if recording not in self._recordings:
            return
        self._recordings.remove(recording)
        recording.release()
        if not recording.done.done():
            recording.done.set_result(result)
        if result.reason is not None:
            _LOGGER.info("A clip of %s is not complete: %s", self._name, result.reason)
        self._on_done(result)
        self._on_change()
