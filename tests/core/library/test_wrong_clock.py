"""Tests of the age limit under a wrong clock."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.library.clock_trust import STEADY
from custom_components.retrocam.core.library.files import format_name
from custom_components.retrocam.core.library.retention import DAY, Limits
from custom_components.retrocam.core.library.snapshots import snapshot_library
from custom_components.retrocam.core.library.store import MediaLibrary

from ..media import Clock

YEAR = 365 * DAY
KEPT = 7
HOUR = 3600


class Machine:
    """A machine with an adjustable wall clock, and a camera that keeps stills for a week."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.store = self.restart()

    def restart(self, limits: Limits | None = None) -> MediaLibrary:
        self.store = snapshot_library(
            self.folder,
            limits=limits or Limits(days=KEPT),
            clock=self.clock.wall,
            monotonic=self.clock,
        )
        self.store.load()
        return self.store

    def picture(self, age: float = 0) -> None:
        """Put a file of `age` seconds into the folder, as from an earlier run."""
        time_ms = round((self.clock.wall() - age) * 1000)
        (self.folder / format_name(time_ms, "jpg")).write_bytes(b"a still")

    def set_clock(self, seconds: float) -> None:
        self.clock.wall_ahead += seconds

    def run(self, hours: float) -> None:
        """Advance the time, with a still and a check of the limits each hour."""
        for _ in range(round(hours)):
            self.clock.now += HOUR
            self.store.add(b"a still", self.clock.wall(), "jpg")
            self.store.apply_limits()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a still for each of the last five days."""
    machine = Machine(tmp_path)
    for day in range(5):
        machine.picture(day * DAY + HOUR)
    assert machine.restart().total == 5
    return machine


@pytest.mark.parametrize("wrong", [30 * DAY, 10 * YEAR])
def test_start_with_the_clock_ahead_deletes_nothing(machine: Machine, wrong: float) -> None:
    machine.set_clock(wrong)
    assert machine.restart().total == 5
    machine.run(hours=3)
    assert machine.store.total == 8
    # A restart must not take the stills of these hours as evidence.
    assert machine.restart().total == 8
    machine.set_clock(-wrong)
    machine.run(hours=STEADY // HOUR + 1)
    assert machine.store.total == 8 + STEADY // HOUR + 1


def test_clock_jump_while_running_deletes_nothing(machine: Machine) -> None:
    machine.run(hours=1)
    machine.set_clock(YEAR)
    machine.run(hours=3)
    machine.set_clock(-YEAR)
    machine.run(hours=1)
    assert machine.store.total == 10


def test_clock_steady_for_half_a_day_is_trusted(machine: Machine) -> None:
    """The machine was off for a month: its old stills are deleted with a delay."""
    machine.set_clock(30 * DAY)
    machine.restart()
    machine.run(hours=STEADY // HOUR - 1)
    assert machine.store.total == 5 + STEADY // HOUR - 1
    machine.run(hours=1)
    assert machine.store.total == STEADY // HOUR


def test_future_files_suspend_the_age_limit_for_half_a_day(machine: Machine) -> None:
    machine.picture(age=-2 * DAY)
    machine.picture(age=KEPT * DAY + HOUR)
    assert machine.restart().total == 7
    machine.run(hours=STEADY // HOUR)
    assert machine.store.total == 6 + STEADY // HOUR


def test_count_limit_applies_under_any_clock(machine: Machine) -> None:
    machine.set_clock(10 * YEAR)
    assert machine.restart(Limits(days=KEPT, count=3)).total == 3


def test_correct_clock_is_trusted_at_once(machine: Machine) -> None:
    machine.picture(age=KEPT * DAY + HOUR)
    assert machine.restart().total == 5
    machine.clock.now += 3 * DAY
    machine.store.apply_limits()
    assert machine.store.total == 4


def test_file_written_before_the_first_scan_is_no_evidence(machine: Machine) -> None:
    machine.set_clock(YEAR)
    store = snapshot_library(
        machine.folder,
        limits=Limits(days=KEPT),
        clock=machine.clock.wall,
        monotonic=machine.clock,
    )
    store.add(b"a still", machine.clock.wall(), "jpg")
    store.load()
    assert store.total == 6
