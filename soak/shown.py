"""Reads a clip's frame numbers, and decides how far they can be trusted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
import statistics
from typing import Final

HOLE: Final = 1.5
"""Multiples of the usual frame interval beyond which a frame is missing."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A decoded frame."""

    number: int | None
    """The frame number drawn in it, None if unreadable."""
    pts: int
    """Presentation time, in any unit."""
    key: bool
    """Whether it is a keyframe."""
    ahead: bool = False
    """Whether it may reference a frame that is shown after it."""


def told_numbers(shown: Sequence[Shown]) -> tuple[list[int], int]:
    """Return the numbers that must rise, and how many frames are unreadable without a reason.

    If the source has lost a frame, all frames that reference it are damaged, up to the next
    keyframe: some show another one's number, and with B-frames also frames before it. Of a GOP with a
    gap in time only the keyframe counts. At the end of a clip a gap is not detectable: there, frames
    are ignored that may reference one that should follow them.
    """
    while shown and shown[-1].ahead:
        shown = shown[:-1]
    steps = [after.pts - before.pts for before, after in pairwise(shown)]
    if not steps:
        return [one.number for one in shown if one.number is not None], 0
    usual = statistics.median(steps)
    numbers: list[int] = []
    damaged = 0
    for group in _groups(shown):
        whole = all(
            after.pts - before.pts <= HOLE * usual for before, after in pairwise(group.until_next)
        )
        judged = group.pictures if whole else group.pictures[:1]
        numbers += [one.number for one in judged if one.number is not None]
        damaged += sum(one.number is None for one in judged)
    return numbers, damaged


@dataclass(frozen=True, slots=True)
class _Group:
    pictures: Sequence[Shown]
    until_next: Sequence[Shown]
    """With the keyframe after it, if there is one."""


def _groups(shown: Sequence[Shown]) -> Iterator[_Group]:
    starts = [index for index, one in enumerate(shown) if one.key and index > 0]
    for begin, end in pairwise([0, *starts, len(shown)]):
        yield _Group(shown[begin:end], shown[begin : end + 1])
