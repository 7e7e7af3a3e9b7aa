"""The seconds that a clip shows, compared with the clock of its sender.

The frame numbers of the source tell when each frame was taken, whatever its stamp was.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import av
import pytest

from custom_components.retrocam.core.frames import jpeg

from .pattern_reader import read_frame_number

type Taken = Callable[[int], float]
"""Returns the UNIX time when the camera took a frame."""

TOLERANCE: Final = 1.0
"""Seconds by which a frame may be dated wrong."""
PART: Final = 1.0
"""Seconds of a part of the stream; stamps that fall back do so within one, nobody knows where."""


def dated(path: str | Path) -> float:
    """Return the UNIX time in the name of a file."""
    return datetime.strptime(Path(path).stem + "+0000", "%Y%m%dT%H%M%S.%fZ%z").timestamp()


def numbers(path: str) -> Iterator[tuple[float, int]]:
    """Read (time in the file, frame number), but not what is undecodable or undatable around a gap."""
    with av.open(path) as container:
        frames = [
            (frame.time, read_frame_number(jpeg.planes(frame)[0]), frame.key_frame)
            for frame in container.decode(video=0)
        ]
    gaps = [(before[0], after[0]) for before, after in pairwise(frames) if after[0] - before[0] > 1]
    whole = True
    for at, number, keyframe in frames:
        whole = (whole and at not in [after for _, after in gaps]) or keyframe
        if whole and number is not None and not any(b - PART < at <= b for b, _ in gaps):
            yield at, number


def check_clip(
    answer: dict[str, Any], taken: Taken, call: float, until: float, *, gop: float
) -> None:
    """Check that a clip shows the time from its lookback before `call` until `until`, in UNIX time.

    It may begin `gop` seconds earlier.
    """
    frames = [(at, taken(number)) for at, number in numbers(answer["path"])]
    lookback = answer["lookback"]
    assert (
        answer["requested_lookback"] <= lookback <= answer["requested_lookback"] + gop + TOLERANCE
    )
    off = [call - lookback + at - time_taken for at, time_taken in frames]
    assert max(map(abs, off)) <= TOLERANCE
    assert frames[-1][1] == pytest.approx(until, abs=TOLERANCE)
    assert dated(answer["path"]) == pytest.approx(frames[0][1] - frames[0][0], abs=TOLERANCE)
