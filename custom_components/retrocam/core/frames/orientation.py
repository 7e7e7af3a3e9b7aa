"""Rotate and mirror frames by the camera's orientation preference.

Numbers are EXIF's, applied as in Home Assistant's stream component, so that stills, MJPEG, ASCII and
clips agree with its own player.
"""

from collections.abc import Iterator

import av
from av.sidedata.sidedata import Type
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
import numpy as np
from numpy.typing import NDArray

from ..mp4.tracks import orientation_of
from ..orientation import Transform, transform_for
from .colors import colours
from .filter_graph import Step
from .jpeg import planes

_STRIP = 64
"""Columns written at a time when transposing: twice as fast as a plain copy, by cache locality."""


def orient(frame: av.VideoFrame, orientation: int) -> av.VideoFrame:
    """Return the frame rotated and mirrored for display; the frame itself for orientation 1.

    The result is yuv420p, or yuvj420p for RGB, gray and full-range pixel formats; it keeps the time,
    and the colour tags except of RGB and gray. From 5 on, width and height are swapped. With odd
    sides, chroma may shift by half a pixel.

    Takes about 0.3 ms for 1280x720, more to convert the pixel format: call it in a decoding thread.
    Raises ValueError unless 1 <= orientation <= 8, InvalidFrameError for a negative line size.
    """
    if orientation == 1:
        return frame
    turn = transform_for(orientation)
    source = _to_planar(frame)
    width, height = source.width, source.height
    if turn.transpose:
        width, height = height, width
    result = av.VideoFrame(width, height, source.format.name)
    for target, plane in zip(planes(result), planes(source), strict=True):
        turned = _turned(plane, turn)
        for left in range(0, width, _STRIP):
            target[:, left : left + _STRIP] = turned[:, left : left + _STRIP]
    _copy_attributes(source, result)
    return result


def displayed_orientation(frame: av.VideoFrame) -> int:
    """Return the orientation of a decoded frame's display matrix.

    1 without one, or if it does more than quarter turns and mirroring.
    """
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    return 1 if matrix is None else orientation_of(bytes(matrix))


def orient_steps(orientation: int) -> Iterator[Step]:
    """Yield the filters equivalent to `orient`, in a quarter of its time.

    FFmpeg's `transpose` directions are 2 for flip plus 1 for mirror. `vflip` is avoided: it makes the
    line size negative. Raises ValueError as `orient`.
    """
    turn = transform_for(orientation)
    if not turn.transpose and (turn.flip or turn.mirror):
        yield "transpose", {"dir": "0"}
    if turn.transpose or turn.flip or turn.mirror:
        yield "transpose", {"dir": str(2 * turn.flip + turn.mirror)}


def _turned(plane: NDArray[np.uint8], turn: Transform) -> NDArray[np.uint8]:
    """Return a transformed view of a plane."""
    plane = plane.T if turn.transpose else plane
    return plane[:: -1 if turn.flip else 1, :: -1 if turn.mirror else 1]


def _to_planar(frame: av.VideoFrame) -> av.VideoFrame:
    """Convert to yuv420p or yuvj420p, keeping matrix and range."""
    name = frame.format.name
    if name in {"yuv420p", "yuvj420p"}:
        return frame
    matrix, value_range = colours(frame)
    without_matrix = frame.format.is_rgb or name.startswith("gray")
    target = (Colorspace.ITU601, ColorRange.JPEG) if without_matrix else (matrix, value_range)
    planar = VideoReformatter().reformat(
        frame,
        format="yuvj420p" if without_matrix or name.startswith("yuvj") else "yuv420p",
        src_colorspace=matrix,
        dst_colorspace=target[0],
        src_color_range=value_range,
        dst_color_range=target[1],
        threads=1,
    )
    if not without_matrix:
        planar.colorspace = frame.colorspace
        planar.color_range = frame.color_range
    return planar


def _copy_attributes(source: av.VideoFrame, target: av.VideoFrame) -> None:
    target.pts = source.pts
    if source.time_base is not None:
        target.time_base = source.time_base
    target.colorspace = source.colorspace
    target.color_range = source.color_range
    target.color_primaries = source.color_primaries
    target.color_trc = source.color_trc
