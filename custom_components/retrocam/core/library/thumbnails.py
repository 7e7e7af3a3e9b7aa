"""Thumbnails of media files: JPEGs, each made when it is first requested.

Most images of a history are never viewed, so a thumbnail of each would be work, space and wear of
flash for nothing. They are kept in a folder below the media, under the name of the file and `.jpg`.
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

from ..errors import InvalidFrameError, PictureTooLargeError
from ..files import folder_status, open_regular, read_image
from ..frames.image_codec import decode_still
from ..frames.image_limits import PIXEL_LIMIT, check_packet
from ..frames.jpeg import encode
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
"""Makes a small JPEG of a file. Blocks. Raises OSError, or InvalidFrameError."""


class Thumbnails:
    """The thumbnails of one library. All methods block; one thumbnail is made at a time."""

    def __init__(self, directory: Path, make: Thumbnailer) -> None:
        """Use `directory`, which is created with the first thumbnail."""
        self._directory = directory
        self._make = make
        self._lock = threading.Lock()

    def get(self, path: Path) -> bytes:
        """Return the thumbnail of a media file, from the disk or newly made.

        Raises OSError if the file cannot be read, InvalidFrameError if it cannot be decoded.
        """
        cached = self._path(path.name)
        with self._lock:
            with suppress(OSError, PictureTooLargeError):
                # It is not synced when it is written: a power cut may leave it without content.
                if data := read_image(cached):
                    return data
            data = self._make(path)
            # One that cannot be kept is made again next time.
            with suppress(OSError):
                cached.parent.mkdir(exist_ok=True)
                folder_status(cached.parent)
                write_atomic(cached, data)
        return data

    def discard(self, name: str) -> None:
        """Delete the thumbnail of a media file, if there is one. Raises OSError."""
        with suppress(FileNotFoundError):
            # A linked folder has the thumbnails of others.
            folder_status(self._directory)
            self._path(name).unlink()

    def orphans(self, index: MediaIndex) -> list[Path]:
        """Return partial thumbnails, and those of files not in the index. Raises OSError."""
        return orphans(self._directory, _SUFFIX, index)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}{_SUFFIX}"


def still_thumbnail(path: Path) -> bytes:
    """Make a JPEG, 320 pixels wide or less, of a still, upright. A Thumbnailer."""
    return encode(decode_still(read_image(path), min_width=WIDTH), width=WIDTH, quality=_QUALITY)


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    for packet in container.demux(stream):
        check_packet(stream.codec_context.name, memoryview(packet))
        yield from packet.decode()


def clip_thumbnail(path: Path) -> bytes:
    """Make a JPEG, 320 pixels wide or less, of an MP4's first frame, oriented as players show it.

    A Thumbnailer.
    """
    try:
        # Only as an MP4: other demuxers open further files and URLs named in the file.
        with (
            os.fdopen(open_regular(path), "rb") as file,
            av.open(file, "r", format="mp4", options=dict(PIXEL_LIMIT)) as container,
        ):
            stream = container.streams.video[0]
            codec: VideoCodecContext | None = stream.codec_context
            if codec is None:
                raise InvalidFrameError(f"{path.name} has video in no known codec")
            codec.thread_count = 1
            codec.options = dict(PIXEL_LIMIT)
            frame = next(_frames(container, stream))
            frame = orient(frame, displayed_orientation(frame))
            return encode(frame, width=WIDTH, quality=_QUALITY)
    except (av.FFmpegError, IndexError, StopIteration) as error:
        raise InvalidFrameError(f"{path.name} cannot be decoded: {error}") from error
    except OSError as error:
        # Boxes of a damaged file lead to before its beginning: that is not an error of the disk.
        if error.errno != errno.EINVAL:
            raise
        raise InvalidFrameError(f"{path.name} cannot be decoded: {error}") from error
