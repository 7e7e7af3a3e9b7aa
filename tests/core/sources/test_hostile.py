"""Endless data of a camera ends the connection, in limited memory."""

import json
import subprocess
import sys

from _pytest.mark import ParameterSet
import pytest

from tests.house import ROOT

GROWTH = 420_000_000
"""Bytes: a parser's buffer and a packet at their limit, and the rest of the process."""


def also(*values: str) -> ParameterSet:
    """Return a case that `scripts/test` leaves to `--all`: each loads Home Assistant's worker anew."""
    return pytest.param(*values, marks=pytest.mark.long)


def read(kind: str, reader: str, *more: str) -> tuple[str, int]:
    """Read a hostile server; return the outcome and the growth of the process, in bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.sources.hostile", kind, reader, *more],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=100,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["end"], answer["grown"]


@pytest.mark.parametrize(
    "kind", ["announced_2gb", *(also(kind) for kind in ("announced", "no_length", "chunked"))]
)
def test_endless_part_ends_the_stream_worker_connection(kind: str) -> None:
    end, grown = read(kind, "worker")
    assert end == "ended"
    assert grown < GROWTH


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("announced_2gb", "picture_too_large"),
        ("http_header", "timeout"),
        also("announced", "no_video"),
        also("no_length", "no_video"),
        also("chunked", "no_video"),
        also("h264", "timeout"),
        also("rtsp", "timeout"),
        also("playlist_line", "no_video"),
    ],
)
def test_endless_source_is_a_probe_error(kind: str, error: str) -> None:
    end, grown = read(kind, "probe")
    assert end == error
    assert grown < GROWTH


def test_unlimited_part_exceeds_the_limit() -> None:
    """Proves that the tests above need the limit."""
    _, grown = read("announced_2gb", "probe", "unlimited")
    assert grown > GROWTH
