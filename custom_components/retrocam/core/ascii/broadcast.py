"""One stream of cells for any number of clients.

Life: with the first client an encoder starts and subscribes to the feed, so that pictures are made;
with the last one both end. Every picture is encoded once. The encoder's packets cross to the event
loop by `call_soon_threadsafe`, in order with the beginnings of epochs, and wait in a ring of two
groups, from which each client reads at its own pace.
"""

import asyncio
from collections.abc import Callable
import threading
import time

from ..frames.feed import Feed
from .client import CellClient
from .encoding import Encoding, Job
from .messages import Screening, StateMessage, init_message
from .ring import PacketRing
from .wire import Packet


class CellBroadcast:
    """Encodes a feed's pictures once, while somebody looks, and hands them to all who do.

    `client` and what it returns belong to the thread of the event loop; `begin`, `tell` and `end`
    may be called from any thread, and take effect in the order of their calls; `close` from any but
    the encoder's. The owner closes it before the loop ends. The feed is subscribed to, and left,
    with the broadcast's lock held: neither may call `begin` or `end`.
    """

    def __init__(
        self,
        name: str,
        feed: Feed,
        screening: Screening,
        *,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the thread; nothing runs yet."""
        self._name = name
        self._feed = feed
        self._loop = loop
        self._clock = clock
        self._lock = threading.Lock()
        # Under the lock, for all threads:
        self._job = Job(screening, 0)
        self._encoding: Encoding | None = None
        self._threads: list[Encoding] = []
        self._closed = False
        # In the thread of the event loop:
        self._shown = self._job
        self._state: StateMessage | None = None
        self._ring = PacketRing()
        self._clients: set[CellClient] = set()
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def clients(self) -> int:
        """How many clients look."""
        return len(self._clients)

    @property
    def encoded(self) -> int:
        """How many pictures were encoded since the first of today's clients came."""
        return 0 if self._encoding is None else self._encoding.encoded

    @property
    def dropped(self) -> int:
        """How many pictures came too fast for the encoder since then."""
        return 0 if self._encoding is None else self._encoding.dropped

    def client(self) -> CellClient:
        """Let somebody look, from the newest key on; the caller closes the client.

        The client of a closed broadcast is closed already.
        """
        client = CellClient(self._ring, self._clock, self._leave)
        client.begin(init_message(self._shown.screening, self._shown.epoch))
        if self._state is not None:
            client.tell(self._state)
        with self._lock:
            closed = self._closed
            if not closed and self._encoding is None:
                self._encoding = Encoding(self._name, self._job, self._cross)
                self._threads = [thread for thread in self._threads if thread.alive]
                self._threads.append(self._encoding)
                self._unsubscribe = self._feed.subscribe(self._encoding.submit)
        self._clients.add(client)
        if closed:
            client.close()
        return client

    def begin(self, screening: Screening) -> None:
        """Begin another epoch: after a seek, for another source, preset or charset.

        Call it in the thread that makes the pictures to have it between two of them.
        """
        with self._lock:
            self._job = Job(screening, (self._job.epoch + 1) % 256)
            self._loop.call_soon_threadsafe(self._begin, self._job)
            if self._encoding is not None:
                self._encoding.restart(self._job)

    def tell(self, state: StateMessage) -> None:
        """Send the state to all clients, and to those who come later."""
        self._loop.call_soon_threadsafe(self._tell, state)

    def end(self) -> None:
        """Tell the clients that no picture follows in this epoch."""
        with self._lock:
            if self._encoding is not None:
                self._encoding.end()

    def close(self) -> None:
        """Send all clients away and join the threads, which takes some milliseconds."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, []
            self._unsubscribe()
            for thread in threads:
                thread.stop()
        self._loop.call_soon_threadsafe(self._dismiss)
        for thread in threads:
            thread.join()

    def _leave(self, client: CellClient) -> None:
        self._clients.discard(client)
        if self._clients:
            return
        with self._lock:
            self._unsubscribe()
            if self._encoding is not None:
                self._encoding.stop()
                self._encoding = None
        self._ring.clear()

    def _cross(self, encoding: Encoding, epoch: int, packet: Packet) -> None:
        self._loop.call_soon_threadsafe(self._add, encoding, epoch, packet)

    def _add(self, encoding: Encoding, epoch: int, packet: Packet) -> None:
        if encoding is self._encoding and epoch == self._shown.epoch:
            self._ring.add(packet)
            for client in self._clients:
                client.wake()

    def _begin(self, job: Job) -> None:
        self._shown = job
        self._ring.clear()
        for client in self._clients:
            client.begin(init_message(job.screening, job.epoch))

    def _tell(self, state: StateMessage) -> None:
        self._state = state
        for client in self._clients:
            client.tell(state)

    def _dismiss(self) -> None:
        for client in tuple(self._clients):
            client.close()
