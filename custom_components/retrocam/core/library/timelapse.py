"""Encoding stills to an H.264 MP4 that browsers play, at low priority.

Images are read, decoded, letterboxed and encoded one after the other in the caller's thread, which
must be its own: its priority stays lowered, and with it that of the encoder's threads, which inherit
it. The file is written beside its final place and renamed when complete, its index at the front
("fast start"), so that playback starts before the whole file is loaded.
"""

from collections.abc import Buffer, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
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
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from ..errors import (
    InvalidFrameError,
    PictureTooLargeError,
    TimelapseCancelledError,
    TimelapseEmptyError,
)
from ..files import (
    commit_file,
    create_file,
    open_regular,
    read_image,
    storage_error,
    storage_errors,
    write_all,
)
from ..frames.geometry import even
from ..frames.image_codec import decode_still
from ..frames.image_limits import check_pixels
from ..frames.letterbox import Letterboxer
from .files import parse_name, partial_path

PRESET: Final = "veryfast"
"""For libx264: twice the size of `slow` for a fifth of its time."""
CRF: Final = 23
"""Quality for libx264; its default, at which artefacts are hard to see."""
MAX_WIDTH: Final = 4096
"""Pixels; the limit of hardware H.264 decoders in browsers."""
_MAX_HEIGHT: Final = 16384
"""Pixels; the limit of x264."""

_NICE: Final = 10


@dataclass(frozen=True, slots=True)
class Timelapse:
    """A finished timelapse."""

    path: Path
    """The MP4."""
    frames: int
    skipped: int
    """Images left out because they were damaged or missing."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    duration: float
    """Seconds."""


def make_timelapse(
    images: Iterable[Path],
    path: Path,
    *,
    fps: int = 25,
    width: int = 0,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
    title: str = "",
) -> Timelapse:
    """Make an MP4 of JPEG and PNG files, in the given order. Blocks for long.

    Call it in a thread of its own, whose priority stays lowered. `width` 0 is that of the first valid
    image, whose aspect ratio the video has. `progress(done, total)` is called in this thread with each
    further percent. When `stop` is set, it ends within one image. The header tells the time of the
    path's name and `title`.

    Raises TimelapseEmptyError without a valid image, TimelapseCancelledError after `stop`,
    StorageError if the file cannot be written, ValueError for an fps outside 1 to 60 or a width
    outside 0 and 64 to 4096. No file is left then.
    """
    writer = TimelapseWriter(path, fps=fps, width=width, title=title)
    try:
        _write_all(writer, tuple(images), progress, stop or threading.Event())
        return writer.finish()
    except BaseException:
        writer.abort()
        raise


class TimelapseWriter:
    """Makes a timelapse picture by picture.

    All methods block, one thread at a time, whose priority stays lowered. At the end call `finish` or
    `abort`.
    """

    def __init__(self, path: Path, *, fps: int = 25, width: int = 0, title: str = "") -> None:
        """Take the arguments of `make_timelapse`. Raises ValueError as it does."""
        if not 1 <= fps <= 60 or (width and not 64 <= width <= MAX_WIDTH):
            msg = f"a timelapse with {fps} frames a second, {width} pixels wide"
            raise ValueError(msg)
        self._path = path
        self._fps = fps
        self._encoder = _Encoder(partial_path(path), fps, width, _metadata(path, title))
        self.skipped = 0
        """Pictures left out; the caller counts those that it cannot read."""

    @property
    def frames(self) -> int:
        """Pictures written."""
        return self._encoder.frames

    def check(self, stop: threading.Event) -> None:
        """Raise TimelapseCancelledError if `stop` is set."""
        if stop.is_set():
            raise TimelapseCancelledError(f"stopped after {self.frames} frames")

    def add(self, frame: av.VideoFrame) -> None:
        """Add an upright picture, or count one that is too large as skipped. Raises StorageError."""
        _lower_priority()
        try:
            with storage_errors():
                self._encoder.add(frame)
        except PictureTooLargeError:
            self.skipped += 1

    def finish(self) -> Timelapse:
        """Complete the file. Raises StorageError, TimelapseEmptyError without a picture."""
        encoder = self._encoder
        if not encoder.frames:
            raise TimelapseEmptyError(f"none of {self.skipped} images can be shown")
        with storage_errors():
            encoder.close()
            commit_file(partial_path(self._path), self._path, sync=True)
        duration = encoder.frames / self._fps
        return Timelapse(self._path, encoder.frames, self.skipped, *encoder.size, duration=duration)

    def abort(self) -> None:
        """Remove the file."""
        self._encoder.abort()


def _metadata(path: Path, title: str) -> dict[str, str]:
    """Return the metadata of the header."""
    metadata = {"title": title.encode(errors="replace").decode()} if title else {}
    if (parsed := parse_name(path.name)) is not None:
        metadata["creation_time"] = (
            f"{datetime.fromtimestamp(parsed[0] / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
        )
    return metadata


def _lower_priority() -> None:
    """Lower the priority of the calling thread, where the system supports that (Linux)."""
    if sys.platform == "linux":
        # Refused in some sandboxes: then the timelapse competes a bit more.
        with suppress(OSError):
            thread = threading.get_native_id()
            # Home Assistant itself may have a lower one.
            nice = max(_NICE, os.getpriority(os.PRIO_PROCESS, thread))
            os.setpriority(os.PRIO_PROCESS, thread, nice)


def _write_all(
    writer: TimelapseWriter,
    paths: tuple[Path, ...],
    progress: Callable[[int, int], None] | None,
    stop: threading.Event,
) -> None:
    percent, total = 0, len(paths)
    for done, image in enumerate(paths, 1):
        writer.check(stop)
        try:
            frame = decode_still(read_image(image))
        except InvalidFrameError, OSError:
            writer.skipped += 1
        else:
            writer.add(frame)
        if progress is not None and done * 100 // total > percent:
            percent = done * 100 // total
            progress(done, total)
    writer.check(stop)


class _Output(FileIO):
    """A file for FFmpeg, which expects each write to be complete."""

    @override
    def write(self, data: Buffer) -> int:
        """Write all of the data; return its bytes. Raises OSError."""
        write_all(self.fileno(), data)
        return len(memoryview(data))


class _Encoder:
    """Writes the MP4; opened by the first picture."""

    def __init__(self, partial: Path, fps: int, width: int, metadata: dict[str, str]) -> None:
        self.frames = 0
        self._partial = partial
        self._fps = fps
        self._width = width
        self._metadata = metadata
        self._letterboxer: Letterboxer | None = None
        self._file: _Output | None = None
        self._output: tuple[OutputContainer, VideoStream] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return (self._letterboxer.width, self._letterboxer.height) if self._letterboxer else (0, 0)

    def add(self, frame: av.VideoFrame) -> None:
        """Encode one picture. Raises PictureTooLargeError."""
        self._letterboxer = self._letterboxer or self._letterboxer_for(frame)
        fitted = self._letterboxer.fit(frame)
        fitted.pts, fitted.time_base = self.frames, Fraction(1, self._fps)
        # A decoded still is marked as a keyframe, and would make the encoder write keyframes only.
        fitted.pict_type = PictureType.NONE
        with _muxing():
            self._output = self._output or self._open(self._letterboxer)
            container, stream = self._output
            container.mux(stream.encode(fitted))
        self.frames += 1

    def _letterboxer_for(self, frame: av.VideoFrame) -> Letterboxer:
        """Return a letterboxer in the shape of the first image. Raises PictureTooLargeError."""
        width = self._width or min(frame.width, MAX_WIDTH)
        width, height = even(width), even(width * frame.height / frame.width)
        # A narrow image within the limit may exceed it when scaled up to this width.
        check_pixels(width, height)
        if height > _MAX_HEIGHT:
            raise PictureTooLargeError(f"a timelapse of {width}x{height} pixels")
        # Converting to BT.709 would cost a conversion to RGB: the MP4 is marked as BT.601.
        return Letterboxer(width, height, Colorspace.ITU601)

    def close(self) -> None:
        """Flush the encoder, and write the index to the front."""
        assert self._output is not None  # noqa: S101  # there is a picture
        container, stream = self._output
        with _muxing():
            container.mux(stream.encode(None))
            container.close()
        if self._file is not None:
            self._file.close()

    def abort(self) -> None:
        """Remove the file, ignoring errors: the caller raises the one that led here."""
        if self._output is not None:
            with suppress(av.FFmpegError, OSError):
                self._output[0].close()
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
            self._partial.unlink()

    def _open(self, letterboxer: Letterboxer) -> tuple[OutputContainer, VideoStream]:
        # By descriptor: FFmpeg would follow a link in the file's place.
        self._file = _Output(create_file(self._partial), "w")
        container = av.open(
            self._file,
            "w",
            format="mp4",
            container_options={"movflags": "faststart"},
            # The muxer reads the file while it moves the samples behind the index.
            io_open=lambda _url, _flags, _options: FileIO(open_regular(self._partial)),
        )
        container.metadata.update(self._metadata)
        options = {"preset": PRESET, "crf": str(CRF)}
        stream = container.add_stream("libx264", rate=self._fps, options=options)
        stream.width, stream.height = letterboxer.width, letterboxer.height
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        # Half of the processors, which leaves the rest to Home Assistant and wastes less.
        context.thread_count = max(1, (os.process_cpu_count() or 1) // 2)
        context.gop_size = 2 * self._fps
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU601
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return container, stream


@contextmanager
def _muxing() -> Iterator[None]:
    """Turn an FFmpeg error about a file that cannot be written into a StorageError."""
    try:
        yield
    except av.FFmpegError as error:
        raise storage_error(OSError(error.errno, str(error))) from error
