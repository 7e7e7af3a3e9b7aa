"""Pictures become packets beside their maker, who never waits."""

from collections.abc import Iterator
import logging
import threading
from typing import cast

import av
import pytest

from custom_components.retrocam.core.ascii.encoding import Encoding, Job
from custom_components.retrocam.core.ascii.messages import Screening
from custom_components.retrocam.core.ascii.raster import layout_for
from custom_components.retrocam.core.ascii.wire import Packet, PacketType
from custom_components.retrocam.core.frames.feed import Picture

from .cell_decoder import CellDecoder, DecodedPacket
from .drawing import numbered, picture, read_number

FILM = Screening(cols=40, rows=12, fps=24, live=False)
WAIT = 10.0


class Received:
    """Collects what an encoder publishes; may hold it up."""

    def __init__(self) -> None:
        self.packets: list[tuple[int, Packet]] = []
        self.proceed = threading.Event()
        self.proceed.set()
        self.busy = threading.Event()
        self._changed = threading.Condition()

    def __call__(self, encoding: Encoding, epoch: int, packet: Packet) -> None:
        with self._changed:
            self.packets.append((epoch, packet))
            self._changed.notify_all()
        self.busy.set()
        assert self.proceed.wait(WAIT)

    def wait(self, count: int) -> list[Packet]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.packets) >= count, WAIT)
        return [packet for _, packet in self.packets]

    def decoded(self, screening: Screening, epoch: int = 0) -> list[DecodedPacket]:
        layout = layout_for(screening.cols, screening.rows, screening.glyphs)
        decoder = CellDecoder(layout, epoch=epoch)
        each = [decoder.decode(packet.data) for number, packet in self.packets if number == epoch]
        return [packet for packet in each if packet is not None]


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def encoding(received: Received) -> Iterator[Encoding]:
    made = Encoding("retrocam cells", Job(FILM, 0), received)
    yield made
    received.proceed.set()
    made.stop()
    made.join()
    assert not made.alive


def numbers(decoded: list[DecodedPacket], screening: Screening = FILM) -> list[int]:
    """Read the frame numbers back."""
    layout = layout_for(screening.cols, screening.rows, screening.glyphs)
    return [read_number(layout.decode(packet.codes)) for packet in decoded]


def test_every_picture_comes_out_with_its_number_and_time(
    encoding: Encoding, received: Received
) -> None:
    for number in range(60):
        encoding.submit(picture(number))
        received.wait(number + 1)
    decoded = received.decoded(FILM)
    assert numbers(decoded) == list(range(60))
    assert [packet.pts_us for packet in decoded] == [round(n / 24 * 1e6) for n in range(60)]
    assert [packet.seq for packet in decoded] == list(range(60))
    keys = [n for n, packet in enumerate(decoded) if packet.type is PacketType.KEY]
    assert keys == [0, 48]  # every two seconds
    assert (encoding.encoded, encoding.dropped) == (60, 0)


def test_no_more_pictures_than_the_preset_has(encoding: Encoding, received: Received) -> None:
    for number in range(12):
        encoding.submit(picture(number, fps=48))
        received.wait(number // 2 + 1)
    assert numbers(received.decoded(FILM)) == [0, 2, 4, 6, 8, 10]


def test_a_still_picture_is_held(encoding: Encoding, received: Received) -> None:
    for number in range(3):
        encoding.submit(Picture(numbered(7), 0.0, number / 24))
        received.wait(number + 1)
    kinds = [packet.type for packet in received.decoded(FILM)]
    assert kinds == [PacketType.KEY, PacketType.HOLD, PacketType.HOLD]


def test_a_slow_encoder_loses_the_oldest_and_holds_up_nobody(
    encoding: Encoding, received: Received
) -> None:
    received.proceed.clear()
    encoding.submit(picture(0))
    assert received.busy.wait(WAIT)
    for number in range(1, 10):  # returns, though nothing is taken
        encoding.submit(picture(number))
    assert encoding.dropped == 7
    received.proceed.set()
    received.wait(3)
    assert numbers(received.decoded(FILM)) == [0, 8, 9]


def test_an_end_follows_the_last_picture(encoding: Encoding, received: Received) -> None:
    encoding.submit(picture(0))
    encoding.submit(picture(1))
    encoding.end()
    packets = received.wait(3)
    assert [packet.type for packet in packets][-1] is PacketType.END
    assert received.decoded(FILM)[-1].pts_us == round(1e6 / 24)


def test_an_end_without_a_picture(encoding: Encoding, received: Received) -> None:
    encoding.end()
    assert [packet.type for packet in received.wait(1)] == [PacketType.END]


def test_another_epoch_drops_what_waits_and_begins_with_a_key(
    encoding: Encoding, received: Received
) -> None:
    encoding.submit(picture(0))
    received.wait(1)
    received.proceed.clear()
    received.busy.clear()
    encoding.submit(picture(1))
    assert received.busy.wait(WAIT)
    encoding.submit(picture(2))
    encoding.end()
    small = Screening(cols=16, rows=4, fps=24, charset="braille", live=False)
    encoding.restart(Job(small, 1))
    encoding.submit(picture(200))
    received.proceed.set()
    received.wait(3)
    assert numbers(received.decoded(FILM)) == [0, 1]
    assert numbers(received.decoded(small, 1), small) == [200]
    assert [packet.seq for _, packet in received.packets] == [0, 1, 2]


def test_a_picture_of_the_old_epoch_that_is_still_shrunk_is_dropped(
    encoding: Encoding, received: Received
) -> None:
    class Seeking:
        """A picture during whose reading somebody seeks."""

        time = position = 0.0

        @property
        def frame(self) -> av.VideoFrame:
            encoding.restart(Job(FILM, 1))
            return numbered(4)

    encoding.submit(cast("Picture", Seeking()))
    encoding.submit(picture(5))
    received.wait(1)
    assert [epoch for epoch, _ in received.packets] == [1]
    assert numbers(received.decoded(FILM, 1)) == [5]


def test_a_time_line_that_jumps_back_begins_a_group(encoding: Encoding, received: Received) -> None:
    for count, number in enumerate((30, 31, 2, 3)):
        encoding.submit(picture(number))
        received.wait(count + 1)
    decoded = received.decoded(FILM)
    assert numbers(decoded) == [30, 31, 2, 3]
    assert [packet.type is PacketType.KEY for packet in decoded] == [True, False, True, False]


def test_pictures_that_cannot_be_read_are_logged_once(
    encoding: Encoding, received: Received, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        for number in range(3):
            frame = av.VideoFrame(160, 96, "x2rgb10be")
            encoding.submit(Picture(frame, 0.0, number / 24))
    assert [record.getMessage() for record in caplog.records] == [
        "Pictures of x2rgb10be cannot be scaled"
    ]
    encoding.submit(picture(9))
    received.wait(1)
    assert numbers(received.decoded(FILM)) == [9]


def test_a_stopped_encoder_takes_nothing(received: Received) -> None:
    encoding = Encoding("retrocam cells", Job(FILM, 0), received)
    assert "retrocam cells" in [thread.name for thread in threading.enumerate()]
    encoding.stop()
    encoding.join()
    encoding.submit(picture(0))
    assert not encoding.alive
    assert received.packets == []


def test_a_picture_that_cannot_be_encoded_does_not_end_the_thread(
    encoding: Encoding, received: Received, caplog: pytest.LogCaptureFixture
) -> None:
    encoding.submit(picture(0))
    received.wait(1)
    for _ in range(2):
        # No time stamp can say this.
        encoding.submit(Picture(numbered(1), 0.0, float("inf")))
        encoding.submit(picture(2))
        received.wait(len(received.packets) + 1)
    assert encoding.alive
    decoded = received.decoded(FILM)
    assert numbers(decoded) == [0, 2, 2]
    assert [packet.type for packet in decoded] == [PacketType.KEY] * 3
    assert [packet.seq for _, packet in received.packets] == [0, 1, 2]
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
