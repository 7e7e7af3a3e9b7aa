"""ASCII streams of an instance, encoded while there are clients.

Each preset in use has a broadcast of its own, which encodes once for all its clients. An `AsciiView`
feeds the broadcast with frames and knows their aspect ratio.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
import logging
from typing import Any, Final, override

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.ascii.broadcast import AsciiBroadcast
from ..core.ascii.client import AsciiClient
from ..core.ascii.messages import StateMessage, StreamConfig, state_message
from ..core.ascii.presets import PRESETS
from ..core.frames.feed import Picture, Sink
from ..core.threads import run_in_thread

_LOGGER = logging.getLogger(__name__)

DEFAULT_PRESET: Final = "low"
HEARTBEAT: Final = 30.0
CLOSE_TIMEOUT: Final = 3.0
"""Seconds in which clients must disconnect when their instance is unloaded."""


def config_for_preset(preset: str, charset: str = "ramp") -> StreamConfig:
    """Return the configuration of a preset, without properties of the frames."""
    grid = PRESETS[preset]
    return StreamConfig(cols=grid.cols, rows=grid.rows, fps=grid.fps, charset=charset)


class AsciiView(ABC):
    """Feeds the broadcast of one preset. For the event loop, unless stated otherwise."""

    def __init__(self, name: str, stream_config: StreamConfig) -> None:
        """`name` is that of the encoder thread."""
        self.stream_config = stream_config
        self.broadcast = AsciiBroadcast(name, self, stream_config, loop=asyncio.get_running_loop())
        self._state: StateMessage | None = None

    @abstractmethod
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Pass frames to the broadcast; called with its lock held, for its first client."""

    def set_state(self, state: StateMessage) -> None:
        """Send `state` to the clients if it has changed. The event loop, or the frames' thread."""
        if state != self._state:
            self._state = state
            self.broadcast.send_state(state)


class CameraAsciiView(AsciiView):
    """Frames of a camera, read while there are clients."""

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
        """`read` passes frames to a sink, `listen` calls a function when `connected` may have changed.

        Both return the function that ends it. `error_text` returns the text of an error code.
        """
        super().__init__(f"retrocam ascii {name}", config_for_preset(preset))
        self._connected = connected
        self._read = read
        self._listen = listen
        self._error_text = error_text
        self._size: tuple[int, int] | None = None
        self._playing = False

    @override
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Keep the camera running until the returned function is called. In the event loop."""
        self._playing = False
        self.update()
        loop = asyncio.get_running_loop()

        def show(picture: Picture) -> None:
            # In the thread of the frames: an epoch begins between two of them.
            size = (picture.frame.width, picture.frame.height)
            if size != self._size:
                self._size = size
                self.stream_config = replace(self.stream_config, aspect=size[0] / size[1])
                self.broadcast.start_epoch(self.stream_config)
            if not self._playing and self._connected():
                # The last frames of a lost camera may arrive after it was lost.
                self._playing = True
                loop.call_soon_threadsafe(self.update)
            sink(picture)

        ends = ExitStack()
        ends.callback(self._read(show))
        ends.callback(self._listen(self.update))
        return ends.close

    def update(self) -> None:
        """Send the camera's state."""
        if not self._connected():
            self._playing = False
            text = self._error_text("cannot_connect")
            self.set_state(state_message("error", error_code="cannot_connect", error_text=text))
        else:
            self.set_state(state_message("playing" if self._playing else "buffering"))


class AsciiStreams:
    """All ASCII streams of one instance. All methods run in the event loop."""

    def __init__(self, name: str, make_view: Callable[[str | None], AsciiView]) -> None:
        """`make_view` takes a preset, or None for the instance's own."""
        self._name = name
        self._make_view = make_view
        self.views: dict[str | None, AsciiView] = {}
        """Views that were created so far, by preset."""
        self.closing = asyncio.Event()
        """Set when all clients must disconnect."""
        self.heartbeat = HEARTBEAT
        """Seconds of silence after which a client is pinged."""
        self._no_viewers = asyncio.Event()
        self._no_viewers.set()
        self.viewers = 0

    @callback
    def async_connect(self, preset: str | None) -> tuple[AsciiClient, CALLBACK_TYPE]:
        """Connect a client; returns it and the function to disconnect it."""
        if (view := self.views.get(preset)) is None:
            view = self.views[preset] = self._make_view(preset)
        client = view.broadcast.add_client()
        self.viewers += 1
        self._no_viewers.clear()

        def disconnect() -> None:
            client.close()
            self.viewers -= 1
            if not self.viewers:
                self._no_viewers.set()

        return client, disconnect

    def diagnostics(self) -> list[dict[str, Any]]:
        """Return figures for a bug report."""
        return [
            {
                "preset": preset,
                "clients": view.broadcast.clients,
                "encoded": view.broadcast.encoded,
                "dropped": view.broadcast.dropped,
            }
            for preset, view in self.views.items()
        ]

    async def async_close(self) -> None:
        """Disconnect all clients, and end all threads."""
        self.closing.set()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._no_viewers.wait()
        except TimeoutError:
            _LOGGER.warning("%d clients of %s are still connected", self.viewers, self._name)
        await run_in_thread(f"retrocam stop ascii {self._name}", self._close_views)

    def _close_views(self) -> None:
        for view in self.views.values():
            view.broadcast.close()
