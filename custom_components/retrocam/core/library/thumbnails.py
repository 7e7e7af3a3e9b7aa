"""Small JPEGs of media files, each made once, when somebody first looks at it.

Most pictures of a history are never looked at, so that a thumbnail made with each one would be
work, space and wear of flash for nothing. They live in a folder of their own below the media, under
the name of the file and `.jpg`.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
import errno
import os
from pathlib import Path
import threading
from typing import Final

import av
from av import VideoCodecContext, VideoStream
from av.container import InputContainer
import simplejpeg

from ..errors import InvalidFrameError, PictureTooLargeError
from ..files import folder_status, open_regular, read_picture
from ..frames.image_codec import decode_still, still_extension
from ..frames.jpeg import encode
from ..frames.limits import PIXEL_LIMIT, check_markers, check_packet
from ..frames.orientation import displayed_orientation, orient
from .files import write_atomic
from .index import MediaIndex
from .scan import orphans

THUMBNAILS: Final = ".thumbnails"
"""The folder's name."""

WIDTH: Final = 320
"""Pixels."""

_QUALITY: Final = 75
_SUFFIX: Final = ".jpg"

type Thumbnailer = Callable[[Path], bytes]
"""Makes a small JPEG of a file; blocks. Raises OSError, and InvalidFrameError when it cannot."""


class Thumbnails:
    """The thumbnails of one library. All methods block; one thumbnail is made at a time."""

    def __init__(self, directory: Path, make: Thumbnailer) -> None:
        """Name their folder, which is made with the first one."""
        self._directory = directory
        self._make = make
        self._lock = threading.Lock()

    def get(self, path: Path) -> bytes:
        """Give the thumbnail of a media file, from the disk or a new one.

        Raises OSError when the file cannot be read, InvalidFrameError when it cannot be decoded.
        """
        small = self._path(path.name)
        with self._lock:
            with suppress(OSError, PictureTooLargeError):
                # It is not synced when it is written: a power cut may leave it without content.
                if kept := read_picture(small):
                    return kept
            data = self._make(path)
            # It can be shown all the same when it cannot be kept: it is made again next time.
            with suppress(OSError):
                small.parent.mkdir(exist_ok=True)
                folder_status(small.parent)
                write_atomic(small, data)
        return data

    def discard(self, name: str) -> None:
        """Delete the thumbnail of a media file, if there is one. Raises OSError."""
        with suppress(FileNotFoundError):
            # A linked folder holds the thumbnails of others.
            folder_status(self._directory)
            self._path(name).unlink()

    def orphans(self, index: MediaIndex) -> list[Path]:
        """List thumbnails whose file is not in the index, and unfinished ones. Raises OSError."""
        return orphans(self._directory, _SUFFIX, index)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}{_SUFFIX}"


def still_thumbnail(path: Path) -> bytes:
    """Make a JPEG, 320 pixels wide or less, of a JPEG or PNG file. A Thumbnailer."""
    data = read_picture(path)
    if still_extension(data) != "jpg":
        return encode(decode_still(data), width=WIDTH, quality=_QUALITY)
    check_markers(data)
    try:
        # A JPEG is decoded at 1/2, 1/4 or 1/8 of its size for less than the whole would cost.
        rgb = simplejpeg.decode_jpeg(data, min_width=WIDTH, min_height=1)
    except ValueError as error:
        raise InvalidFrameError(f"{path.name} cannot be decoded: {error}") from error
    return encode(av.VideoFrame.from_ndarray(rgb, "rgb24"), width=WIDTH, quality=_QUALITY)


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    for packet in container.demux(stream):
        check_packet(stream.codec_context.name, memoryview(packet))
        yield from packet.decode()


def clip_thumbnail(path: Path) -> bytes:
    """Make a JPEG, 320 pixels wide or less, of an MP4's first picture, turned as players show it.

    A Thumbnailer.
    """
    try:
        # Only as an MP4: other demuxers open further files and URLs that the file names.
        with (
            os.fdopen(open_regular(path), "rb") as file,
            av.open(file, "r", format="mp4", options=dict(PIXEL_LIMIT)) as container,
        ):
            stream = container.streams.video[0]
            codec: VideoCodecContext | None = stream.codec_context
            if codec is None:
                raise InvalidFrameError(f"{path.name} has a picture of no known codec")
            codec.thread_count = 1
            codec.options = dict(PIXEL_LIMIT)
            frame = next(_frames(container, stream))
            frame = orient(frame, displayed_orientation(frame))
            return encode(frame, width=WIDTH, quality=_QUALITY)
    except (av.FFmpegError, IndexError, StopIteration) as error:
        raise InvalidFrameError(f"{path.name} cannot be decoded: {error}") from error
    except OSError as error:
        # Boxes of a damaged file lead to before its beginning; that is no fault of the disk.
        if error.errno != errno.EINVAL:
            raise
        raise InvalidFrameError(f"{path.name} cannot be decoded: {error}") from error
