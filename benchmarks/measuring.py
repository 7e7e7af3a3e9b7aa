"""What all benchmarks measure with: CPU time, sides in turn, medians, and results against a bar."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
import resource
import statistics
import tempfile
from typing import Any, NamedTuple

type Details = dict[str, Any]
"""What else a run showed; JSON."""


def cpu(who: int = resource.RUSAGE_SELF) -> float:
    """Return the seconds of CPU, user and system, of this process or its ended children."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


class Spent(NamedTuple):
    """What a process took in a window."""

    cpu: float
    """Milliseconds a second."""
    seconds: float
    """How long the window really was."""


async def spent_in(seconds: float, read_cpu: Callable[[], float]) -> Spent:
    """Let a window of so many seconds pass; `read_cpu` gives the seconds of CPU of who is measured."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), read_cpu()
    # This is the window: what goes on meanwhile is what is measured.
    await asyncio.sleep(seconds)
    took = loop.time() - began
    return Spent((read_cpu() - before) / took * 1000, took)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Make a directory for the time of a `with` block, with a name that tells whose it is."""
    return tempfile.TemporaryDirectory(prefix="retrocam-bench-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One figure of ours, and what it must meet.

    With a peer the bar limits the ratio of ours to the peer's, without one it limits ours itself.
    """

    what: str
    """What was measured, on which material."""
    ours: float
    unit: str
    bar: float
    peer: float | None = None
    """The same of whoever it is compared with, in the same unit and run."""
    ratio: float | None = None
    """Ours to the peer's: the median of the pairs, not the ratio of the medians."""
    at_least: bool = False
    """Whether the bar is a lower limit."""
    details: Details = field(default_factory=dict)

    @property
    def value(self) -> float:
        """What the bar limits."""
        return self.ours if self.ratio is None else self.ratio

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.value >= self.bar if self.at_least else self.value <= self.bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A benchmark: its name on the command line, what it compares, and how to run it."""

    name: str
    compares: str
    run: Callable[[], list[Result]]


class Pairs(NamedTuple):
    """What two sides took, run by run."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours to the peer's, run by run."""
        return tuple(ours / peer for ours, peer in zip(self.ours, self.peer, strict=True))

    def result(self, what: str, *, unit: str, bar: float, details: Details | None = None) -> Result:
        """Return the medians, with all ratios among the details."""
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
    """Measure the peer and ours in turn, `runs` times each, so that both meet the same machine."""
    pairs = [(peer(), ours()) for _ in range(runs)]
    return paired(pairs)


def paired(pairs: Sequence[tuple[float, float]]) -> Pairs:
    """Return pairs of (peer, ours) side by side. Raises ValueError if there are none."""
    if not pairs:
        raise ValueError("nothing was measured")
    peer, ours = zip(*pairs, strict=True)
    return Pairs(ours, peer)


def status(key: str, process: int | str = "self") -> int:
    """Return a line of what Linux says of a process's memory, in bytes. Raises KeyError."""
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    raise KeyError(key)
