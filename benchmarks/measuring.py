"""Shared by all benchmarks: CPU time, alternating sides, medians, and results against a bar."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
import os
from pathlib import Path
import resource
import statistics
import subprocess
import tempfile
from typing import Any, Final, NamedTuple

QUICK: Final = "RETROCAM_BENCH_QUICK"
"""The variable that a quick run sets for the processes of its cases."""
TOLERANCE: Final = 1.25
"""How far a quick run may miss a bar: of few pairs, the median varies more."""

type Details = dict[str, Any]
"""Further figures of a run; JSON."""


def cpu(who: int = resource.RUSAGE_SELF) -> float:
    """Return the CPU seconds, user and system, of this process or its ended children."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def process_cpu(process: subprocess.Popen[bytes]) -> float:
    """Return the CPU seconds of all threads of a running process, as the scheduler counts them."""
    tasks = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) / 1e9 for task in tasks)


def is_quick() -> bool:
    """Return whether this is a quick run: fewer pairs, shorter windows, bars with a tolerance."""
    return os.environ.get(QUICK) == "1"


def repeats(full: int) -> int:
    """Return how often to measure: `full` times, or a third as often in a quick run."""
    return max(1, full // 3) if is_quick() else full


def length(full: float) -> float:
    """Return the length of a window in seconds: `full`, or 0.4 of it in a quick run."""
    return full * 0.4 if is_quick() else full


class Spent(NamedTuple):
    """CPU of a process in a window."""

    cpu: float
    """Milliseconds per second."""
    seconds: float
    """Actual length of the window."""


async def spent_in(seconds: float, read_cpu: Callable[[], float]) -> Spent:
    """Wait for a window of `seconds`; `read_cpu` returns the CPU seconds of the measured process."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), read_cpu()
    # The window: what runs meanwhile is measured.
    await asyncio.sleep(seconds)
    took = loop.time() - began
    return Spent((read_cpu() - before) / took * 1000, took)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Make a temporary directory with a recognizable name for a `with` block."""
    return tempfile.TemporaryDirectory(prefix="retrocam-bench-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One figure of ours, and its bar.

    With a peer the bar limits the ratio of ours to the peer's, without one it limits ours itself.
    """

    what: str
    """What was measured, on which material."""
    ours: float
    unit: str
    bar: float
    peer: float | None = None
    """The peer's figure, in the same unit and run."""
    ratio: float | None = None
    """Ours to the peer's: the median of the pairs, not the ratio of the medians."""
    at_least: bool = False
    """Whether the bar is a lower limit."""
    details: Details = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The value that the bar limits."""
        return self.ours if self.ratio is None else self.ratio

    @property
    def met(self) -> bool:
        """Whether the bar is met, in a quick run with a tolerance."""
        tolerance = TOLERANCE if is_quick() else 1.0
        if self.at_least:
            return self.value * tolerance >= self.bar
        return self.value <= self.bar * tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A benchmark: its name on the command line, what it compares, and how to run it."""

    name: str
    compares: str
    run: Callable[[], list[Result]]


class Pairs(NamedTuple):
    """The figures of two sides, run by run."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours to the peer's, run by run."""
        return tuple(ours / peer for ours, peer in zip(self.ours, self.peer, strict=True))

    def result(self, what: str, *, unit: str, bar: float, details: Details | None = None) -> Result:
        """Return the medians, with all ratios in the details."""
        ratios = [round(ratio, 3) for ratio in sorted(self.ratios)]
        return Result(
            what=what,
            ours=statistics.median(self.ours),
            peer=statistics.median(self.peer),
            ratio=statistics.median(self.ratios),
            unit=unit,
            bar=bar,
            details={"ratios": ratios, **(details or {})},
        )


def alternate(ours: Callable[[], float], peer: Callable[[], float], runs: int) -> Pairs:
    """Measure the peer and ours in turn, `runs` times each, under the same conditions."""
    pairs = [(peer(), ours()) for _ in range(runs)]
    return paired(pairs)


def paired(pairs: Sequence[tuple[float, float]]) -> Pairs:
    """Split pairs of (peer, ours). Raises ValueError if there are none."""
    if not pairs:
        raise ValueError("nothing was measured")
    peer, ours = zip(*pairs, strict=True)
    return Pairs(ours, peer)


def status(key: str, process: int | str = "self") -> int:
    """Return a line of /proc/PID/status in bytes. Raises KeyError."""
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    raise KeyError(key)
