"""`scripts/setup` must name every system program that a test runs: a bare machine has none of them."""

from pathlib import Path
import re
import subprocess

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    "bindfs": "bindfs",
    "fusermount3": "fuse3",
    "ip": "iproute2",
    "nginx": "nginx",
    "mpv": "mpv",
    "gst-launch-1.0": "gstreamer1.0-tools",
    "cvlc": "vlc-bin",
    "WebKitWebDriver": "webkit2gtk-driver",
    "Xvfb": "xvfb",
}
"""Debian's package for each program that tests look for."""


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment in which Debian's package manager knows of no installed package."""
    query = tmp_path / "dpkg-query"
    query.write_text("#!/bin/sh\nexit 1\n")
    query.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}


def test_a_bare_machine_gets_every_program_that_tests_run(bare: dict[str, str]) -> None:
    setup = subprocess.run(
        ["bash", "scripts/setup", "--packages"],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        check=True,
    )
    packages = setup.stdout.split()
    named = {
        program
        for path in (ROOT / "tests").rglob("*.py")
        for program in re.findall(r"\"([\w.-]+)\"[,)]", path.read_text())
        if program in PACKAGES
    }
    assert {"ffmpeg", "ffprobe"} <= named
    assert {PACKAGES[program] for program in named} - set(packages) == set()
