"""The H.264 that Retrocam encodes."""

from fractions import Fraction
from typing import Final

import av
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

CLOCK: Final = 90_000
"""Ticks per second of MPEG-TS time stamps, ISO/IEC 13818-1."""
TICK: Final = Fraction(1, CLOCK)
_BITS_PER_PIXEL: Final = 0.13
"""Caps 1280x720 at 25 fps at 3 Mbit/s."""


def configure(
    context: av.VideoCodecContext,
    width: int,
    height: int,
    fps: int,
    *,
    bitrate: int | None = None,
    matrix: Colorspace = Colorspace.ITU709,
) -> None:
    """Set up an encoder of libx264 that returns each picture at once; see `mark`.

    Pictures are those of a `Letterboxer` with `matrix`. `bitrate` caps the video in bits per second;
    None: by size, in pixels, and rate.
    """
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base = TICK
    # Slice threads cost bits, and most machines have cameras to decode.
    context.thread_count = 1
    context.colorspace, context.color_range = matrix, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    cap = str(bitrate or round(width * height * fps * _BITS_PER_PIXEL))
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "crf": "23",
        "maxrate": cap,
        "bufsize": cap,
        "bf": "0",
        "aud": "1",
        # `mark` requests keyframes, by time instead of by frames.
        "forced-idr": "1",
        "x264-params": "scenecut=0:keyint=infinite:open-gop=0",
    }


def mark(frame: av.VideoFrame, ticks: int, *, key: bool) -> None:
    """Set the presentation time of a frame to encode, and whether it becomes a keyframe."""
    frame.pts, frame.time_base = ticks, TICK
    frame.pict_type = PictureType.I if key else PictureType.NONE
