"""Pictures are encoded to packets without blocking their source."""

from collections.abc import Iterator
import logging
import threading
from typing import cast

import av
import pytest

from custom_components.retrocam.core.ascii.encoding import AsciiEpoch, EncoderThread
from custom_components.retrocam.core.ascii.messages import StreamConfig
from custom_components.retrocam.core.ascii.raster import layout_for
from custom_components.retrocam.core.ascii.wire import Packet, PacketType
from custom_components.retrocam.core.frames.feed import Picture

from .ascii_decoder import AsciiDecoder, DecodedPacket, decode_planes
from .drawing import numbered, picture, read_number

FILM = StreamConfig(cols=40, rows=12, fps=24, live=False)
WAIT = 60.0


class PacketCollector:
    """Collects packets of an encoder; may block it."""

    def __init__(self) -> None:
        self.packets: list[tuple[int, Packet]] = []
        self.blocks_at = 0
        """The number of packets with which the encoder is blocked until it may `proceed`."""
        self.proceed = threading.Event()
        self._changed = threading.Condition()

    def __call__(self, encoder: EncoderThread, epoch: int, packet: Packet) -> None:
        with self._changed:
            self.packets.append((epoch, packet))
            blocks = len(self.packets) == self.blocks_at
            self._changed.notify_all()
        if blocks:
            assert self.proceed.wait(WAIT)

    def wait(self, count: int) -> list[Packet]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.packets) >= count, WAIT)
        return [packet for _, packet in self.packets]

    def decoded(self, stream_config: StreamConfig, epoch: int = 0) -> list[DecodedPacket]:
        layout = layout_for(stream_config.cols, stream_config.rows, stream_config.glyphs)
        decoder = AsciiDecoder(layout, epoch=epoch)
        each = [decoder.decode(packet.data) for number, packet in self.packets if number == epoch]
        return [packet for packet in each if packet is not None]


@pytest.fixture
def collector() -> PacketCollector:
    return PacketCollector()


@pytest.fixture
def encoder(collector: PacketCollector) -> Iterator[EncoderThread]:
    thread = EncoderThread("retrocam test encoder", AsciiEpoch(FILM, 0), collector)
    yield thread
    collector.proceed.set()
    thread.stop()
    thread.join()
    assert not thread.is_alive()


def numbers(decoded: list[DecodedPacket], stream_config: StreamConfig = FILM) -> list[int]:
    """Read the frame numbers back."""
    layout = layout_for(stream_config.cols, stream_config.rows, stream_config.glyphs)
    return [read_number(decode_planes(layout, packet.codes)) for packet in decoded]


def test_packets_keep_number_and_time(encoder: EncoderThread, collector: PacketCollector) -> None:
    for number in range(60):
        encoder.submit(picture(number))
        collector.wait(number + 1)
    decoded = collector.decoded(FILM)
    assert numbers(decoded) == list(range(60))
    assert [packet.pts_us for packet in decoded] == [round(n / 24 * 1e6) for n in range(60)]
    assert [packet.seq for packet in decoded] == list(range(60))
    keys = [n for n, packet in enumerate(decoded) if packet.type is PacketType.KEY]
    assert keys == [0, 48]  # every two seconds
    assert (encoder.encoded, encoder.dropped) == (60, 0)


def test_frame_rate_is_limited(encoder: EncoderThread, collector: PacketCollector) -> None:
    for number in range(12):
        encoder.submit(picture(number, fps=48))
        collector.wait(number // 2 + 1)
    assert numbers(collector.decoded(FILM)) == [0, 2, 4, 6, 8, 10]


def test_unchanged_picture_becomes_a_hold(
    encoder: EncoderThread, collector: PacketCollector
) -> None:
    for number in range(3):
        encoder.submit(Picture(numbered(7), 0.0, number / 24))
        collector.wait(number + 1)
    kinds = [packet.type for packet in collector.decoded(FILM)]
    assert kinds == [PacketType.KEY, PacketType.HOLD, PacketType.HOLD]


def test_slow_encoder_drops_the_oldest(encoder: EncoderThread, collector: PacketCollector) -> None:
    collector.blocks_at = 1
    encoder.submit(picture(0))
    collector.wait(1)
    for number in range(1, 10):  # returns, though nothing is taken
        encoder.submit(picture(number))
    assert encoder.dropped == 7
    collector.proceed.set()
    collector.wait(3)
    assert numbers(collector.decoded(FILM)) == [0, 8, 9]


def test_end_follows_the_last_picture(encoder: EncoderThread, collector: PacketCollector) -> None:
    encoder.submit(picture(0))
    encoder.submit(picture(1))
    encoder.end()
    packets = collector.wait(3)
    assert [packet.type for packet in packets][-1] is PacketType.END
    assert collector.decoded(FILM)[-1].pts_us == round(1e6 / 24)


def test_end_without_a_picture(encoder: EncoderThread, collector: PacketCollector) -> None:
    encoder.end()
    assert [packet.type for packet in collector.wait(1)] == [PacketType.END]


def test_epoch_drops_queued_pictures_and_starts_with_a_key(
    encoder: EncoderThread, collector: PacketCollector
) -> None:
    encoder.submit(picture(0))
    collector.wait(1)
    collector.blocks_at = 2
    encoder.submit(picture(1))
    collector.wait(2)
    encoder.submit(picture(2))
    encoder.end()
    small = StreamConfig(cols=16, rows=4, fps=24, charset="braille", live=False)
    encoder.restart(AsciiEpoch(small, 1))
    encoder.submit(picture(200))
    collector.proceed.set()
    collector.wait(3)
    assert numbers(collector.decoded(FILM)) == [0, 1]
    assert numbers(collector.decoded(small, 1), small) == [200]
    assert [packet.seq for _, packet in collector.packets] == [0, 1, 2]


def test_picture_shrunk_during_an_epoch_change_is_dropped(
    encoder: EncoderThread, collector: PacketCollector
) -> None:
    class Seeking:
        """A picture that is read during a seek."""

        time = position = 0.0

        @property
        def frame(self) -> av.VideoFrame:
            encoder.restart(AsciiEpoch(FILM, 1))
            return numbered(4)

    encoder.submit(cast("Picture", Seeking()))
    encoder.submit(picture(5))
    collector.wait(1)
    assert [epoch for epoch, _ in collector.packets] == [1]
    assert numbers(collector.decoded(FILM, 1)) == [5]


def test_jump_back_starts_a_group(encoder: EncoderThread, collector: PacketCollector) -> None:
    for count, number in enumerate((30, 31, 2, 3)):
        encoder.submit(picture(number))
        collector.wait(count + 1)
    decoded = collector.decoded(FILM)
    assert numbers(decoded) == [30, 31, 2, 3]
    assert [packet.type is PacketType.KEY for packet in decoded] == [True, False, True, False]


def test_unsupported_pictures_are_logged_once(
    encoder: EncoderThread, collector: PacketCollector, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        for number in range(3):
            frame = av.VideoFrame(160, 96, "x2rgb10be")
            encoder.submit(Picture(frame, 0.0, number / 24))
    assert [record.getMessage() for record in caplog.records] == [
        "Cannot scale pictures of x2rgb10be"
    ]
    encoder.submit(picture(9))
    collector.wait(1)
    assert numbers(collector.decoded(FILM)) == [9]


def test_stopped_encoder_ignores_pictures(collector: PacketCollector) -> None:
    encoder = EncoderThread("retrocam test encoder", AsciiEpoch(FILM, 0), collector)
    assert "retrocam test encoder" in [thread.name for thread in threading.enumerate()]
    encoder.stop()
    encoder.join()
    encoder.submit(picture(0))
    assert not encoder.is_alive()
    assert collector.packets == []


def test_thread_survives_an_encoding_error(
    encoder: EncoderThread, collector: PacketCollector, caplog: pytest.LogCaptureFixture
) -> None:
    encoder.submit(picture(0))
    collector.wait(1)
    for packets in (2, 3):
        # Not representable as time stamp.
        encoder.submit(Picture(numbered(1), 0.0, float("inf")))
        encoder.submit(picture(2))
        collector.wait(packets)
    assert encoder.is_alive()
    decoded = collector.decoded(FILM)
    assert numbers(decoded) == [0, 2, 2]
    assert [packet.type for packet in decoded] == [PacketType.KEY] * 3
    assert [packet.seq for _, packet in collector.packets] == [0, 1, 2]
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
