"""Checks whether the timestamps of a source can be used, or the wall clock must replace them."""

from typing import Final

import av

_NO_TIMESTAMPS: Final = 0x0080
"""FFmpeg's AVFMT_NOTIMESTAMPS, which PyAV does not name."""
_MAX_MISSING: Final = 6
"""Consecutive packets without dts that Home Assistant's stream worker accepts."""
_MAX_MISSING_BEFORE_KEYFRAME: Final = 3
"""The same before the first keyframe: another time, the source may be joined further from one."""
_STEPS: Final = 2
"""Steps from stamp to stamp to examine if all rise."""
_MAX_STEPS: Final = 6
"""The same if some do not."""
_MAX_REPEATED: Final = 1
"""Stamps that may fail to rise: FFmpeg makes one up at the start of some sources."""


def are_made_up(container: str) -> bool:
    """Return whether FFmpeg's demuxer `container` makes up timestamps, mostly those of 25 fps.

    So it does for MJPEG over HTTP, for other video without a container, and for images.
    """
    if container.endswith("_pipe"):
        return True
    try:
        flags = av.ContainerFormat(container.partition(",")[0], "r").flags
    except ValueError:
        return False
    return bool(flags & _NO_TIMESTAMPS)


class TimestampCheck:
    """Examines the video packets of a source, in order, from the first."""

    def __init__(self, container: str, *, has_b_frames: bool) -> None:
        """`container` is FFmpeg's name.

        Where frames are reordered, the clock would show them in the wrong order: then it is used only
        for a source that Home Assistant gives up.
        """
        self.made_up = are_made_up(container)
        self.usable: bool | None = False if self.made_up else None
        """Whether the timestamps can be used; None until it is known."""
        self._missing = 0
        self._seen_keyframe = False
        self._max_before_keyframe = _MAX_MISSING if has_b_frames else _MAX_MISSING_BEFORE_KEYFRAME

    def add(self, *, stamped: bool, keyframe: bool) -> None:
        """Examine a packet; `stamped` is whether it has a dts."""
        if self.usable is not None:
            return
        if stamped:
            self._missing = 0
            if self._seen_keyframe or keyframe:
                self.usable = True
        else:
            self._missing += 1
            allowed = _MAX_MISSING if self._seen_keyframe else self._max_before_keyframe
            if self._missing > allowed:
                self.usable = False
        self._seen_keyframe = self._seen_keyframe or keyframe


class StampOrder:
    """Examines whether the dts of video packets rise: Home Assistant drops all frames whose do not.

    Some cameras stamp in steps of a second, and others repeat or exchange stamps.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._steps = 0
        self._repeated = 0

    @property
    def rises(self) -> bool:
        """Whether the stamps rise, as far as is known."""
        return self._repeated <= _MAX_REPEATED

    @property
    def known(self) -> bool:
        """Whether enough packets were examined."""
        steps = _MAX_STEPS if self._repeated else _STEPS
        return self._steps >= steps or not self.rises

    def add(self, dts: int | None) -> None:
        """Examine the next packet."""
        if dts is None:
            return
        if self._last is not None:
            self._steps += 1
            self._repeated += dts <= self._last
        self._last = dts
