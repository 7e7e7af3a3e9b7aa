"""A process that is killed while it tapes leaves all that it had written."""

from itertools import pairwise
from pathlib import Path
import subprocess
import sys

import pytest

from ...house import ROOT
from ..media import WALL, Clock
from .taping import files_of, loaded, numbers_in, segments_of


def tape_until_killed(folder: Path, first: int, wall: float, parts: int, lost: int) -> float:
    """Tape parts, with an outage before one of them; then kill the process at once."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.core.tape.tape_child", str(folder), str(first), str(wall)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        now = ""
        try:
            for count in range(parts):
                child.stdin.write("lost\n" if count == lost else "\n")
                told, now = child.stdout.readline().split()
                assert int(told) == count + 1
            # One that may be written, or not, or half.
            child.stdin.write("\n")
            return float(now)
        finally:
            child.kill()


@pytest.mark.long
def test_what_was_written_before_a_kill_is_on_tape(tmp_path: Path) -> None:
    wall, kills = WALL, [(7, 3), (12, -1), (9, 5)]
    for number, (parts, lost) in enumerate(kills):
        wall = 5 + tape_until_killed(tmp_path, 1000 * number, wall, parts, lost)
    store = loaded(tmp_path, Clock())
    files = files_of(tmp_path)
    # One of each process, and another after each outage.
    assert len(files) == 5
    numbers = [number for path in files for number in numbers_in(path) if number is not None]
    assert numbers == sorted(set(numbers))
    for number, (parts, _) in enumerate(kills):
        of_process = [one for one in numbers if one // 1000 == number]
        assert of_process == list(range(1000 * number, 1000 * number + len(of_process)))
        assert len(of_process) in (25 * parts, 25 * (parts + 1))
    frames = sum(timing.frames for segment in segments_of(store) for timing in segment.timings)
    assert frames == len(numbers)
    spans = list(store.spans(0, 1e10))
    assert len(spans) == 5
    assert all(before[1] < after[0] for before, after in pairwise(spans))
