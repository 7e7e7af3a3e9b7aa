"""The relay: CPU of its thread, against an ffmpeg process that does the same.

    python -m benchmarks.relay

One RTSP server of the tests sends 720p at 25 fps, with the sound of cameras. Ours is the thread of a
`Relay` that one reader reads; the peer copies the video and encodes the sound with the same encoder,
coder, rate and bitrate. Demuxing alone, by PyAV in a thread, is what neither can go below.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
import json
import statistics
import subprocess
import threading
import time
from typing import Final

from benchmarks.measuring import Case, Result, length, paired, process_cpu, repeats
from benchmarks.relay_mjpeg import pictures
from benchmarks.tape import wait
from custom_components.retrocam.core.publish.relay import Relay
from custom_components.retrocam.core.sources.opening import open_source
from tests.rtsp import RtspServer

WINDOW: Final = length(12.0)
"""Seconds measured each time."""
WARM_UP: Final = 4.0
RUNS: Final = repeats(3)
NAME: Final = "retrocam relay bench"
TCP: Final = {"rtsp_transport": "tcp"}
SOUNDS: Final = {"pcma": ("G.711", 16_000), "opus": ("Opus", 48_000)}
"""Of each sound: its name, and the sample rate of what is encoded, in Hz."""
BAR_RATIO: Final = 1.75
BAR_CORE: Final = 10.0
"""ms a second."""


def thread_cpu(thread: threading.Thread) -> float:
    """Return the CPU seconds of a running thread."""
    assert thread.ident is not None  # noqa: S101  # it runs
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


def in_window(read_cpu: Callable[[], float]) -> float:
    """Return the CPU of a window, in ms a second."""
    wait(time.monotonic() + WARM_UP)
    began, cpu = time.monotonic(), read_cpu()
    wait(began + WINDOW)
    return (read_cpu() - cpu) / (time.monotonic() - began) * 1000


class Reading(threading.Thread):
    """Reads a relay and drops what it reads."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(name="reader")
        self.size = 0
        self.ended = False
        self._relay = relay

    def run(self) -> None:
        """Read until `ended`."""
        asyncio.run(self._read())

    async def _read(self) -> None:
        async with aclosing(self._relay.reader()) as chunks:
            async for chunk in chunks:
                self.size += len(chunk)
                if self.ended:
                    return


def ours(url: str) -> float:
    """Return the CPU of the relay's thread, in ms a second."""
    relay = Relay(partial(open_source, url, TCP, (10.0, 5.0)), name=NAME)
    reading = Reading(relay)
    reading.start()
    try:
        return in_window(
            lambda: sum(thread_cpu(one) for one in threading.enumerate() if one.name == NAME)
        )
    finally:
        reading.ended = True
        reading.join()
        relay.close()
        assert reading.size  # noqa: S101  # it has read


def demuxing(url: str) -> float:
    """Return the CPU of reading packets alone, in ms a second."""
    ended = threading.Event()

    def demux() -> None:
        with open_source(url, TCP, (10.0, 5.0)) as container:
            for _packet in container.demux():
                if ended.is_set():
                    return

    thread = threading.Thread(target=demux, name="demuxer")
    thread.start()
    try:
        return in_window(partial(thread_cpu, thread))
    finally:
        ended.set()
        thread.join()


def peers(url: str, rate: int) -> float:
    """Return the CPU of ffmpeg, in ms a second."""
    command = ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", url]
    command += ["-c:v", "copy", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k"]
    command += ["-ar", str(rate), "-f", "mpegts", "-flush_packets", "1", "-y", "/dev/null"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        return in_window(partial(process_cpu, process))
    finally:
        process.terminate()
        process.wait()


def converted(server: RtspServer, sound: str) -> list[Result]:
    """Compare the conversion of a sound."""
    name, rate = SOUNDS[sound]
    mount = server.mount(f"/{sound}", width=1280, height=720, fps=25, sound=sound)
    pairs = paired([(peers(mount.url, rate), ours(mount.url)) for _ in range(RUNS)])
    alone = demuxing(mount.url)
    return [
        pairs.result(
            f"{name} to AAC beside copied video, 720p25 by RTSP: CPU of the relay's thread, "
            "against an ffmpeg process",
            unit="ms CPU/s",
            bar=BAR_RATIO,
        ),
        Result(
            what=f"{name} to AAC beside copied video: CPU of the relay's thread for a camera; "
            "10 ms/s are 1 % of a core",
            ours=statistics.median(pairs.ours),
            unit="ms CPU/s",
            bar=BAR_CORE,
            details={"demuxing_alone_ms_a_s": round(alone, 2)},
        ),
    ]


def results() -> list[Result]:
    with RtspServer() as server:
        sounds = [result for sound in SOUNDS for result in converted(server, sound)]
    return [*sounds, pictures()]


CASE = Case(
    name="relay",
    compares="the relay of what Home Assistant cannot take, against ffmpeg",
    run=results,
)


if __name__ == "__main__":
    print(json.dumps([asdict(result) for result in results()], indent=2))
