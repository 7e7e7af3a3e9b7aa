"""A camera that never stops sending ends its connection, and does not fill the memory."""

import json
import subprocess
import sys

import pytest

from tests.house import ROOT

GROWTH = 420_000_000
"""Bytes: a parser's buffer and a packet at their limit, and what else a process takes."""


def read(kind: str, reader: str, *more: str) -> tuple[str, int]:
    """Return how reading a hostile server ended, and by how many bytes the process grew."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.sources.hostile", kind, reader, *more],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=100,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["end"], answer["grown"]


@pytest.mark.parametrize("kind", ["announced", "announced_2gb", "no_length", "chunked"])
def test_a_part_without_an_end_ends_the_stream_worker_s_connection(kind: str) -> None:
    end, grown = read(kind, "worker")
    assert end == "ended"
    assert grown < GROWTH


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("announced", "no_video"),
        ("announced_2gb", "picture_too_large"),
        ("no_length", "no_video"),
        ("chunked", "no_video"),
        ("h264", "timeout"),
        ("rtsp", "timeout"),
        ("http_header", "timeout"),
        ("playlist_line", "no_video"),
    ],
)
def test_what_never_ends_is_an_error_of_the_form(kind: str, error: str) -> None:
    end, grown = read(kind, "probe")
    assert end == error
    assert grown < GROWTH


def test_without_the_limit_a_part_fills_the_memory() -> None:
    """Otherwise the tests above would prove nothing."""
    _, grown = read("announced_2gb", "probe", "unlimited")
    assert grown > GROWTH
