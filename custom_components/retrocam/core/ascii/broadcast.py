"""One ASCII stream for any number of clients.

The first client starts an encoder and subscribes it to the feed, the last one ends both. Every picture
is encoded once. Packets cross to the event loop by `call_soon_threadsafe`, in order with the starts of
epochs, into a ring of two groups, which each client reads at its own pace.
"""

import asyncio
from collections.abc import Callable
import threading
import time

from ..frames.feed import Feed
from .client import AsciiClient
from .encoding import AsciiEpoch, EncoderThread
from .messages import StateMessage, StreamConfig, init_message
from .ring import PacketRing
from .wire import Packet


class AsciiBroadcast:
    """Encodes a feed's pictures once, while it has clients, and hands the packets to all of them.

    `add_client` and the client belong to the event loop's thread; `start_epoch`, `send_state` and
    `end_epoch` to any thread, in the order of their calls; `close` to any but the encoder's, before the
    loop ends. The feed is subscribed and unsubscribed under the broadcast's lock: neither may call
    `start_epoch` or `end_epoch`.
    """

    def __init__(
        self,
        name: str,
        feed: Feed,
        stream_config: StreamConfig,
        *,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set the thread's name; nothing runs yet."""
        self._name = name
        self._feed = feed
        self._loop = loop
        self._clock = clock
        self._lock = threading.Lock()
        # Under the lock, for all threads:
        self._epoch = AsciiEpoch(stream_config, 0)
        self._encoder: EncoderThread | None = None
        self._threads: list[EncoderThread] = []
        self._closed = False
        # In the event loop:
        self._sent_epoch = self._epoch
        self._state: StateMessage | None = None
        self._ring = PacketRing()
        self._clients: set[AsciiClient] = set()
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def clients(self) -> int:
        """Number of clients."""
        return len(self._clients)

    @property
    def encoded(self) -> int:
        """Pictures encoded since the first of the present clients came."""
        return 0 if self._encoder is None else self._encoder.encoded

    @property
    def dropped(self) -> int:
        """Pictures dropped since then because the encoder was behind."""
        return 0 if self._encoder is None else self._encoder.dropped

    def add_client(self) -> AsciiClient:
        """Return a client that starts at the newest key; the caller closes it.

        The client of a closed broadcast is already closed.
        """
        client = AsciiClient(self._ring, self._clock, self._remove_client)
        client.begin(init_message(self._sent_epoch.config, self._sent_epoch.number))
        if self._state is not None:
            client.tell(self._state)
        with self._lock:
            closed = self._closed
            if not closed and self._encoder is None:
                self._encoder = EncoderThread(self._name, self._epoch, self._publish)
                self._threads = [thread for thread in self._threads if thread.is_alive()]
                self._threads.append(self._encoder)
                self._unsubscribe = self._feed.subscribe(self._encoder.submit)
        self._clients.add(client)
        if closed:
            client.close()
        return client

    def start_epoch(self, stream_config: StreamConfig) -> None:
        """Start another epoch: after a seek, or for another source, preset or charset.

        Call it in the thread that emits the pictures to place it between two of them.
        """
        with self._lock:
            self._epoch = AsciiEpoch(stream_config, (self._epoch.number + 1) % 256)
            self._loop.call_soon_threadsafe(self._begin, self._epoch)
            if self._encoder is not None:
                self._encoder.restart(self._epoch)

    def send_state(self, state: StateMessage) -> None:
        """Send the state to all present and later clients."""
        self._loop.call_soon_threadsafe(self._tell, state)

    def end_epoch(self) -> None:
        """Send the end of the epoch: no picture follows in it."""
        with self._lock:
            if self._encoder is not None:
                self._encoder.end()

    def close(self) -> None:
        """Close all clients and join the threads, which takes some milliseconds."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, []
            self._unsubscribe()
            for thread in threads:
                thread.stop()
        self._loop.call_soon_threadsafe(self._close_clients)
        for thread in threads:
            thread.join()

    def _remove_client(self, client: AsciiClient) -> None:
        self._clients.discard(client)
        if self._clients:
            return
        with self._lock:
            self._unsubscribe()
            if self._encoder is not None:
                self._encoder.stop()
                self._encoder = None
        self._ring.clear()

    def _publish(self, encoder: EncoderThread, epoch: int, packet: Packet) -> None:
        self._loop.call_soon_threadsafe(self._add, encoder, epoch, packet)

    def _add(self, encoder: EncoderThread, epoch: int, packet: Packet) -> None:
        if encoder is self._encoder and epoch == self._sent_epoch.number:
            self._ring.add(packet)
            for client in self._clients:
                client.wake()

    def _begin(self, epoch: AsciiEpoch) -> None:
        self._sent_epoch = epoch
        self._ring.clear()
        for client in self._clients:
            client.begin(init_message(epoch.config, epoch.number))

    def _tell(self, state: StateMessage) -> None:
        self._state = state
        for client in self._clients:
            client.tell(state)

    def _close_clients(self) -> None:
        for client in tuple(self._clients):
            client.close()
