"""Tests of the benchmark runner; the cases themselves run in scripts/bench."""

from collections.abc import Callable
import json
from pathlib import Path
import re

import pytest

from benchmarks.measuring import QUICK, Case, Result, alternate, length, paired, repeats
from benchmarks.page import page
from benchmarks.runner import CASES, load_case, main

from .house import ROOT


def result(value: float, bar: float, *, at_least: bool = False) -> Result:
    return Result(what="tiny", ours=value, unit="B", bar=bar, at_least=at_least)


def runner(*results: Result) -> Callable[[str], list[Result]]:
    def run(_name: str) -> list[Result]:
        return list(results)

    return run


def test_sides_alternate() -> None:
    turns: list[str] = []

    def side(name: str, *values: float) -> Callable[[], float]:
        left = iter(values)

        def measure() -> float:
            turns.append(name)
            return next(left)

        return measure

    pairs = alternate(side("ours", 1.0, 2.0), side("peer", 2.0, 8.0), 2)
    assert turns == ["peer", "ours", "peer", "ours"]
    assert pairs.ours == (1.0, 2.0)
    assert pairs.ratios == (0.5, 0.25)


def test_ratio_is_median_of_pair_ratios() -> None:
    # The machine slows down from pair to pair; ours takes 10 % more in two of three.
    outcome = paired([(1.0, 1.1), (2.0, 2.2), (4.0, 2.0)]).result("tiny", unit="ms", bar=1.15)
    assert (outcome.ours, outcome.peer) == (2.0, 2.0)
    assert outcome.ratio == pytest.approx(1.1)
    assert outcome.details["ratios"] == [0.5, 1.1, 1.1]
    assert outcome.met


def test_bar_limits_ratio_to_peer_or_value() -> None:
    pairs = paired([(10.0, 11.0)])
    assert pairs.result("tiny", unit="ms", bar=1.1).met
    assert not pairs.result("tiny", unit="ms", bar=1.09).met
    assert result(5, 5).met
    assert not result(5.1, 5).met
    assert result(37, 37, at_least=True).met
    assert not result(36.9, 37, at_least=True).met


def test_no_measurement_raises() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        paired([])


def test_exit_code_0_if_all_bars_are_met(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], names=("one", "two"), runner=runner(result(1, 2))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[2:]] == ["one", "two"]
    assert all(" met " in line for line in lines[2:])
    assert len({len(line) for line in lines}) == 1


def test_missed_bar_is_marked_with_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["one"], names=("one", "two"), runner=runner(result(1, 2), result(3, 2))) == 1
    lines = capsys.readouterr().out.splitlines()[2:]
    assert " met " in lines[0]
    assert " MISSED " in lines[1]
    assert len(lines) == 2


def test_failing_case_is_reported_and_others_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(name: str) -> list[Result]:
        if name == "broken":
            raise RuntimeError("no ffmpeg here")
        return [result(1, 2)]

    assert main([], names=("broken", "whole"), runner=run) == 1
    broken, whole = capsys.readouterr().out.splitlines()[2:]
    assert "RuntimeError: no ffmpeg here" in broken
    assert " FAILED " in broken
    assert " met " in whole


def test_unknown_case_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["three"], names=("one", "two"), runner=runner())
    assert exit_.value.code == 2
    assert "no such case: three" in capsys.readouterr().err


def test_json_contains_results_and_environment(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    outcome = paired([(10.0, 11.0)]).result("tiny", unit="ms", bar=1.05, details={"size": 3})
    assert main(["one", "--json", str(path)], names=("one",), runner=runner(outcome)) == 1
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["machine"]["homeassistant"]
    (only,) = report["cases"]["one"]["results"]
    assert only["ratio"] == pytest.approx(1.1)
    assert only["details"] == {"ratios": [1.1], "size": 3}
    assert only["met"] is False


def test_json_keeps_other_cases_and_writes_page(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    names = ("one", "two")
    first = paired([(10.0, 11.0)]).result("first", unit="ms", bar=1.05, details={"size": 3})
    assert main(["--json", str(path)], names=names, runner=runner(first)) == 1
    assert main(["two", "--json", str(path)], names=names, runner=runner(result(1, 2))) == 0
    lines = page(json.loads(path.read_text(encoding="utf-8"))).splitlines()
    (one,) = (line for line in lines if line.startswith("| one") and "first" in line)
    assert "| 11 ms " in one
    assert "| 10 ms " in one
    assert "| 1.100 " in one
    assert " MISSED " in one
    assert [line for line in lines if "tiny" in line and " met " in line]
    assert any(line.startswith("- homeassistant: 2") for line in lines)


@pytest.mark.parametrize("name", CASES)
def test_every_case_exists(name: str) -> None:
    case = load_case(name)
    assert isinstance(case, Case)
    assert case.name == name
    assert case.compares


def test_quick_run_measures_less_with_a_tolerance(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(QUICK, "0")
    assert (repeats(5), repeats(2), length(20.0)) == (5, 2, 20.0)
    seen: list[tuple[int, int, float]] = []

    def run(_name: str) -> list[Result]:
        seen.append((repeats(5), repeats(2), length(20.0)))
        return [result(12.4, 10), result(12.6, 10), result(8.1, 10, at_least=True)]

    assert main(["--quick", "one"], names=("one",), runner=run) == 1
    assert seen == [(1, 1, 8.0)]
    marks = [line.split("|")[7].strip() for line in capsys.readouterr().out.splitlines()[2:]]
    assert marks == ["met", "MISSED", "met"]


def test_every_case_is_described() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    _, _, table = text.partition("| case | claim | method |\n|---|---|---|\n")
    described = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(described) == sorted(CASES)
    modules = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {*CASES, "__init__"}
    shared = text.partition("Shared modules: ")[2]
    assert {name for name in modules if f"`{name}.py`" not in shared} == set()


def test_every_case_has_figures() -> None:
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) +\| .+ \| .+ \| .+ \| .+ \|$", text, re.MULTILINE)
    assert set(rows) - {"case"} == set(CASES)


def test_decisions_name_cases() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    named = re.findall(r"bench\s+`(\w+)`", text)
    assert named
    assert set(named) <= set(CASES)
