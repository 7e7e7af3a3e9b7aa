"""Clips in real players: FFmpeg, mpv and GStreamer play them to the end without a message."""

from collections.abc import Callable, Sequence
import os
from pathlib import Path
import re
import shutil
import subprocess
from typing import Final

import pytest

from ...missing import missing
from ..media import cut, encode
from ..reformats import Take, encode_takes
from .clip_checks import Camera, ended

SOURCES: Final[dict[str, Callable[[], bytes]]] = {
    "H.264 with sound": lambda: encode(250, bframes=2, sound=True, container="mp4"),
    "HEVC": lambda: encode(250, codec="libx265", bframes=2, container="mp4"),
    "MJPEG": lambda: encode(250, codec="mjpeg", container="mp4"),
    "format change": lambda: encode_takes((Take(200), Take(100, (192, 108), "superfast"))),
    "open GOP": lambda: encode_takes((Take(250, bframes=2, params="open-gop=1"),)),
    "HEVC with an open GOP": lambda: encode_takes(
        (Take(250, bframes=2, params="open-gop=1"),), codec="libx265", container="mp4"
    ),
    "gradual refresh": lambda: encode_takes(
        (Take(250, (320, 180), params="intra-refresh=1"),), gop=50
    ),
}
PLAYERS: Final[dict[str, Sequence[str]]] = {
    "ffmpeg": ("ffmpeg", "-v", "error", "-xerror", "-i", "{path}", "-f", "null", "-"),
    "mpv": (
        *("mpv", "--no-config", "--quiet", "--msg-level=all=warn", "--vo=null", "--ao=null"),
        *("--untimed", "--ao-null-untimed", "{path}"),
    ),
    "GStreamer": (
        *("gst-launch-1.0", "-q", "playbin", "uri=file://{path}"),
        *("video-sink=fakesink sync=false", "audio-sink=fakesink sync=false"),
    ),
}
BUSY: Final = """\
Audio/Video desynchronisation detected! Possible reasons include too slow
hardware, temporary CPU spikes, broken drivers, and broken files. Audio
position will not match to the video (see A-V status field).
"""
"""Of mpv without a clock, where either thread may be starved; `test_players.py` measures the sound."""
HARMLESS: Final = "mmco: unref short failure|Last message repeated"
"""Of an open GOP of H.264: frames at its start release frames before it, which the clip is without."""


@pytest.fixture(params=PLAYERS)
def player(request: pytest.FixtureRequest) -> Sequence[str]:
    """The command of a player."""
    command = PLAYERS[request.param]
    if shutil.which(command[0]) is None:
        missing(f"no {command[0]} (scripts/setup names its package)")
    return command


def messages(player: Sequence[str], path: Path) -> list[str]:
    """Play a file; return the lines that the player writes."""
    command = [argument.format(path=path) for argument in player]
    environment = {**os.environ, "GST_DEBUG": "1", "GST_DEBUG_NO_COLOR": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL,
        timeout=60, check=True,
    )  # fmt: skip
    told = (done.stdout + done.stderr).replace(BUSY, "")
    return [line for line in told.splitlines() if line.strip()]


@pytest.fixture
def clips(camera: Camera, request: pytest.FixtureRequest) -> list[Path]:
    """The files of a clip of a source."""
    camera.feed(cut(SOURCES[request.param]()))
    result = ended(camera.writer(5, 2, trigger=camera.ring.now - 3))
    return [part.path for part in result.parts]


@pytest.mark.parametrize("clips", SOURCES, indirect=True)
def test_clip_plays_without_a_message(player: Sequence[str], clips: list[Path]) -> None:
    for path in clips:
        lines = messages(player, path)
        assert [line for line in lines if not re.search(HARMLESS, line)] == []
        assert len(lines) <= 2


def test_players_report_damage(player: Sequence[str], camera: Camera) -> None:
    """Without this, the test above would not be worth much."""
    camera.feed(cut(SOURCES["HEVC"]()))
    path = ended(camera.writer(5, 2, trigger=camera.ring.now - 3)).path
    assert path is not None
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4000
    data[start : start + 3000] = bytes(3000)
    damaged = path.with_name("damaged.mp4")
    damaged.write_bytes(data)
    try:
        assert messages(player, damaged) != []
    except subprocess.CalledProcessError:
        return
