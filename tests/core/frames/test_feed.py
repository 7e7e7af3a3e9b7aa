"""A feed runs exactly while it has readers."""

from collections.abc import Callable, Iterator
import logging
from queue import SimpleQueue
import threading

import av
import pytest

from custom_components.retrocam.core.errors import RetrocamError
from custom_components.retrocam.core.frames.feed import Picture, PictureFeed, Sink

FRAME = av.VideoFrame(16, 16, "yuv420p")
WITHIN = 60
"""Timeout in seconds."""


class RecordingSink:
    """A sink to wait for."""

    def __init__(self) -> None:
        self._pictures: SimpleQueue[Picture] = SimpleQueue()

    def __call__(self, picture: Picture) -> None:
        self._pictures.put(picture)

    def next(self) -> float:
        """Wait for a picture and return its position."""
        return self._pictures.get(timeout=WITHIN).position

    def empty(self) -> bool:
        return self._pictures.empty()


class ManualSource:
    """A source that emits a picture on request."""

    def __init__(self) -> None:
        self.runs = 0
        self.threads: list[str] = []
        self.started: SimpleQueue[int] = SimpleQueue()
        self.ended: SimpleQueue[bool] = SimpleQueue()
        self._orders: SimpleQueue[float | Exception | None] = SimpleQueue()
        self._closed = threading.Event()

    def run(self, emit: Sink, stop: threading.Event) -> None:
        if self._closed.is_set():
            stop.wait(WITHIN)
            return
        self.runs += 1
        self.threads.append(threading.current_thread().name)
        self.started.put(self.runs)
        try:
            while (order := self._orders.get(timeout=WITHIN)) is not None:
                if isinstance(order, Exception):
                    raise order
                emit(Picture(FRAME, 0.0, order))
        finally:
            self.ended.put(stop.is_set())

    def make(self, position: float) -> None:
        self._orders.put(position)

    def fail(self, error: Exception) -> None:
        self._orders.put(error)

    def end(self) -> None:
        self._orders.put(None)

    def close(self) -> None:
        """End the run, and emit nothing in those that follow until the feed is closed, too."""
        self._closed.set()
        self.end()

    def wait_for_run(self) -> int:
        return self.started.get(timeout=WITHIN)


class WaitingSource:
    """A source that emits one picture and waits for the stop event."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, emit: Sink, stop: threading.Event) -> None:
        self.runs += 1
        emit(Picture(FRAME, 0.0, float(self.runs)))
        assert stop.wait(WITHIN)


@pytest.fixture
def manual() -> ManualSource:
    return ManualSource()


@pytest.fixture
def feed(manual: ManualSource) -> Iterator[PictureFeed]:
    feed = PictureFeed("retrocam test feed", manual, retry=0.0)
    yield feed
    manual.close()
    feed.close()


def thread_of(name: str) -> threading.Thread | None:
    return next((thread for thread in threading.enumerate() if thread.name == name), None)


def test_idle_without_readers(feed: PictureFeed, manual: ManualSource) -> None:
    assert not feed.running
    assert feed.readers == 0
    assert manual.runs == 0


def test_readers_share_pictures_and_thread(feed: PictureFeed, manual: ManualSource) -> None:
    pictures: list[list[Picture]] = [[], []]
    done = RecordingSink()
    for sink in (pictures[0].append, pictures[1].append, done):
        feed.subscribe(sink)
    manual.wait_for_run()
    manual.make(1.0)
    manual.make(2.0)
    assert (done.next(), done.next()) == (1.0, 2.0)
    assert feed.running
    assert feed.readers == 3
    assert manual.threads == ["retrocam test feed"]
    assert pictures[0] == pictures[1]
    assert all(one is other for one, other in zip(*pictures, strict=True))


def test_unsubscribed_sink_gets_no_more_pictures(feed: PictureFeed, manual: ManualSource) -> None:
    left, stays = RecordingSink(), RecordingSink()
    leave = feed.subscribe(left)
    feed.subscribe(stays)
    manual.make(1.0)
    assert (left.next(), stays.next()) == (1.0, 1.0)
    leave()
    manual.make(2.0)
    assert stays.next() == 2.0
    assert left.empty()
    assert feed.readers == 1


def test_thread_ends_with_the_last_reader() -> None:
    feed = PictureFeed("retrocam patient feed", WaitingSource())
    recorder = RecordingSink()
    leave = feed.subscribe(recorder)
    assert recorder.next() == 1.0
    thread = thread_of("retrocam patient feed")
    assert thread is not None
    leave()
    thread.join(WITHIN)
    assert not thread.is_alive()
    assert not feed.running


def test_unsubscribing_is_idempotent(feed: PictureFeed, manual: ManualSource) -> None:
    recorder = RecordingSink()
    leave_first = feed.subscribe(recorder)
    feed.subscribe(recorder)
    assert feed.readers == 2
    leave_first()
    leave_first()
    assert feed.readers == 1
    manual.make(1.0)
    assert recorder.next() == 1.0
    assert recorder.empty()


def test_reader_subscribing_as_the_last_one_leaves_is_served_at_once() -> None:
    # The source has not failed: it must not be delayed by the retry of an hour.
    source = WaitingSource()
    feed = PictureFeed("retrocam patient feed", source, retry=3600)
    recorder = RecordingSink()
    for run in range(1, 20):
        leave = feed.subscribe(recorder)
        assert recorder.next() == run
        leave()
        # At this point the thread may have ended, or not noticed yet.
    feed.close()
    assert source.runs == 19


def test_source_is_run_again_for_a_later_reader(feed: PictureFeed, manual: ManualSource) -> None:
    feed.subscribe(RecordingSink())()
    assert manual.wait_for_run() == 1
    manual.end()
    assert manual.ended.get(timeout=WITHIN), "the source was not told to stop"
    recorder = RecordingSink()
    feed.subscribe(recorder)
    assert manual.wait_for_run() == 2
    manual.make(5.0)
    assert recorder.next() == 5.0


def test_source_that_ends_is_run_again(feed: PictureFeed, manual: ManualSource) -> None:
    recorder = RecordingSink()
    feed.subscribe(recorder)
    manual.make(1.0)
    manual.end()
    manual.make(2.0)
    assert (recorder.next(), recorder.next()) == (1.0, 2.0)
    assert manual.runs == 2
    assert not manual.ended.get(timeout=WITHIN)


def test_failing_source_is_logged_once_until_it_works(
    feed: PictureFeed, manual: ManualSource, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = RecordingSink()
    feed.subscribe(recorder)
    for _ in range(3):
        manual.fail(RetrocamError("the camera is away"))
    manual.make(1.0)
    assert recorder.next() == 1.0
    assert manual.runs == 4
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "retrocam test feed" in caplog.text
    assert "the camera is away" in caplog.text
    manual.fail(ValueError("and again"))
    manual.make(2.0)
    assert recorder.next() == 2.0
    assert len(caplog.records) == 2


def leave_by_unsubscribing(feed: PictureFeed, leave: Callable[[], None]) -> None:
    leave()


def leave_by_closing(feed: PictureFeed, leave: Callable[[], None]) -> None:
    feed.close()


@pytest.mark.parametrize("leave_by", [leave_by_unsubscribing, leave_by_closing])
def test_unsubscribing_does_not_wait_for_the_retry(
    manual: ManualSource, leave_by: Callable[[PictureFeed, Callable[[], None]], None]
) -> None:
    feed = PictureFeed("retrocam retry feed", manual, retry=3600)
    leave = feed.subscribe(RecordingSink())
    thread = thread_of("retrocam retry feed")
    assert thread is not None
    manual.end()
    assert not manual.ended.get(timeout=WITHIN)
    leave_by(feed, leave)
    thread.join(WITHIN)
    assert not thread.is_alive()
    assert manual.runs == 1


def test_close_joins_and_refuses_readers() -> None:
    feed = PictureFeed("retrocam patient feed", WaitingSource())
    recorder = RecordingSink()
    leave = feed.subscribe(recorder)
    assert recorder.next() == 1.0
    feed.close()
    assert thread_of("retrocam patient feed") is None
    assert not feed.running
    feed.subscribe(recorder)()
    leave()
    feed.close()
    assert feed.readers == 0
    assert not feed.running
    assert recorder.empty()


def test_close_without_readers() -> None:
    source = WaitingSource()
    feed = PictureFeed("retrocam idle feed", source)
    feed.close()
    assert not feed.running
    assert source.runs == 0
