"""Cells of an instance: its pictures as ASCII, made while somebody looks at them.

Each grid that is looked at has a broadcast of its own, which encodes once for all its clients. A
`CellScreen` stands between the broadcast and the pictures, and knows their shape.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable
from dataclasses import replace
import logging
from typing import Any, Final, override

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.ascii.broadcast import CellBroadcast
from ..core.ascii.client import CellClient
from ..core.ascii.messages import Screening, StateMessage, state_message
from ..core.ascii.presets import PRESETS
from ..core.frames.feed import Picture, Sink
from ..core.threads import run_in_thread

_LOGGER = logging.getLogger(__name__)

DEFAULT_PRESET: Final = "low"
HEARTBEAT: Final = 30.0
LEAVE_TIMEOUT: Final = 3.0
"""Seconds that clients have to hang up when their instance ends."""


def screening_of(preset: str, charset: str = "ramp") -> Screening:
    """Return what is shown on the grid of a preset before anything is known of the pictures."""
    grid = PRESETS[preset]
    return Screening(cols=grid.cols, rows=grid.rows, fps=grid.fps, charset=charset)


class CellScreen(ABC):
    """One grid, and the feed of its broadcast. For the event loop, unless it says otherwise."""

    def __init__(self, name: str, screening: Screening) -> None:
        """Show nothing yet; `name` is the encoder thread's."""
        self.screening = screening
        self.broadcast = CellBroadcast(name, self, screening, loop=asyncio.get_running_loop())
        self._told: StateMessage | None = None

    @abstractmethod
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Hand pictures to the broadcast; called with its lock held, for its first client."""

    def tell(self, state: StateMessage) -> None:
        """Tell the clients what goes on, if it is news. Any thread that makes pictures, or the loop."""
        if state != self._told:
            self._told = state
            self.broadcast.tell(state)


class CameraScreen(CellScreen):
    """A camera's pictures on a grid: they are read while there is a client."""

    def __init__(
        self,
        name: str,
        preset: str,
        *,
        connected: Callable[[], bool],
        read: Callable[[Sink], Callable[[], None]],
        listen: Callable[[CALLBACK_TYPE], CALLBACK_TYPE],
        error_text: Callable[[str], str],
    ) -> None:
        """Show the pictures that `read` hands to a sink.

        `listen` has a function called when `connected` may have changed. Both return what ends it.
        `error_text` returns the text of an error by its code.
        """
        super().__init__(f"retrocam cells {name}", screening_of(preset))
        self._name = name
        self._connected = connected
        self._read = read
        self._listen = listen
        self._error_text = error_text
        self._size: tuple[int, int] | None = None
        self._seen = False

    @override
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Keep the camera awake until what is returned is called, for the first time, in the loop."""
        self._seen = False
        self.update()
        loop = asyncio.get_running_loop()

        def show(picture: Picture) -> None:
            # In the thread that makes the pictures: an epoch begins between two of them.
            size = (picture.frame.width, picture.frame.height)
            if size != self._size:
                self._size = size
                self.screening = replace(self.screening, aspect=size[0] / size[1])
                self.broadcast.begin(self.screening)
            if not self._seen and self._connected():
                # The last pictures of a camera that has gone may come after it went.
                self._seen = True
                loop.call_soon_threadsafe(self.update)
            sink(picture)

        ends = [self._read(show), self._listen(self.update)]

        def leave() -> None:
            while ends:
                ends.pop()()

        return leave

    @callback
    def update(self) -> None:
        """Tell how the camera is."""
        if not self._connected():
            self._seen = False
            text = self._error_text("cannot_connect")
            self.tell(state_message("error", error_code="cannot_connect", error_text=text))
        else:
            self.tell(state_message("playing" if self._seen else "buffering"))


class Cells:
    """All grids of one instance. All methods run in the event loop."""

    def __init__(self, name: str, make_screen: Callable[[str | None], CellScreen]) -> None:
        """Show nothing yet; `make_screen` makes the grid of a preset, None for the instance's own."""
        self._name = name
        self._make_screen = make_screen
        self.screens: dict[str | None, CellScreen] = {}
        """The grids that were looked at so far, by preset."""
        self.closing = asyncio.Event()
        """Set when everybody is to leave."""
        self.heartbeat = HEARTBEAT
        """Seconds of silence after which a client is asked whether it is there."""
        self._empty = asyncio.Event()
        self._empty.set()
        self._viewers = 0

    @property
    def viewers(self) -> int:
        """How many look."""
        return self._viewers

    @callback
    def async_enter(self, preset: str | None) -> tuple[CellClient, CALLBACK_TYPE]:
        """Let somebody look at a grid; returns the client, and what is to be called at its end."""
        screen = self.screens.get(preset)
        if screen is None:
            screen = self.screens[preset] = self._make_screen(preset)
        client = screen.broadcast.client()
        self._viewers += 1
        self._empty.clear()

        @callback
        def leave() -> None:
            client.close()
            self._viewers -= 1
            if not self._viewers:
                self._empty.set()

        return client, leave

    def diagnostics(self) -> list[dict[str, Any]]:
        """Return figures for a bug report."""
        return [
            {
                "preset": preset,
                "clients": screen.broadcast.clients,
                "encoded": screen.broadcast.encoded,
                "dropped": screen.broadcast.dropped,
            }
            for preset, screen in self.screens.items()
        ]

    async def async_close(self) -> None:
        """Send everybody away, and end all threads."""
        self.closing.set()
        try:
            async with asyncio.timeout(LEAVE_TIMEOUT):
                await self._empty.wait()
        except TimeoutError:
            _LOGGER.warning("%d clients of %s have not left yet", self._viewers, self._name)
        await run_in_thread(f"retrocam stop cells {self._name}", self._close_screens)

    def _close_screens(self) -> None:
        for screen in self.screens.values():
            screen.broadcast.close()
