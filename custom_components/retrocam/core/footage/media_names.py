"""Names of what a playlist lists: inits, segments and parts, whole or cut in front of a keyframe."""

from dataclasses import dataclass
import re
from typing import Final, Self

_NUMBER: Final = r"(0|[1-9][0-9]{0,8})"
_TIME: Final = r"([0-9]{1,14})"
_INIT: Final = re.compile(rf"init-{_NUMBER}-([1-8])\.mp4")
_SEGMENT: Final = re.compile(rf"{_NUMBER}(?:\.from{_NUMBER}-{_NUMBER})?(?:\.to{_NUMBER})?\.m4s")
_TAPE_INIT: Final = re.compile(rf"init-t{_TIME}-([1-8])\.mp4")
_TAPE_SEGMENT: Final = re.compile(
    rf"t{_TIME}\.s(-?[0-9]{{1,15}})(?:\.from{_NUMBER}-{_NUMBER})?(?:\.to{_NUMBER})?\.m4s"
)
_PART: Final = re.compile(rf"{_NUMBER}\.part{_NUMBER}(?:\.from{_NUMBER})?\.m4s")


@dataclass(frozen=True, slots=True)
class InitName:
    """An init: that of a segment's number, for an orientation (EXIF)."""

    number: int
    orientation: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse a name; None for any other text."""
        match = _INIT.fullmatch(text)
        return match and cls(*map(int, match.groups()))

    def __str__(self) -> str:
        """Return the name."""
        return f"init-{self.number}-{self.orientation}.mp4"


@dataclass(frozen=True, slots=True)
class Cut:
    """A place in a segment in front of a keyframe."""

    part: int = 0
    """Index of its part."""
    frame: int = 0
    """Index among the video frames of the part."""


@dataclass(frozen=True, slots=True)
class SegmentName:
    """A segment from a cut on, up to some number of parts; None for all."""

    number: int
    cut: Cut = Cut()
    parts: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse a name; None for any other text."""
        if (match := _SEGMENT.fullmatch(text)) is None:
            return None
        number, part, frame, parts = match.groups()
        cut = Cut(int(part or 0), int(frame or 0))
        return cls(int(number), cut, None if parts is None else int(parts))

    def __str__(self) -> str:
        """Return the name."""
        return f"{self.number}{_extent(self.cut, self.parts)}.m4s"


@dataclass(frozen=True, slots=True)
class TapeInitName:
    """The init of a tape file, for an orientation (EXIF)."""

    file: int
    """UNIX time of its name, ms."""
    orientation: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse a name; None for any other text."""
        match = _TAPE_INIT.fullmatch(text)
        return match and cls(*map(int, match.groups()))

    def __str__(self) -> str:
        """Return the name."""
        return f"init-t{self.file}-{self.orientation}.mp4"


@dataclass(frozen=True, slots=True)
class TapeSegmentName:
    """A segment on tape by its time, which outlives restarts; else as `SegmentName`."""

    time: int
    """UNIX ms of its start."""
    shift: int
    """Microseconds to add to the timestamps of its media."""
    cut: Cut = Cut()
    parts: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse a name; None for any other text."""
        if (match := _TAPE_SEGMENT.fullmatch(text)) is None:
            return None
        time, shift, part, frame, parts = match.groups()
        cut = Cut(int(part or 0), int(frame or 0))
        return cls(int(time), int(shift), cut, None if parts is None else int(parts))

    def __str__(self) -> str:
        """Return the name."""
        return f"t{self.time}.s{self.shift}{_extent(self.cut, self.parts)}.m4s"


def _extent(cut: Cut, parts: int | None) -> str:
    """Return which parts of a segment its name tells."""
    start = "" if cut == Cut() else f".from{cut.part}-{cut.frame}"
    return start if parts is None else f"{start}.to{parts}"


@dataclass(frozen=True, slots=True)
class PartName:
    """A part of a segment, from a video frame on."""

    number: int
    part: int
    frame: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse a name; None for any other text."""
        if (match := _PART.fullmatch(text)) is None:
            return None
        number, part, frame = match.groups()
        return cls(int(number), int(part), int(frame or 0))

    def __str__(self) -> str:
        """Return the name."""
        start = f".from{self.frame}" if self.frame else ""
        return f"{self.number}.part{self.part}{start}.m4s"


type MediaName = InitName | SegmentName | PartName | TapeInitName | TapeSegmentName


def parse_name(text: str) -> MediaName | None:
    """Parse the name of anything that a playlist lists; None for any other text."""
    kinds = (InitName, SegmentName, PartName, TapeInitName, TapeSegmentName)
    return next((name for kind in kinds if (name := kind.parse(text)) is not None), None)
