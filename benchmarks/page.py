"""Formats results as a Markdown table, and as the page of the documentation.

    python -m benchmarks.page FIGURES > docs/performance.md

FIGURES is the JSON of `scripts/bench --json`.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
import json
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.measuring import Result

PAGE: Final = """\
# Performance

The last run of each benchmark. [benchmarks/README.md](../benchmarks/README.md) describes what each case
shows and how it is measured; `scripts/bench` repeats it.

{table}

A ratio is ours to the peer's in the same run, the median of the pairs. A bar limits the ratio if there
is a peer, else the value itself. CPU is user and system time.

## Measured on

{machine}

| case | day | seconds | load before |
|---|---|---|---|
{circumstances}

The load is the machine's load average of the minute before the case started. Above 1, other processes
used the same cores: ratios then vary by far more than the 3 to 5 % of an idle machine.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The results of a case."""

    case: str
    results: list[Result]
    error: str
    """Why it failed; empty if it completed."""
    seconds: float
    load: float
    """The machine's load average of the minute before it started: other processes."""

    day: str
    """Of the run, ISO 8601, UTC."""

    @property
    def met(self) -> bool:
        """Whether it completed and met all its bars."""
        return not self.error and all(result.met for result in self.results)

    def as_json(self) -> dict[str, Any]:
        """Return it for the JSON file."""
        results = [{**asdict(result), "met": result.met} for result in self.results]
        return {**asdict(self), "results": results}

    @classmethod
    def from_json(cls, figures: dict[str, Any]) -> Self:
        """Restore it from `as_json`."""
        names = {field.name for field in fields(Result)}
        results = [
            Result(**{name: value for name, value in one.items() if name in names})
            for one in figures["results"]
        ]
        return cls(**{**figures, "results": results})


def row(case: str, result: Result) -> list[str]:
    """Return the columns of a result in the table."""
    limit = f"{'≥' if result.at_least else '≤'} {result.bar:.4g}"
    return [
        case,
        result.what,
        f"{result.ours:.4g} {result.unit}",
        "" if result.peer is None else f"{result.peer:.4g} {result.unit}",
        "" if result.ratio is None else f"{result.ratio:.3f}",
        limit if result.ratio is not None else f"{limit} {result.unit}",
        "met" if result.met else "MISSED",
    ]


def table(runs: Sequence[Run]) -> str:
    """Return all results as a Markdown table, aligned for a terminal."""
    rows = [["case", "what", "ours", "peer", "ratio", "bar", ""]]
    for one in runs:
        rows += [row(one.case, result) for result in one.results]
        if one.error:
            rows.append([one.case, one.error.splitlines()[0], "", "", "", "", "FAILED"])
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        + " |"
        for cells in rows
    )


def page(figures: Mapping[str, Any]) -> str:
    """Return the page of the documentation."""
    runs = [Run.from_json(case) for case in figures["cases"].values()]
    return PAGE.format(
        table=table(runs),
        machine="\n".join(f"- {name}: {value}" for name, value in figures["machine"].items()),
        circumstances="\n".join(
            f"| {one.case} | {one.day} | {one.seconds:.0f} | {one.load:.1f} |" for one in runs
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("figures", type=Path)
    print(page(json.loads(parser.parse_args().figures.read_text(encoding="utf-8"))), end="")


if __name__ == "__main__":
    main()
