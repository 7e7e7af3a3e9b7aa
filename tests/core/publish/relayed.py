"""A relay of a real RTSP server, and what its stream shows and sounds like."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
import io

import av
from av.container import InputContainer
import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.publish.relay import Relay
from custom_components.retrocam.core.sources.opening import open_source

from ...pattern_reader import flash_visible, read_frame_number
from ..hearing import onsets
from .transport import has_picture

WITHIN = 120
"""Timeout in seconds."""
NOTHING: Mapping[int, Callable[[], None]] = {}
TCP = {"rtsp_transport": "tcp"}


def relay_of(url: str) -> Relay:
    """Return a relay of a source by RTSP over TCP."""
    return Relay(lambda: opened(url))


def opened(url: str) -> InputContainer:
    """Open a source as cameras do."""
    return open_source(url, TCP, (30.0, 30.0))


def nothing() -> None:
    """Do nothing."""


@dataclass
class Relayed:
    """Decoded content of a relay's stream."""

    numbers: list[int | None] = field(default_factory=list)
    flashes: list[float] = field(default_factory=list)
    """Presentation times at which flashes begin, in seconds."""
    beeps: list[float] = field(default_factory=list)
    """The same of beeps."""
    audio: str = ""
    """FFmpeg's name of the codec of the sound."""

    @property
    def apart(self) -> list[float]:
        """Return how far each beep is from its flash, in seconds; a beep without one is not counted."""
        # Flash and beep of a second belong together.
        return [
            beep - flash for flash in self.flashes for beep in self.beeps if abs(beep - flash) < 0.5
        ]


def decoded(data: bytes) -> Relayed:
    """Decode transport stream bytes."""
    shown = Relayed()
    sound: list[NDArray[np.float32]] = []
    first, rate, dark = None, 1, False
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        if container.streams.audio:
            shown.audio = container.streams.audio[0].codec_context.name
        frames = (frame for packet in container.demux() for frame in packet.decode())
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                luma = planes(frame)[0]
                shown.numbers.append(read_frame_number(luma))
                lit = flash_visible(luma)
                if lit and dark:
                    shown.flashes.append(frame.time)
                dark = not lit
            elif isinstance(frame, av.AudioFrame):
                first, rate = frame.time if first is None else first, frame.sample_rate
                sound.append(frame.to_ndarray().mean(axis=0))
    if first is not None:
        shown.beeps = [first + at for at in onsets(np.concatenate(sound), rate)]
    return shown


async def read_seconds(
    relay: Relay, seconds: float, fps: float, during: Mapping[int, Callable[[], None]] = NOTHING
) -> Relayed:
    """Read as many pictures as a source sends in some seconds, and decode them.

    `during` has what to do after a number of pictures.
    """
    wanted, seen = round(seconds * fps), 0
    data = bytearray()
    async with asyncio.timeout(WITHIN + seconds), aclosing(relay.reader()) as chunks:
        async for chunk in chunks:
            data += chunk
            if has_picture(chunk):
                seen += 1
                during.get(seen, nothing)()
            if seen >= wanted:
                break
    return decoded(bytes(data))
