"""Spans of footage as JSON."""

from collections.abc import Iterable
from typing import Any

from ..core.footage.held import Span
from ..datetimes import iso


def describe_spans(spans: Iterable[Span]) -> dict[str, Any]:
    """Return spans as JSON, with ISO times, and their seconds."""
    found = list(spans)
    return {
        "spans": [
            {"start": iso(span.start), "end": iso(span.end), "where": span.where} for span in found
        ],
        "total": round(sum(span.end - span.start for span in found), 3),
    }
