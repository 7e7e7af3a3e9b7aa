"""Figures of a ring for a bug report."""

from typing import Any

from ..core.segments.ring import SegmentRing


def ring_figures(ring: SegmentRing, frame_size: tuple[int, int] | None) -> dict[str, Any]:
    """Return what a ring holds; `frame_size` is that of its camera."""
    return {
        "available": ring.available,
        "size": ring.size,
        "fps": ring.fps,
        "frame_size": frame_size,
    }
