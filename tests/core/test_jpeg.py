"""What a viewer sees of an encoded picture, whatever the camera sent."""

from collections.abc import Iterable
from fractions import Fraction
import io
import logging
import threading

import av
import av.filter
from hypothesis import given, strategies as st
import numpy as np
from numpy.typing import NDArray
from PIL import Image
import pytest
import simplejpeg

from custom_components.retrocam.core import jpeg
from custom_components.retrocam.core.errors import InvalidFrameError
from custom_components.retrocam.core.frames import FrameRing
from custom_components.retrocam.core.jpeg import JpegSink
from custom_components.retrocam.core.pictures import Picture, PictureFeed, Sink

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40)]
BAR = 32
"""Columns of one colour in a picture of bars."""

LIMITED, FULL, UNTAGGED = 1, 2, 0
BT709, UNKNOWN, BT601 = 1, 2, 6
# Luma weights of red and blue, from ITU-R BT.709 and BT.601.
WEIGHTS = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114)}


def yuv(rgb: tuple[int, int, int], matrix: int, value_range: int, depth: int = 8) -> list[int]:
    """Compute Y, Cb, Cr of a colour by the formulas of the ITU, without swscale."""
    red, green, blue = (value / 255 for value in rgb)
    weight_red, weight_blue = WEIGHTS[matrix]
    luma = weight_red * red + (1 - weight_red - weight_blue) * green + weight_blue * blue
    cb, cr = (blue - luma) / (2 - 2 * weight_blue), (red - luma) / (2 - 2 * weight_red)
    scale = 1 << (depth - 8)
    if value_range == FULL:
        top = 256 * scale - 1
        values = [luma * top, cb * top + 128 * scale, cr * top + 128 * scale]
        return [min(top, round(value)) for value in values]
    return [round(scale * v) for v in (16 + 219 * luma, 128 + 224 * cb, 128 + 224 * cr)]


def bars(pixel_format: str, matrix: int, value_range: int, height: int = 32) -> av.VideoFrame:
    """Draw bars of the COLOURS into the planes of a frame, as a decoder would leave them."""
    frame = av.VideoFrame(BAR * len(COLOURS), height, pixel_format)
    frame.colorspace, frame.color_range = matrix, value_range
    depth = 10 if "10" in pixel_format else 8
    shift = 6 if pixel_format == "p010le" else 0
    for number, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, np.uint16 if depth == 10 else np.uint8)
        rows = rows.reshape(plane.height, -1)
        step = BAR * plane.width // frame.width
        for index, colour in enumerate(COLOURS):
            values = yuv(colour, matrix, value_range, depth)
            if number and len(frame.planes) == 2:
                target = rows[:, 2 * index * step : 2 * (index + 1) * step]
                target[:, ::2], target[:, 1::2] = values[1] << shift, values[2] << shift
            else:
                rows[:, index * step : (index + 1) * step] = values[number] << shift
    return frame


def flat(width: int, height: int, luma: int = 120, pixel_format: str = "yuvj420p") -> av.VideoFrame:
    """Make a frame of one colour, with other values in the memory beyond its edges."""
    frame = av.VideoFrame(width, height, pixel_format)
    for memory in frame.planes:
        np.frombuffer(memory, np.uint8)[:] = 255
    for plane, value in zip(jpeg.planes(frame), (luma, 90, 200), strict=True):
        plane[:] = value
    return frame


def seen(data: bytes) -> NDArray[np.int16]:
    """Decode as a viewer would, to (height, width, 3)."""
    picture: NDArray[np.uint8] = simplejpeg.decode_jpeg(data)
    return picture.astype(np.int16)


def assert_shows_bars(picture: NDArray[np.int16], colours: Iterable[tuple[int, ...]]) -> None:
    """Check the middle of each bar, where no neighbour's colour bleeds in."""
    for index, colour in enumerate(colours):
        middle = picture[4:-4, index * BAR + BAR // 4 : (index + 1) * BAR - BAR // 4]
        assert np.abs(middle - colour).max() <= 6, (index, colour, middle[0, 0])


@pytest.mark.parametrize("value_range", [LIMITED, FULL])
@pytest.mark.parametrize("matrix", [BT709, BT601])
@pytest.mark.parametrize(
    "pixel_format", ["yuv420p", "nv12", "yuv422p", "yuv444p", "yuv420p10le", "p010le"]
)
def test_colours_are_those_of_the_scene(pixel_format: str, matrix: int, value_range: int) -> None:
    frame = bars(pixel_format, matrix, value_range)

    assert_shows_bars(seen(jpeg.encode(frame, quality=100)), COLOURS)
    assert (frame.colorspace, frame.color_range) == (matrix, value_range)


@pytest.mark.parametrize("value_range", [UNTAGGED, FULL])
def test_full_range_is_not_converted_twice(value_range: int) -> None:
    frame = bars("yuvj420p", BT601, FULL)
    frame.color_range = value_range

    data = jpeg.encode(frame, quality=100)

    assert_shows_bars(seen(data), COLOURS)
    for before, after in zip(jpeg.planes(frame), jpeg.planes(jpeg.decode(data)), strict=True):
        assert np.abs(before.astype(np.int16) - after).max() <= 2


def test_untagged_full_range_is_left_as_it_is() -> None:
    frame = flat(1280, 720, luma=235)

    after = jpeg.planes(jpeg.decode(jpeg.encode(frame)))

    assert [int(plane[360 // 2, 640 // 2]) for plane in after] == pytest.approx(
        [235, 90, 200], abs=1
    )


def test_a_camera_that_does_not_tell_its_colours_is_taken_as_players_do() -> None:
    small = bars("yuv420p", BT601, LIMITED)
    large, portrait = av.VideoFrame(1280, 720), av.VideoFrame(720, 1280)
    for plane, value in zip(jpeg.planes(large), yuv((200, 120, 40), BT709, LIMITED), strict=True):
        plane[:] = value
    for plane, same in zip(jpeg.planes(portrait), jpeg.planes(large), strict=True):
        plane[:] = same[0, 0]
    small.colorspace, small.color_range = UNKNOWN, UNTAGGED

    assert_shows_bars(seen(jpeg.encode(small, quality=100)), COLOURS)
    for frame in (large, portrait):
        picture = seen(jpeg.encode(frame, width=64, quality=100))
        assert np.abs(picture - (200, 120, 40)).max() <= 4


@pytest.mark.parametrize("pixel_format", ["rgb24", "bgra", "gbrp"])
def test_rgb_keeps_its_colours(pixel_format: str) -> None:
    picture = np.repeat(np.array([COLOURS], np.uint8), BAR, axis=1).repeat(32, axis=0)
    frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixel_format, threads=1)

    assert_shows_bars(seen(jpeg.encode(frame, quality=100)), COLOURS)


def test_gray_stays_gray() -> None:
    ramp = np.arange(192, dtype=np.uint8)[None].repeat(32, axis=0)

    picture = seen(jpeg.encode(av.VideoFrame.from_ndarray(ramp, "gray"), quality=100))

    assert np.abs(picture - ramp[:, :, None]).max() <= 3


def test_colours_survive_a_real_encoder() -> None:
    stream = av.VideoCodecContext.create("libx264", "w")
    stream.width, stream.height, stream.pix_fmt = BAR * len(COLOURS), 32, "yuv420p"
    stream.time_base = Fraction(1, 25)
    stream.colorspace, stream.color_range = BT709, LIMITED
    stream.options = {"qp": "1"}
    packets = [*stream.encode(bars("yuv420p", BT709, LIMITED)), *stream.encode(None)]
    decoder = av.VideoCodecContext.create("h264", "r")
    decoded = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]

    assert len(decoded) == 1
    assert_shows_bars(seen(jpeg.encode(decoded[0], quality=100)), COLOURS)


@pytest.mark.parametrize(
    ("width", "height"), [(641, 481), (640, 481), (5, 3), (3, 8), (1, 1), (642, 362), (1920, 1080)]
)
@pytest.mark.parametrize("matrix", [BT601, BT709])
@pytest.mark.parametrize("pixel_format", ["yuvj420p", "yuv420p"])
def test_any_size_is_kept_up_to_its_edges(
    width: int, height: int, pixel_format: str, matrix: int
) -> None:
    frame = flat(width, height, pixel_format=pixel_format)
    frame.colorspace = matrix

    data = jpeg.encode(frame, quality=95)

    assert jpeg.size(data) == (width, height)
    picture = seen(data)
    assert np.abs(picture - picture[0, 0]).max() <= 1


def test_rows_longer_than_the_picture_do_not_slant_it() -> None:
    frame = flat(642, 64)
    luma = jpeg.planes(frame)[0]
    luma[:] = np.linspace(20, 235, 642).astype(np.uint8)
    assert frame.planes[0].line_size > 642

    picture = jpeg.planes(jpeg.decode(jpeg.encode(frame, quality=100)))[0]

    assert np.abs(picture.astype(np.int16) - luma).max() <= 2


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (0, (1280, 720)),
        (640, (640, 360)),
        (333, (332, 188)),
        (1280, (1280, 720)),
        (4000, (1280, 720)),
        (1, (2, 2)),
    ],
)
def test_width_shrinks_and_keeps_the_aspect(width: int, expected: tuple[int, int]) -> None:
    frame = flat(1280, 720, luma=30)
    jpeg.planes(frame)[0][:360, 640:] = 220

    data = jpeg.encode(frame, width=width, quality=95)

    assert jpeg.size(data) == expected
    columns, rows = expected
    if rows > 2:
        luma = jpeg.planes(jpeg.decode(data))[0]
        assert np.abs(luma[: rows // 2 - 4, columns // 2 + 4 :].astype(np.int16) - 220).max() <= 8
        assert np.abs(luma[rows // 2 + 4 :].astype(np.int16) - 30).max() <= 8


def test_one_encoder_serves_a_camera_that_changes() -> None:
    encoder = jpeg.JpegEncoder(width=320)
    changing = [flat(1280, 720), bars("yuv420p", BT709, LIMITED), flat(640, 480), flat(1280, 720)]

    for frame in changing:
        assert encoder.encode(frame) == jpeg.encode(frame, width=320)


def test_better_quality_takes_more_bytes() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, "rgb24")

    sizes = [len(jpeg.encode(frame, quality=quality)) for quality in (20, 85, 100)]

    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("matrix", [BT601, BT709])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "rgb24"])
def test_a_smaller_picture_has_the_same_colours(pixel_format: str, matrix: int) -> None:
    frame = bars("yuv420p", matrix, LIMITED, height=64)
    if pixel_format != "yuv420p":
        frame = frame.reformat(format=pixel_format, threads=1)

    picture = seen(jpeg.encode(frame, width=96, quality=100))

    assert picture.shape == (32, 96, 3)
    assert np.abs(picture[8:-8, 8::16] - COLOURS).max() <= 8


def test_a_frame_without_a_picture_is_refused() -> None:
    with pytest.raises(InvalidFrameError):
        jpeg.encode(av.VideoFrame(0, 0))


def test_rows_that_run_backwards_are_refused() -> None:
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(width=64, height=48, format="yuvj420p", time_base=Fraction(1, 25)),
        graph.add("vflip"),
        graph.add("buffersink"),
    ).configure()
    graph.push(flat(64, 48))
    flipped = graph.pull()

    assert isinstance(flipped, av.VideoFrame)
    assert flipped.planes[0].line_size < 0
    with pytest.raises(InvalidFrameError):
        jpeg.planes(flipped)


def photo(**options: object) -> bytes:
    """Write bars as a JPEG with Pillow, as a camera with another encoder would."""
    picture = np.repeat(np.array([COLOURS], np.uint8), BAR, axis=1).repeat(33, axis=0)
    buffer = io.BytesIO()
    Image.fromarray(picture[:, :-1]).save(buffer, "JPEG", quality=98, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "options", [{}, {"subsampling": 0}, {"subsampling": 1}, {"progressive": True}]
)
def test_stills_of_all_kinds_are_decoded(options: dict[str, object]) -> None:
    frame = jpeg.decode(photo(**options))

    assert (frame.width, frame.height, frame.format.name) == (
        BAR * len(COLOURS) - 1,
        33,
        "yuvj420p",
    )
    assert frame.color_range == FULL
    assert_shows_bars(frame.to_ndarray(format="rgb24").astype(np.int16), COLOURS)
    assert_shows_bars(seen(jpeg.encode(frame, quality=100)), COLOURS)


def test_a_gray_still_is_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("L", (64, 48), 77).save(buffer, "JPEG", quality=95)

    decoded = jpeg.planes(jpeg.decode(buffer.getvalue()))

    assert [np.unique(plane).tolist() for plane in decoded] == [[77], [128], [128]]


@pytest.mark.parametrize("padding", [b"\x00" * 7, b"\r\n", b"\n"])
def test_padding_after_a_still_does_no_harm(padding: bytes) -> None:
    still = photo()

    assert jpeg.size(still + padding) == jpeg.size(still)
    assert jpeg.decode(still + padding).height == 33


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_half_a_still_is_refused(part: float, end: bytes) -> None:
    still = photo()

    with pytest.raises(InvalidFrameError):
        jpeg.decode(still[: int(len(still) * part)] + end)


def test_a_still_that_would_fill_the_memory_is_refused() -> None:
    still = bytearray(photo())
    sides = still.index(b"\xff\xc0") + 5
    still[sides : sides + 4] = b"\xff\x00\xff\x00"

    with pytest.raises(InvalidFrameError, match="65280x65280"):
        jpeg.size(bytes(still))
    with pytest.raises(InvalidFrameError, match="65280x65280"):
        jpeg.decode(bytes(still))


@given(st.integers(2, 2000), st.binary(min_size=1, max_size=20))
def test_damage_gives_a_picture_or_the_one_error(place: int, damage: bytes) -> None:
    still = bytearray(photo())
    place = 2 + place % (len(still) - 4 - len(damage))
    still[place : place + len(damage)] = damage
    try:
        frame = jpeg.decode(bytes(still))
    except InvalidFrameError:
        return
    assert frame.format.name == "yuvj420p"


def run(sink: JpegSink, positions: Iterable[float], frame: av.VideoFrame | None = None) -> None:
    """Show the sink a picture at each of the positions."""
    frame = frame or flat(16, 16)
    for position in positions:
        sink(Picture(frame=frame, time=1000.0 + position, position=position))


def times(ring: FrameRing) -> list[float]:
    """Return the positions of all pictures in a ring of unlimited size."""
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
def test_the_rate_is_even(source: int, fps: float, expected: int) -> None:
    ring = FrameRing(1000)

    run(JpegSink(ring, fps=fps, width=0), (number / source for number in range(10 * source)))

    taken = times(ring)
    assert abs(len(taken) - 10 * expected) <= 1
    beats = np.arange(len(taken)) / fps
    assert np.abs(np.array(taken) - beats).max() <= 0.5 / source + 1e-9


def test_a_slow_or_uneven_source_loses_nothing() -> None:
    slow, uneven = FrameRing(1000), FrameRing(1000)
    jitter = np.random.default_rng(1).uniform(-0.02, 0.02, 100)

    run(JpegSink(slow, fps=10, width=0), (number / 5 for number in range(50)))
    run(JpegSink(uneven, fps=10, width=0), np.arange(1, 101) / 10 + jitter)

    assert len(times(slow)) == 50
    assert len(times(uneven)) == 100


def test_a_gap_or_a_restart_makes_no_rush() -> None:
    ring = FrameRing(1000)
    after_gap = [100 + number / 25 for number in range(26)]
    restarted = [number / 25 for number in range(26)]

    run(JpegSink(ring, fps=5, width=0), [0.0, *after_gap, *restarted])

    assert times(ring)[0] == 0.0
    for start, taken in ((100, times(ring)[1:7]), (0, times(ring)[7:])):
        assert np.abs(np.array(taken) - start - np.arange(6) / 5).max() <= 0.02 + 1e-9


def test_a_bad_picture_is_left_out_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    ring = FrameRing(10)
    sink = JpegSink(ring, fps=10, width=0)

    with caplog.at_level(logging.WARNING):
        run(sink, [0.0, 0.1], av.VideoFrame(0, 0))
        run(sink, [0.2, 0.3])

    assert (sink.failed, sink.encoded) == (2, 2)
    assert times(ring) == pytest.approx([0.2, 0.3])
    assert len(caplog.records) == 1


def test_a_stopped_ring_costs_nothing_and_may_begin_again() -> None:
    ring = FrameRing(10)
    sink = JpegSink(ring, fps=10, width=8, quality=50)
    ring.stop()

    run(sink, [0.0, 0.1])
    assert (sink.encoded, sink.failed, ring.latest) == (0, 0, None)
    ring.reset()
    run(sink, [0.2])

    assert sink.encoded == 1
    assert jpeg.size(ring.frame(0).data) == (8, 8)


def test_a_ring_stopped_during_the_encoding_is_no_error() -> None:
    class StoppingRing(FrameRing):
        """Stops when it is given a frame: the latest moment at which its owner could do so."""

        def add_frame(self, jpeg: bytes, time: float) -> int:
            self.stop()
            return super().add_frame(jpeg, time)

    sink = JpegSink(StoppingRing(1), fps=10, width=0)

    run(sink, [0.0])

    assert (sink.encoded, sink.failed) == (0, 0)


def test_a_feed_fills_the_ring_for_its_readers() -> None:
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
