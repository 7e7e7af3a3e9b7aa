"""Clips of the test pattern: each second begins with a flash and a beep, each picture has its number."""

from fractions import Fraction
from functools import cache
import io
from pathlib import Path
import subprocess
import tempfile
from typing import Any

import av
import numpy as np

from custom_components.retrocam.core.pattern.picture import TestPattern, beep

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
    sound_seconds: float | None = None,
    options: tuple[tuple[str, str], ...] = (),
    gop: int = 25,
    wobble: bool = False,
    turned: int = 0,
) -> bytes:
    """Return an encoded clip.

    With `wobble` the time between pictures varies, by up to a half; `turned` is by how many degrees
    counter-clockwise players are to turn the picture.
    """
    made = io.BytesIO()
    made.name = f"clip.{kind}"
    with av.open(made, "w", format=kind, options=dict(options)) as container:
        picture: Any = None
        sound: Any = None
        if video is not None:
            picture = container.add_stream(video, rate=fps)
            picture.width, picture.height, picture.pix_fmt = 320, 180, pixels
            picture.codec_context.gop_size = gop
            if turned:
                picture.set_display_rotation(turned)
            picture.codec_context.time_base = Fraction(1, fps * 4)
            if video == "libx264":
                picture.options = {"preset": "ultrafast", "tune": "zerolatency"}
        if audio is not None:
            sound = container.add_stream(audio, rate=RATE, layout=layout)
        pattern = TestPattern(320, 180, fps)
        done = 0
        for number in range(round(seconds * fps)):
            until = (number + 1) * RATE // fps
            if sound is not None and done < (sound_seconds or seconds) * RATE:
                container.mux(sound.encode(_sound(done, until - done, layout)))
            done = until
            if picture is not None:
                frame = pattern.render(number, 1_700_000_000 + number / fps)
                frame.pts = number * 4 + (2 if wobble and number % 3 == 1 else 0)
                frame.time_base = Fraction(1, fps * 4)
                container.mux(picture.encode(frame))
        for stream in filter(None, (picture, sound)):
            container.mux(stream.encode(None))
    return made.getvalue()


def plain(kind: str, width: int, height: int, count: int) -> bytes:
    """Return a film of one colour, 25 pictures a second, each of them a keyframe."""
    made = io.BytesIO()
    with av.open(made, "w", format=kind) as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = 1
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        frame = av.VideoFrame(width, height, "yuv420p")
        for number in range(count):
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return made.getvalue()


def _sound(start: int, count: int, layout: str) -> av.AudioFrame:
    channels = av.AudioLayout(layout).nb_channels
    samples = np.repeat(beep(start, count)[:, None], channels, axis=1)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
    return frame


def ffmpeg(data: bytes, kind: str, *arguments: str, before: tuple[str, ...] = ()) -> bytes:
    """Return what Debian's ffmpeg makes of a clip."""
    with tempfile.TemporaryDirectory() as directory:
        source, made = Path(directory, "source"), Path(directory, "made")
        source.write_bytes(data)
        command = ["ffmpeg", "-v", "error", *before, "-i", str(source), *arguments, "-f", kind]
        subprocess.run([*command, str(made)], check=True)
        return made.read_bytes()


def hls(directory: Path, data: bytes, *arguments: str) -> dict[str, bytes]:
    """Return the files of an HLS stream, `index.m3u8` among them, that ffmpeg makes of a clip."""
    directory.mkdir(exist_ok=True)
    (directory / "clip").write_bytes(data)
    command = ["ffmpeg", "-v", "error", "-i", "clip", "-c", "copy", "-f", "hls"]
    command += ["-hls_time", "1", "-hls_list_size", "0", *arguments, "index.m3u8"]
    subprocess.run(command, cwd=directory, check=True)
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "clip"}
