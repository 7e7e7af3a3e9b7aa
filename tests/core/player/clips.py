"""Clips of the test pattern: a flash and a beep each second, and a number in each frame."""

from fractions import Fraction
from functools import cache
import io
from pathlib import Path
import subprocess
import tempfile
from typing import Any

import av
import numpy as np

from custom_components.retrocam.core.pattern.marks import beep
from custom_components.retrocam.core.pattern.picture import TestPattern

RATE = 48_000


@cache
def clip(
    seconds: float = 3.0,
    *,
    kind: str = "mp4",
    fps: int = 25,
    video: str | None = "libx264",
    audio: str | None = "aac",
    pixels: str = "yuv420p",
    layout: str = "mono",
    audio_seconds: float | None = None,
    options: tuple[tuple[str, str], ...] = (),
    gop: int = 25,
    jitter: bool = False,
    rotation: int = 0,
) -> bytes:
    """Return an encoded clip.

    `jitter` varies frame durations by up to a half; `rotation` is the display matrix's, in degrees
    counter-clockwise.
    """
    output = io.BytesIO()
    output.name = f"clip.{kind}"
    with av.open(output, "w", format=kind, options=dict(options)) as container:
        video_stream: Any = None
        audio_stream: Any = None
        if video is not None:
            video_stream = container.add_stream(video, rate=fps)
            video_stream.width, video_stream.height, video_stream.pix_fmt = 320, 180, pixels
            video_stream.codec_context.gop_size = gop
            if rotation:
                video_stream.set_display_rotation(rotation)
            video_stream.codec_context.time_base = Fraction(1, fps * 4)
            if video == "libx264":
                video_stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        if audio is not None:
            audio_stream = container.add_stream(audio, rate=RATE, layout=layout)
        pattern = TestPattern(320, 180, fps)
        samples = 0
        for number in range(round(seconds * fps)):
            end = (number + 1) * RATE // fps
            if audio_stream is not None and samples < (audio_seconds or seconds) * RATE:
                container.mux(audio_stream.encode(_beeps(samples, end - samples, layout)))
            samples = end
            if video_stream is not None:
                frame = pattern.render(number, 1_700_000_000 + number / fps)
                frame.pts = number * 4 + (2 if jitter and number % 3 == 1 else 0)
                frame.time_base = Fraction(1, fps * 4)
                container.mux(video_stream.encode(frame))
        for stream in filter(None, (video_stream, audio_stream)):
            container.mux(stream.encode(None))
    return output.getvalue()


def plain(kind: str, width: int, height: int, count: int) -> bytes:
    """Return video of one colour at 25 fps, all keyframes."""
    output = io.BytesIO()
    with av.open(output, "w", format=kind) as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = 1
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        frame = av.VideoFrame(width, height, "yuv420p")
        for number in range(count):
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return output.getvalue()


def _beeps(start: int, count: int, layout: str) -> av.AudioFrame:
    channels = av.AudioLayout(layout).nb_channels
    samples = np.repeat(beep(start, count)[:, None], channels, axis=1)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
    return frame


def ffmpeg(data: bytes, kind: str, *arguments: str, before: tuple[str, ...] = ()) -> bytes:
    """Convert a clip by the ffmpeg command; `before` stands before the input."""
    with tempfile.TemporaryDirectory() as directory:
        source, output = Path(directory, "source"), Path(directory, "output")
        source.write_bytes(data)
        command = ["ffmpeg", "-v", "error", *before, "-i", str(source), *arguments, "-f", kind]
        subprocess.run([*command, str(output)], check=True)
        return output.read_bytes()


def hls(directory: Path, data: bytes, *arguments: str) -> dict[str, bytes]:
    """Convert a clip to HLS by the ffmpeg command; return its files, `index.m3u8` among them."""
    directory.mkdir(exist_ok=True)
    (directory / "clip").write_bytes(data)
    command = ["ffmpeg", "-v", "error", "-i", "clip", "-c", "copy", "-f", "hls"]
    command += ["-hls_time", "1", "-hls_list_size", "0", *arguments, "index.m3u8"]
    subprocess.run(command, cwd=directory, check=True)
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "clip"}
