"""Stills with readable frame numbers."""

from pathlib import Path

import av

from custom_components.retrocam.core.frames.image_codec import StillEncoder
from custom_components.retrocam.core.frames.jpeg import decode, encode, planes
from custom_components.retrocam.core.pattern.picture import TestPattern

from ...pattern_reader import read_frame_number

NOW = 1_767_323_045.0


def frame(number: int, width: int = 320, height: int = 180) -> av.VideoFrame:
    """Draw the test pattern with a frame number."""
    return TestPattern(width, height).render(number, NOW + number)


def jpeg(number: int, width: int = 320, height: int = 180) -> bytes:
    """Draw a frame number into a JPEG."""
    return encode(frame(number, width, height))


def png(number: int, width: int = 320, height: int = 180) -> bytes:
    """Draw a frame number into a PNG."""
    return StillEncoder().encode(frame(number, width, height), "png")


def number_in(picture: bytes | av.VideoFrame) -> int | None:
    """Read the frame number of a JPEG or a frame back."""
    shown = decode(picture) if isinstance(picture, bytes) else picture
    return read_frame_number(planes(shown)[0])


def listing(directory: Path) -> list[str]:
    """Return the sorted names of a directory."""
    return sorted(path.name for path in directory.iterdir())
