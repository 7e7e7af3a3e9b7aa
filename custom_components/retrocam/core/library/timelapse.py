"""Stills to an H.264 MP4 that every browser plays, without taking the machine from anybody.

The pictures are read, decoded, letterboxed and encoded one after the other in the caller's thread,
which must be one of its own: its priority is lowered for good, and with it that of the encoder's
threads, which inherit it. The file is written beside its final place and renamed when it is whole,
its index at the front ("fast start"), so that it plays before it is loaded.
"""

from collections.abc import Buffer, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from io import FileIO
import os
from pathlib import Path
import sys
import threading
from typing import Final, override

import av
from av.container import OutputContainer
from av.video.frame import PictureType
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
)
from av.video.stream import VideoStream

from ..errors import (
    InvalidFrameError,
    PictureTooLargeError,
    TimelapseCancelledError,
    TimelapseEmptyError,
)
from ..files import (
    create_file,
    file_size,
    open_regular,
    publish,
    read_picture,
    storage_error,
    storage_errors,
    write_all,
)
from ..frames.geometry import even
from ..frames.image_codec import decode_still
from ..frames.letterbox import Fitter
from ..frames.limits import check_pixels
from .files import partial_path

PRESET: Final = "veryfast"
"""Of libx264: twice the size of `slow` for a fifth of its time."""
CRF: Final = 23
"""Quality for libx264; its default, at which artefacts are hard to see."""
MAX_WIDTH: Final = 4096
"""Pixels; the widest that the hardware decoders of browsers take for H.264."""
_MAX_HEIGHT: Final = 16384
"""Pixels; the most that x264 takes."""

_NICE: Final = 10


@dataclass(frozen=True, slots=True)
class Timelapse:
    """A finished timelapse."""

    path: Path
    """The MP4."""
    frames: int
    """Pictures in it."""
    skipped: int
    """Pictures left out, since they were damaged or gone."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    duration: float
    """Seconds."""
    size: int
    """Bytes."""


def make_timelapse(
    pictures: Iterable[Path],
    path: Path,
    *,
    fps: int = 25,
    width: int = 0,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> Timelapse:
    """Make an MP4 of JPEG and PNG files, in their order; blocks for long.

    Call it in a thread of its own, as the priority of the calling one stays lowered. `width` 0 is
    that of the first good picture, whose aspect is the film's. `progress(done, total)` is called in
    this thread whenever another percent is done. When `stop` is set, it ends within a picture.

    Raises TimelapseEmptyError without a good picture, TimelapseCancelledError after `stop`,
    StorageError when the file cannot be written, ValueError for an fps outside 1 to 60 or a width
    outside 0 and 64 to 4096. No file is left then.
    """
    if not 1 <= fps <= 60 or (width and not 64 <= width <= MAX_WIDTH):
        msg = f"a timelapse with {fps} frames a second, {width} pixels wide"
        raise ValueError(msg)
    lower_priority()
    paths = tuple(pictures)
    partial = partial_path(path)
    film = _Film(partial, fps, width)
    try:
        with storage_errors():
            _show_all(film, paths, _Percent(len(paths), progress), stop)
            film.close()
            publish(partial, path, sync=True)
            size = file_size(path)
    except BaseException:
        film.abandon()
        raise
    return Timelapse(
        path, film.frames, film.skipped, *film.size, duration=film.frames / fps, size=size
    )


def lower_priority() -> None:
    """Let every other thread go before the calling one, where the system knows that (Linux)."""
    if sys.platform == "linux":
        # Refused in some sandboxes: then the timelapse only competes a bit more.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _show_all(
    film: _Film, paths: tuple[Path, ...], report: _Percent, stop: threading.Event | None
) -> None:
    for done, picture in enumerate(paths, 1):
        if stop is not None and stop.is_set():
            raise TimelapseCancelledError(f"stopped after {film.frames} pictures")
        film.show(picture)
        report(done)


class _Percent:
    """Reports each whole percent once."""

    def __init__(self, total: int, progress: Callable[[int, int], None] | None) -> None:
        self._total = total
        self._progress = progress
        self._percent = 0

    def __call__(self, done: int) -> None:
        percent = done * 100 // self._total
        if self._progress is not None and percent > self._percent:
            self._percent = percent
            self._progress(done, self._total)


class _Output(FileIO):
    """A file as FFmpeg writes it: a write that returns has written all."""

    @override
    def write(self, data: Buffer) -> int:
        """Write all of the data and return its bytes. Raises OSError."""
        write_all(self.fileno(), data)
        return len(memoryview(data))


class _Film:
    """The MP4 that is being written; opened by the first good picture."""

    def __init__(self, partial: Path, fps: int, width: int) -> None:
        self.frames = 0
        self.skipped = 0
        self._partial = partial
        self._fps = fps
        self._width = width
        self._fitter: Fitter | None = None
        self._container: OutputContainer | None = None
        self._file: _Output | None = None
        self._stream: VideoStream | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return (self._fitter.width, self._fitter.height) if self._fitter else (0, 0)

    def show(self, picture: Path) -> None:
        """Add one picture, or count it as skipped."""
        try:
            frame = decode_still(read_picture(picture))
            self._fitter = self._fitter or self._fitter_of(frame)
        except InvalidFrameError, OSError:
            self.skipped += 1
            return
        fitted = self._fitter.fit(frame)
        fitted.pts, fitted.time_base = self.frames, Fraction(1, self._fps)
        # A still is a keyframe by itself, and would make the encoder write nothing but keyframes.
        fitted.pict_type = PictureType.NONE
        with _muxing():
            if self._stream is None:
                self._stream = self._open(self._fitter)
            self._mux(self._stream, fitted)
        self.frames += 1

    def _fitter_of(self, frame: av.VideoFrame) -> Fitter:
        """Return a fitter in the shape of the first picture. Raises PictureTooLargeError."""
        width = self._width or min(frame.width, MAX_WIDTH)
        width, height = even(width), even(width * frame.height / frame.width)
        # A picture may be within the limit and so narrow that it is not, once it is as wide as this.
        check_pixels(width, height)
        if height > _MAX_HEIGHT:
            raise PictureTooLargeError(f"a film of {width}x{height} pixels")
        # Converting to BT.709 would cost a way through RGB: the film says that it is BT.601.
        return Fitter(width, height, Colorspace.ITU601)

    def close(self) -> None:
        """Write what the encoder still holds, and the index at the front."""
        if self._stream is None or self._container is None:
            raise TimelapseEmptyError(f"none of {self.skipped} pictures can be shown")
        with _muxing():
            self._mux(self._stream, None)
            self._container.close()
        if self._file is not None:
            self._file.close()

    def abandon(self) -> None:
        """Remove the file; the error that led here is the one to be told."""
        if self._container is not None:
            with suppress(av.FFmpegError, OSError):
                self._container.close()
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
            self._partial.unlink()

    def _open(self, fitter: Fitter) -> VideoStream:
        # By descriptor: FFmpeg would follow a link in the file's place.
        self._file = _Output(create_file(self._partial), "w")
        self._container = av.open(
            self._file,
            "w",
            format="mp4",
            container_options={"movflags": "faststart"},
            io_open=self._open_again,
        )
        options = {"preset": PRESET, "crf": str(CRF)}
        stream = self._container.add_stream("libx264", rate=self._fps, options=options)
        stream.width, stream.height, stream.pix_fmt = fitter.width, fitter.height, "yuv420p"
        context = stream.codec_context
        # Half of the processors, so that the rest of the house does not wait; fewer also waste less.
        context.thread_count = max(1, (os.process_cpu_count() or 1) // 2)
        context.gop_size = 2 * self._fps
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU601
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return stream

    def _open_again(self, url: str, flags: int, options: dict[str, str]) -> FileIO:
        """Give the muxer the file to read, as it moves the samples to put the index in front."""
        return FileIO(open_regular(self._partial))

    def _mux(self, stream: VideoStream, frame: av.VideoFrame | None) -> None:
        if self._container is not None:
            self._container.mux(stream.encode(frame))


@contextmanager
def _muxing() -> Iterator[None]:
    """Turn what FFmpeg says about a file that cannot be written into a StorageError."""
    try:
        yield
    except av.FFmpegError as error:
        raise storage_error(OSError(error.errno, str(error))) from error
