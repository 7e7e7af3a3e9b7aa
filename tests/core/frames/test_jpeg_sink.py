"""Encode pictures into a ring of JPEGs, at an even rate."""

from collections.abc import Iterable
import logging
import threading

import av
import av.filter
import numpy as np
import pytest

from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.frames.feed import Picture, PictureFeed, Sink
from custom_components.retrocam.core.frames.jpeg import JpegSink
from custom_components.retrocam.core.frames.jpeg_ring import FrameRing

from .bars import flat


def run(sink: JpegSink, positions: Iterable[float], frame: av.VideoFrame | None = None) -> None:
    """Pass the sink a picture at each of the positions."""
    frame = frame or flat(16, 16)
    for position in positions:
        sink(Picture(frame=frame, time=1000.0 + position, position=position))


def times(ring: FrameRing) -> list[float]:
    """Return the times of all frames in a ring."""
    latest = ring.latest
    assert latest is not None
    return [ring.frame(index).time - 1000.0 for index in range(latest.index + 1)]


@pytest.mark.parametrize(
    ("source", "fps", "expected"),
    [
        (25, 10, 10),
        (30, 10, 10),
        (24, 10, 10),
        (12, 10, 10),
        (25, 25, 25),
        (25, 24, 24),
        (15, 1, 1),
    ],
)
def test_rate_is_limited_evenly(source: int, fps: float, expected: int) -> None:
    ring = FrameRing(1000)

    run(JpegSink(ring, fps=fps, width=0), (number / source for number in range(10 * source)))

    taken = times(ring)
    assert abs(len(taken) - 10 * expected) <= 1
    beats = np.arange(len(taken)) / fps
    assert np.abs(np.array(taken) - beats).max() <= 0.5 / source + 1e-9


def test_slow_or_uneven_source_loses_nothing() -> None:
    slow, uneven = FrameRing(1000), FrameRing(1000)
    jitter = np.random.default_rng(1).uniform(-0.02, 0.02, 100)

    run(JpegSink(slow, fps=10, width=0), (number / 5 for number in range(50)))
    run(JpegSink(uneven, fps=10, width=0), np.arange(1, 101) / 10 + jitter)

    assert len(times(slow)) == 50
    assert len(times(uneven)) == 100


def test_no_burst_after_a_gap_or_restart() -> None:
    ring = FrameRing(1000)
    after_gap = [100 + number / 25 for number in range(26)]
    restarted = [number / 25 for number in range(26)]

    run(JpegSink(ring, fps=5, width=0), [0.0, *after_gap, *restarted])

    assert times(ring)[0] == 0.0
    for start, taken in ((100, times(ring)[1:7]), (0, times(ring)[7:])):
        assert np.abs(np.array(taken) - start - np.arange(6) / 5).max() <= 0.02 + 1e-9


def test_invalid_frames_are_skipped_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    ring = FrameRing(10)
    sink = JpegSink(ring, fps=10, width=0)

    with caplog.at_level(logging.WARNING):
        run(sink, [0.0, 0.1], av.VideoFrame(0, 0))
        run(sink, [0.2, 0.3])

    assert sink.encoded == 2
    assert times(ring) == pytest.approx([0.2, 0.3])
    assert len(caplog.records) == 1


def test_stopped_ring_skips_encoding() -> None:
    ring = FrameRing(10)
    sink = JpegSink(ring, fps=10, width=8)
    ring.stop()

    run(sink, [0.0, 0.1])
    assert (sink.encoded, ring.latest) == (0, None)


def test_frames_are_scaled_to_the_width() -> None:
    ring = FrameRing(10)
    sink = JpegSink(ring, fps=10, width=8)

    run(sink, [0.2])

    assert sink.encoded == 1
    assert jpeg.size(ring.frame(0).data) == (8, 8)


def test_ring_stopped_during_encoding_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    class StoppingRing(FrameRing):
        """Stops at the latest possible moment: when a frame is added."""

        def add_frame(self, jpeg: bytes, time: float) -> int:
            self.stop()
            return super().add_frame(jpeg, time)

    sink = JpegSink(StoppingRing(1), fps=10, width=0)

    run(sink, [0.0])

    assert sink.encoded == 0
    assert not caplog.records


def test_feed_fills_the_ring() -> None:
    class Source:
        def run(self, emit: Sink, stop: threading.Event) -> None:
            for number in range(50):
                emit(
                    Picture(frame=flat(64, 48, luma=4 * number), time=number, position=number / 25)
                )
            stop.wait()

    ring = FrameRing(30)
    feed = PictureFeed("test feed", Source())
    feed.subscribe(JpegSink(ring, fps=12.5, width=32))
    last = ring.wait(24, 60.0)
    feed.close()

    assert last is not None
    assert jpeg.size(last.data) == (32, 24)
    assert abs(int(jpeg.planes(jpeg.decode(last.data))[0][0, 0]) - 4 * last.time) <= 2
