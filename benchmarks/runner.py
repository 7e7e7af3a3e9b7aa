"""Runs benchmarks one after the other, prints a table, and exits with 1 if a bar was missed.

Each case is a module of this package with a `CASE`, and runs in a process of its own, so that none
measures another's memory.
"""

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
import json
import multiprocessing
import os
from pathlib import Path
import platform
import shutil
import subprocess
import sys
import time
from typing import Final

from benchmarks.measuring import QUICK, TOLERANCE, Case, Result
from benchmarks.page import Run, table

CASES: Final = (
    "against_core",
    "cards",
    "cell_clients",
    "cells",
    "clips",
    "delivery",
    "frames",
    "grid",
    "lookback",
    "lookup",
    "mjpeg",
    "players",
    "relay",
    "rewind",
    "scale",
    "seek",
    "small",
    "snapshots",
    "stalls",
    "tape",
    "timelapse",
)
"""The modules with a case; also their names on the command line."""

type Runner = Callable[[str], list[Result]]
"""Runs the case of that name."""


def load_case(name: str) -> Case:
    """Return the case of a module."""
    case: Case = import_module(f"benchmarks.{name}").CASE
    return case


def run_case(name: str) -> list[Result]:
    """Run a case in this process."""
    return load_case(name).run()


def isolated(name: str) -> list[Result]:
    """Run a case in a new process. Raises the exceptions of the case."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(run_case, name).result()


def run(name: str, runner: Runner) -> Run:
    """Run a case and return its results, or its error."""
    load, began = os.getloadavg()[0], time.monotonic()
    day = datetime.now(UTC).date().isoformat()
    results: list[Result] = []
    error = ""
    try:
        results = runner(name)
    except Exception as err:  # noqa: BLE001  # a failing case must not stop the others
        error = f"{type(err).__name__}: {err}"
    seconds = time.monotonic() - began
    return Run(case=name, results=results, error=error, seconds=seconds, load=load, day=day)


def machine() -> dict[str, str]:
    """Return the conditions of the figures: the machine, and versions."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    for line in info.read_text("utf-8").splitlines() if info.exists() else []:
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    details = {"cpu": f"{model}, {os.cpu_count()} cores", "python": platform.python_version()}
    details |= {name: version(name) for name in ("homeassistant", "av", "numpy", "simplejpeg")}
    for tool in ("ffmpeg", "timg", "mpv"):
        if path := shutil.which(tool):
            option = "-version" if tool == "ffmpeg" else "--version"
            completed = subprocess.run([path, option], capture_output=True, text=True, check=False)
            details[tool] = " ".join((completed.stdout or completed.stderr).split()[:3])
    return details


def write_report(path: Path, runs: Sequence[Run]) -> None:
    """Write all results as JSON; cases in the file that were not run again stay."""
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"] if path.exists() else {}
    cases |= {one.case: one.as_json() for one in runs}
    report = {"machine": machine(), "cases": dict(sorted(cases.items()))}
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def main(
    arguments: Sequence[str] | None = None,
    *,
    names: Sequence[str] = CASES,
    runner: Runner = isolated,
) -> int:
    """Run the cases of the command line; return 1 if a bar was missed or a case failed."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "cases", nargs="*", metavar="case", help=f"one of {', '.join(names)}; else all"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures to FILE")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"fewer pairs and shorter windows; a bar may be missed by {TOLERANCE - 1:.0%}%",
    )
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.cases if name not in names]:
        parser.error(f"no such case: {', '.join(unknown)}")
    if chosen.quick:
        os.environ[QUICK] = "1"
    runs = []
    for name in chosen.cases or names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        runs.append(run(name, runner))
    print(table(runs))
    if chosen.json:
        write_report(chosen.json, runs)
    return 0 if all(one.met for one in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
