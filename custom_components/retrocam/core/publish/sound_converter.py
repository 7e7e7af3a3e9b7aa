"""Convert a source's sound to AAC-LC, in step with its picture."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final

import av

from .stamps import SoundClock

RATES: Final = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Sample rates, in Hz, that all players of AAC know and Home Assistant's parts have room for."""

type Heard = tuple[av.Packet[av.AudioStream], float]
"""A packet of sound and its position, in seconds."""

_TICKS: Final = 1_000_000
_MICROSECONDS: Final = Fraction(1, _TICKS)
_AAC_FRAME: Final = 1024
"""Samples per frame of AAC-LC, ISO/IEC 14496-3."""
_MAX_JUMP: Final = 1.0
"""Seconds of missing sound to fill with silence; after more the encoder starts again."""
_BITS_PER_CHANNEL: Final = 64_000

_ASYNC: Final = {
    # Stretch and squeeze by up to 1 % where timestamps differ by 3 ms and more, within 2 s; fill or cut
    # from 100 ms.
    "min_comp": "0.003",
    "max_soft_comp": "0.01",
    "comp_duration": "2",
    "min_hard_comp": "0.1",
}
"""Options of FFmpeg's aresample."""


def aac_rate(rate: int) -> int:
    """Return the sample rate to convert to, in Hz: the same if players know it."""
    return next((known for known in RATES if known >= rate), RATES[-1])


class SoundConverter:
    """Decodes packets of one stream of sound and encodes them. Used in one thread."""

    def __init__(self, source: av.AudioCodecContext, *, by_arrival: bool) -> None:
        """Prepare for `source`, the decoder. Raises av.FFmpegError or ValueError."""
        self.rate = aac_rate(source.sample_rate or RATES[-1])
        """Samples a second of what is encoded."""
        self.layout = "mono" if source.layout.nb_channels == 1 else "stereo"
        self._clock = SoundClock(by_arrival=by_arrival)
        self._resampler: _Resampler | None = None
        self._encoder = self._new_encoder()

    def convert(self, heard: Iterable[Heard]) -> Iterator[av.Packet[av.AudioStream]]:
        """Yield AAC packets, their `pts` in samples of the timeline of the positions.

        What cannot be decoded is skipped.
        """
        for packet, position in heard:
            at = position
            for frame in _decoded(packet):
                seconds = frame.samples / frame.sample_rate
                placed = self._clock.place(at, seconds)
                at += seconds
                resampler = self._resampler
                if resampler is None or not resampler.fits(frame) or resampler.misses(placed):
                    yield from self._encode()
                    self._encoder = self._new_encoder()
                    resampler = self._resampler = _Resampler(frame, self.rate, self.layout)
                resampler.push(frame, placed, seconds)
        yield from self._encode()

    def _encode(self) -> Iterator[av.Packet[av.AudioStream]]:
        """Yield what is complete."""
        if self._resampler is not None:
            for converted in self._resampler.pull():
                yield from self._encoder.encode(converted)

    def _new_encoder(self) -> av.AudioCodecContext:
        encoder = av.CodecContext.create("aac", "w")
        assert isinstance(encoder, av.AudioCodecContext)  # noqa: S101  # for type checking
        encoder.sample_rate, encoder.layout, encoder.format = self.rate, self.layout, "fltp"
        encoder.time_base = Fraction(1, self.rate)
        encoder.bit_rate = _BITS_PER_CHANNEL * encoder.layout.nb_channels
        # A third less work; what cameras hear is speech.
        encoder.options = {"aac_coder": "fast"}
        return encoder


class _Resampler:
    """Resamples frames of one format so that they follow their positions."""

    def __init__(self, frame: av.AudioFrame, rate: int, layout: str) -> None:
        self._format = (frame.format.name, frame.layout.name, frame.sample_rate)
        self._next: float | None = None
        self._pushed = 0.0
        self._rate = rate
        graph = self._graph = av.filter.Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=_MICROSECONDS,
        )
        resample = graph.add("aresample", sample_rate=str(rate), **_ASYNC)
        shape = graph.add("aformat", f"sample_fmts=fltp:channel_layouts={layout}")
        # The encoder's frames: PyAV has another graph that makes them, for each call.
        cut = graph.add("asetnsamples", f"n={_AAC_FRAME}:p=0")
        graph.link_nodes(source, resample, shape, cut, graph.add("abuffersink")).configure()

    def fits(self, frame: av.AudioFrame) -> bool:
        """Return whether a frame has the same format."""
        return (frame.format.name, frame.layout.name, frame.sample_rate) == self._format

    def misses(self, position: float) -> bool:
        """Return whether a frame is too far from the end of the one before."""
        return self._next is not None and abs(position - self._next) > _MAX_JUMP

    def push(self, frame: av.AudioFrame, position: float, seconds: float) -> None:
        """Add a frame of `seconds`."""
        self._next = position + seconds
        self._pushed += seconds * self._rate
        frame.pts = round(position * _TICKS)
        frame.time_base = _MICROSECONDS
        self._graph.push(frame)

    def pull(self) -> Iterator[av.AudioFrame]:
        """Yield what is converted so far, once it may be a frame."""
        # PyAV says by an exception that there is none, which takes as long as to convert it.
        if self._pushed < _AAC_FRAME:
            return
        self._pushed %= _AAC_FRAME
        while True:
            try:
                converted = self._graph.pull()
            except av.BlockingIOError, av.EOFError:
                return
            assert isinstance(converted, av.AudioFrame)  # noqa: S101  # for type checking
            yield converted


def _decoded(packet: av.Packet[av.AudioStream]) -> list[av.AudioFrame]:
    try:
        return [frame for frame in packet.decode() if frame.samples and frame.sample_rate]
    except av.FFmpegError:
        return []
