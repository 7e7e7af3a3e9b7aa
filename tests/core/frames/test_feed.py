"""A feed runs exactly while somebody reads, whoever comes, goes or fails."""

from collections.abc import Callable, Iterator
import logging
from queue import SimpleQueue
import threading

import av
import pytest

from custom_components.retrocam.core.errors import RetrocamError
from custom_components.retrocam.core.frames.feed import Picture, PictureFeed, Sink

FRAME = av.VideoFrame(16, 16, "yuv420p")
WITHIN = 10
"""Seconds after which a test gives up."""


class Tap:
    """A sink that can be waited for."""

    def __init__(self) -> None:
        self._pictures: SimpleQueue[Picture] = SimpleQueue()

    def __call__(self, picture: Picture) -> None:
        self._pictures.put(picture)

    def next(self) -> float:
        """Wait for a picture and return its position."""
        return self._pictures.get(timeout=WITHIN).position

    def empty(self) -> bool:
        return self._pictures.empty()


class Hand:
    """A source that makes a picture when the test says so."""

    def __init__(self) -> None:
        self.runs = 0
        self.threads: list[str] = []
        self.started: SimpleQueue[int] = SimpleQueue()
        self.ended: SimpleQueue[bool] = SimpleQueue()
        self._orders: SimpleQueue[float | Exception | None] = SimpleQueue()

    def run(self, emit: Sink, stop: threading.Event) -> None:
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

    def wait_for_run(self) -> int:
        return self.started.get(timeout=WITHIN)


class Patient:
    """A source that makes one picture and waits to be stopped, as a paced one does."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, emit: Sink, stop: threading.Event) -> None:
        self.runs += 1
        emit(Picture(FRAME, 0.0, float(self.runs)))
        assert stop.wait(WITHIN)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def feed(hand: Hand) -> Iterator[PictureFeed]:
    feed = PictureFeed("retrocam test feed", hand, retry=0.0)
    yield feed
    hand.end()
    feed.close()


def thread_of(name: str) -> threading.Thread | None:
    return next((thread for thread in threading.enumerate() if thread.name == name), None)


def test_nothing_runs_before_the_first_reader(feed: PictureFeed, hand: Hand) -> None:
    assert not feed.running
    assert feed.readers == 0
    assert hand.runs == 0


def test_all_readers_get_the_same_pictures_from_one_thread(feed: PictureFeed, hand: Hand) -> None:
    pictures: list[list[Picture]] = [[], []]
    done = Tap()
    for sink in (pictures[0].append, pictures[1].append, done):
        feed.subscribe(sink)
    hand.wait_for_run()
    hand.make(1.0)
    hand.make(2.0)
    assert (done.next(), done.next()) == (1.0, 2.0)
    assert feed.running
    assert feed.readers == 3
    assert hand.threads == ["retrocam test feed"]
    assert pictures[0] == pictures[1]
    assert all(one is other for one, other in zip(*pictures, strict=True))


def test_who_leaves_gets_no_more_and_the_others_do(feed: PictureFeed, hand: Hand) -> None:
    left, stays = Tap(), Tap()
    leave = feed.subscribe(left)
    feed.subscribe(stays)
    hand.make(1.0)
    assert (left.next(), stays.next()) == (1.0, 1.0)
    leave()
    hand.make(2.0)
    assert stays.next() == 2.0
    assert left.empty()
    assert feed.readers == 1


def test_the_thread_ends_when_the_last_reader_leaves() -> None:
    feed = PictureFeed("retrocam patient feed", Patient())
    tap = Tap()
    leave = feed.subscribe(tap)
    assert tap.next() == 1.0
    thread = thread_of("retrocam patient feed")
    assert thread is not None
    leave()
    thread.join(WITHIN)
    assert not thread.is_alive()
    assert not feed.running


def test_leaving_twice_takes_nobody_else_away(feed: PictureFeed, hand: Hand) -> None:
    tap = Tap()
    leave_first = feed.subscribe(tap)
    feed.subscribe(tap)
    assert feed.readers == 2
    leave_first()
    leave_first()
    assert feed.readers == 1
    hand.make(1.0)
    assert tap.next() == 1.0
    assert tap.empty()


def test_a_reader_who_comes_as_the_last_one_leaves_is_served_at_once() -> None:
    # With a pause of an hour before a retry: it must not be taken for a source that ended.
    source = Patient()
    feed = PictureFeed("retrocam patient feed", source, retry=3600)
    tap = Tap()
    for run in range(1, 20):
        leave = feed.subscribe(tap)
        assert tap.next() == run
        leave()
        # Here the thread may have ended, or be about to, or not know it yet.
    feed.close()
    assert source.runs == 19


def test_a_source_is_run_again_for_a_later_reader(feed: PictureFeed, hand: Hand) -> None:
    feed.subscribe(Tap())()
    assert hand.wait_for_run() == 1
    hand.end()
    assert hand.ended.get(timeout=WITHIN), "the source was not told to stop"
    tap = Tap()
    feed.subscribe(tap)
    assert hand.wait_for_run() == 2
    hand.make(5.0)
    assert tap.next() == 5.0


def test_a_source_that_ends_under_its_readers_is_run_again(feed: PictureFeed, hand: Hand) -> None:
    tap = Tap()
    feed.subscribe(tap)
    hand.make(1.0)
    hand.end()
    hand.make(2.0)
    assert (tap.next(), tap.next()) == (1.0, 2.0)
    assert hand.runs == 2
    assert not hand.ended.get(timeout=WITHIN)


def test_a_failing_source_is_logged_once_until_it_works_again(
    feed: PictureFeed, hand: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    tap = Tap()
    feed.subscribe(tap)
    for _ in range(3):
        hand.fail(RetrocamError("the camera is away"))
    hand.make(1.0)
    assert tap.next() == 1.0
    assert hand.runs == 4
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "retrocam test feed" in caplog.text
    assert "the camera is away" in caplog.text
    hand.fail(ValueError("and again"))
    hand.make(2.0)
    assert tap.next() == 2.0
    assert len(caplog.records) == 2


def leave_by_unsubscribing(feed: PictureFeed, leave: Callable[[], None]) -> None:
    leave()


def leave_by_closing(feed: PictureFeed, leave: Callable[[], None]) -> None:
    feed.close()


@pytest.mark.parametrize("leave_by", [leave_by_unsubscribing, leave_by_closing])
def test_nobody_waits_for_the_retry_of_a_source_when_leaving(
    hand: Hand, leave_by: Callable[[PictureFeed, Callable[[], None]], None]
) -> None:
    feed = PictureFeed("retrocam retry feed", hand, retry=3600)
    leave = feed.subscribe(Tap())
    thread = thread_of("retrocam retry feed")
    assert thread is not None
    hand.end()
    assert not hand.ended.get(timeout=WITHIN)
    leave_by(feed, leave)
    thread.join(WITHIN)
    assert not thread.is_alive()
    assert hand.runs == 1


def test_close_joins_and_takes_no_more_readers() -> None:
    feed = PictureFeed("retrocam patient feed", Patient())
    tap = Tap()
    leave = feed.subscribe(tap)
    assert tap.next() == 1.0
    feed.close()
    assert thread_of("retrocam patient feed") is None
    assert not feed.running
    feed.subscribe(tap)()
    leave()
    feed.close()
    assert feed.readers == 0
    assert not feed.running
    assert tap.empty()


def test_a_feed_that_never_ran_can_be_closed() -> None:
    source = Patient()
    feed = PictureFeed("retrocam idle feed", source)
    feed.close()
    assert not feed.running
    assert source.runs == 0
