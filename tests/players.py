"""Players as processes of their own, and what they decode."""

import asyncio
import contextlib
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
from typing import Final

import numpy as np

from .missing import missing
from .pattern_reader import read_frame_number

_WIDTH: Final = 320
_HEIGHT: Final = 180
_NOBODY: Final = 65534
_PATIENCE: Final = 90
"""Seconds after which a player that shows nothing more is ended."""
_GRAY: Final = f"video/x-raw,format=GRAY8,width={_WIDTH},height={_HEIGHT}"
_TO_OUTPUT: Final = ("!", "videoconvert", "!", "videoscale", "!", _GRAY, "!", "fdsink", "fd=1")


@dataclass(frozen=True, slots=True)
class Player:
    """A program that writes frames of 320x180 to its standard output, one byte per pixel."""

    command: tuple[str, ...]
    """`{url}` stands for the URL."""
    package: str
    """Debian's."""
    frame_header: bytes = b""
    """What is written before each frame; the first one comes after a line of its own."""
    refuses_root: bool = False
    repeats: bool = False
    """Whether a frame that stays is written again."""

    def arguments(self, url: str) -> list[str]:
        """Return the command line. Without the program, the test is skipped, or fails in CI."""
        if shutil.which(self.command[0]) is None:
            missing(f"{self.command[0]} (package {self.package})")
        return [argument.format(url=url) for argument in self.command]


def _ffmpeg(*options: str) -> Player:
    command = (
        *("ffmpeg", "-v", "error", "-nostdin", *options, "-i", "{url}", "-map", "0:v:0"),
        *("-vsync", "passthrough", "-vf", f"scale={_WIDTH}:{_HEIGHT}"),
        *("-f", "rawvideo", "-pix_fmt", "gray", "-"),
    )
    return Player(command, "ffmpeg")


def _mpv(*options: str) -> Player:
    command = (
        *("mpv", "--no-config", "--msg-level=all=error", "--no-audio", *options),
        *(f"--vf=scale={_WIDTH}:{_HEIGHT},format=gray", "--of=rawvideo", "--ovc=rawvideo"),
        *("--o=-", "{url}"),
    )
    return Player(command, "mpv")


def _gstreamer(*source: str) -> Player:
    return Player(("gst-launch-1.0", "-q", *source, *_TO_OUTPUT), "gstreamer1.0-tools")


_VLC: Final = Player(
    (
        *("cvlc", "--intf", "dummy", "--quiet", "--no-audio", "--no-video-title-show"),
        *(
            "--no-drop-late-frames",
            "--no-skip-frames",
            "--no-avcodec-hurry-up",
            "--play-and-exit",
            "--vout",
            "yuv",
            "--yuv-chroma",
            "GREY",
        ),
        *("--yuv-file", "/dev/stdout", "{url}"),
    ),
    "vlc-bin",
    frame_header=b"FRAME\n",
    refuses_root=True,
    repeats=True,
)
PLAYERS: Final = {
    "FFmpeg": _ffmpeg(),
    "mpv": _mpv(),
    "GStreamer": _gstreamer("uridecodebin", "uri={url}"),
    "GStreamer's playbin3": _gstreamer("uridecodebin3", "uri={url}"),
    "VLC": _VLC,
}
"""GStreamer has two demuxers of HLS: `hlsdemux`, and `hlsdemux2` in its playbin3."""
FROM_START: Final = {
    "FFmpeg": _ffmpeg("-prefer_x_start", "1"),
    "mpv": _mpv("--demuxer-lavf-o=prefer_x_start=1"),
}
"""Players that can begin where an open playlist asks them to."""
MJPEG_PLAYERS: Final = {
    "FFmpeg": _ffmpeg(),
    "mpv": _mpv(),
    "GStreamer": _gstreamer(
        *("souphttpsrc", "location={url}", "!", "multipartdemux", "!", "jpegdec")
    ),
    "VLC": _VLC,
}
"""GStreamer's `uridecodebin` shows nothing of a multipart stream until it has buffered 2 MB."""


async def decoded(player: Player, url: str, count: int | None = None) -> list[int]:
    """Play, and return the frame numbers of the first `count` frames, or of all until the end."""
    arguments = player.arguments(url)
    reader, writer = os.pipe()
    as_nobody = player.refuses_root and os.geteuid() == 0
    if as_nobody:
        os.fchown(writer, _NOBODY, -1)  # it opens its output by name
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writer,
            stderr=asyncio.subprocess.PIPE,
            user=_NOBODY if as_nobody else None,
            extra_groups=[] if as_nobody else None,
        )
    finally:
        os.close(writer)
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(_PATIENCE):
            numbers = await _numbers(player, reader, count)
            if count is None:
                assert await process.wait() == 0, (await errors).decode()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    assert len(numbers) == (count or len(numbers)), (await errors).decode()
    return numbers


async def saved(url: str, path: Path, seconds: float, *options: str) -> Path:
    """Save what a URL plays, unchanged, by FFmpeg; return the path, whose suffix tells the format.

    `options` come before the input.
    """
    if shutil.which("ffmpeg") is None:
        missing("ffmpeg (package ffmpeg)")
    process = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-v", "error", "-nostdin", *options, "-i", url, "-t", str(seconds)),
        *("-map", "0", "-c", "copy", "-y", str(path)),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            _, errors = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    assert process.returncode == 0, errors.decode()
    return path


async def _numbers(player: Player, pipe: int, count: int | None) -> list[int]:
    """Read the frame numbers of `count` frames from a pipe, or all, and close it."""
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(pipe, "rb")
    )
    numbers: list[int] = []
    try:
        if player.frame_header:
            await stream.readline()
        while len(numbers) != count:
            try:
                data = await stream.readexactly(len(player.frame_header) + _WIDTH * _HEIGHT)
            except asyncio.IncompleteReadError as error:
                if error.partial:
                    raise
                break
            frame = np.frombuffer(data, np.uint8, offset=len(player.frame_header))
            number = read_frame_number(frame.reshape(_HEIGHT, _WIDTH))
            assert number is not None
            if not (player.repeats and numbers[-1:] == [number]):
                numbers.append(number)
    finally:
        transport.close()
    return numbers


async def decoded_by_ffmpeg(url: str, *options: str) -> list[int]:
    """Decode video by FFmpeg, and return the frame numbers; each frame that it shows, once.

    `options` come before the input.
    """
    return await decoded(_ffmpeg(*options), url)
