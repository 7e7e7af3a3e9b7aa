"""A client that keeps the stream of an RTSP camera running, so that others join it between keyframes."""

from collections.abc import Iterator
import contextlib
import threading

import av

from .rtsp import Mount
from .waiting import WITHIN


@contextlib.contextmanager
def watched(mount: Mount, *, packets: int = 15, transport: str = "tcp") -> Iterator[None]:
    """Watch during a `with` block, which begins after some packets of the first GOP."""
    begun, ended = threading.Event(), threading.Event()

    def watch() -> None:
        options = {"rtsp_transport": transport, "fpsprobesize": "0", "analyzeduration": "100000"}
        with av.open(mount.url, options=options, timeout=(WITHIN, WITHIN)) as container:
            for number, _packet in enumerate(container.demux(video=0)):
                if number >= packets:
                    begun.set()
                if ended.is_set():
                    return

    thread = threading.Thread(target=watch, name="rtsp viewer")
    thread.start()
    try:
        assert begun.wait(WITHIN)
        yield
    finally:
        ended.set()
        thread.join()
