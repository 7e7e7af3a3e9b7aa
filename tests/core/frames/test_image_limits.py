"""Images that cost memory or time are rejected before decoding, from any source."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
import contextlib
import os
from pathlib import Path
import threading

import av
import pytest

from custom_components.retrocam.core.errors import (
    DecodeError,
    InvalidFrameError,
    PictureTooLargeError,
    TimelapseEmptyError,
)
from custom_components.retrocam.core.frames.decoder import KeyframeDecoder
from custom_components.retrocam.core.frames.image_codec import decode_still, still_extension
from custom_components.retrocam.core.frames.image_limits import MAX_PIXELS, check_markers
from custom_components.retrocam.core.library.store import MediaLibrary
from custom_components.retrocam.core.library.thumbnails import (
    THUMBNAILS,
    Thumbnails,
    clip_thumbnail,
    still_thumbnail,
)
from custom_components.retrocam.core.library.timelapse import make_timelapse
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.sources.probe import probe

from ...made import Made
from ..media import Clock, cut, feed
from ..player.clips import plain
from ..sources.http_camera import HttpCamera
from .bombs import LARGE, chunk, film_of, jpeg_of, png_of, zeros
from .stills import jpeg as good_jpeg

BOMBS = Made(
    {
        "large JPEG": lambda: jpeg_of(size=LARGE),
        "JPEG of 300 scans": lambda: jpeg_of(scans=300),
        "large PNG": lambda: png_of(LARGE),
        "PNG of 16 bits": lambda: png_of((6000, 5000), depth=16, colour_type=6),
    }
)


@pytest.fixture
def http_camera(socket_enabled: None) -> Iterator[HttpCamera]:
    camera = HttpCamera()
    yield camera
    camera.close()


def test_bombs_are_otherwise_valid() -> None:
    """Otherwise they would be rejected as damaged."""
    assert decode_still(jpeg_of()).width == 64
    assert decode_still(jpeg_of(scans=64)).width == 64
    assert decode_still(png_of((64, 64), depth=16, colour_type=6)).width == 64


@pytest.mark.parametrize("bomb", BOMBS)
def test_still_bomb_is_rejected(bomb: str, tmp_path: Path) -> None:
    with pytest.raises(PictureTooLargeError):
        decode_still(BOMBS[bomb])
    path = tmp_path / "still"
    path.write_bytes(BOMBS[bomb])
    with pytest.raises(PictureTooLargeError):
        still_thumbnail(path)


def test_limit_is_on_pixels_not_sides() -> None:
    assert still_extension(jpeg_of(size=(9000, 4000))) == "jpg"
    assert MAX_PIXELS == 9000 * 4000
    with pytest.raises(PictureTooLargeError):
        still_extension(jpeg_of(size=(9000, 4001)))
    assert still_extension(png_of((9000, 4000))) == "png"


def test_exif_thumbnail_is_skipped() -> None:
    inside = b"\xff\xda" * 300
    segment = b"\xff\xe1" + (len(inside) + 2).to_bytes(2) + inside
    still = jpeg_of()
    check_markers(still[:2] + segment + still[2:])


@pytest.mark.parametrize("marker", [b"\xff\xf0", b"\xff\xdf", b"\xff\xdc"])
def test_scans_inside_parsed_segments_are_counted(marker: bytes) -> None:
    inside = b"\xff\xda\0\x02" * 300
    segment = marker + (len(inside) + 2).to_bytes(2) + inside
    with pytest.raises(PictureTooLargeError):
        check_markers(jpeg_of()[:2] + segment + jpeg_of()[2:])
    with pytest.raises(PictureTooLargeError):
        # A comment that is longer than the file is parsed as well.
        check_markers(jpeg_of()[:2] + b"\xff\xfe\xff\xff" + inside)


def test_repeated_frame_headers_are_rejected() -> None:
    with pytest.raises(InvalidFrameError):
        decode_still(jpeg_of(frames=2))
    with pytest.raises(PictureTooLargeError):
        check_markers(jpeg_of(frames=3))


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_compressed_png_text_is_not_inflated(kind: bytes) -> None:
    still = png_of((64, 64), more=chunk(kind, b"a\0\0" + zeros(400_000_000)))
    before = peak()
    with contextlib.suppress(InvalidFrameError):
        decode_still(still)
    assert peak() - before < 100_000_000


def peak() -> int:
    """Return the peak memory of this process in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def test_oversized_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "20260102T030405.000Z.jpg"
    path.write_bytes(good_jpeg(1))
    thumbnails = Thumbnails(tmp_path / THUMBNAILS, still_thumbnail)
    small = thumbnails.get(path)
    # Sparse: takes no disk space.
    os.truncate(tmp_path / THUMBNAILS / f"{path.name}.jpg", 1 << 40)
    assert thumbnails.get(path) == small
    os.truncate(path, 1 << 40)
    with pytest.raises(PictureTooLargeError):
        still_thumbnail(path)
    library = MediaLibrary(tmp_path, extensions=("jpg",))
    library.load()
    with pytest.raises(PictureTooLargeError):
        library.read(path.name)
    with pytest.raises(TimelapseEmptyError):
        make_timelapse([path], tmp_path / "20260102T030405.000Z.mp4")


def test_timelapse_skips_bombs(tmp_path: Path) -> None:
    narrow = jpeg_of(size=(8, 60000))
    pictures = [*BOMBS.values(), narrow, good_jpeg(1)]
    paths = [tmp_path / str(number) for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        path.write_bytes(picture)
    film = tmp_path / "20260102T030405.000Z.mp4"
    with ThreadPoolExecutor(1) as pool:
        # At this width, the narrow image would be 480,000 pixels high.
        made = pool.submit(make_timelapse, paths, film, fps=10, width=64).result()
    assert (made.frames, made.skipped) == (1, len(BOMBS) + 1)


@pytest.mark.parametrize(
    ("film", "size"),
    [
        (lambda kind: film_of([BOMBS["large JPEG"]] * 3, LARGE, kind), LARGE),
        (lambda kind: film_of([BOMBS["JPEG of 300 scans"]] * 3, (64, 64), kind), (64, 64)),
        (lambda kind: plain(kind, 8256, 4376, 3), (8256, 4376)),
    ],
    ids=["large MJPEG", "MJPEG of 300 scans", "large H.264"],
)
def test_bombs_in_a_video_are_not_decoded(
    film: Callable[[str], bytes], size: tuple[int, int], http_camera: HttpCamera, tmp_path: Path
) -> None:
    data = film("matroska")
    with pytest.raises(PictureTooLargeError):
        probe(http_camera.url("/film.mkv", 200, data), {}, threading.Event())
    path = tmp_path / "film.mp4"
    path.write_bytes(film("mp4"))
    with pytest.raises(InvalidFrameError):
        clip_thumbnail(path)
    clock = Clock()
    ring = SegmentRing(1e6, 1 << 30, clock, clock.wall)
    feed(ring, cut(data, low_latency=False, min_segment=0.03), clock)
    keyframe = ring.newest_keyframe
    assert keyframe is not None
    assert keyframe.segment.video is not None
    with pytest.raises(DecodeError):
        KeyframeDecoder().decode(keyframe.segment, keyframe.part, 1)
    with av.open(str(path)) as container:
        # Only the size is rejected.
        assert (container.streams.video[0].width, container.streams.video[0].height) == size
