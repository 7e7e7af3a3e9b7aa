"""A short soak test, for minutes instead of hours; and tests of its checks."""

import os
from pathlib import Path

import pytest

from soak.log import unexpected
from soak.memory import growth, is_flat
from soak.run import soak
from soak.shown import Shown, told_numbers
from tests.rtsp import RtspUnavailableError, unavailable

MINUTES = float(os.environ.get("RETROCAM_SOAK_MINUTES") or (3 if os.environ.get("CI") else 1))
SEED = int.from_bytes(os.urandom(3))


@pytest.mark.long
@pytest.mark.timeout(MINUTES * 60 + 420)
async def test_short_soak_has_no_faults(tmp_path: Path, socket_enabled: None) -> None:
    try:
        figures = await soak(MINUTES, SEED, tmp_path)
    except RtspUnavailableError as err:
        unavailable(str(err))
        raise
    assert figures["faults"] == [], f"seed {SEED}: {figures}"
    # It has not passed because nothing happened.
    assert figures["lives"] == 5
    assert figures["clips"] > 0
    assert sum(figures["visits"].values()) > 10


def test_leak_is_detected_despite_outliers() -> None:
    hour = [(60.0 * minute, 300e6 + 10e6 * (minute % 3)) for minute in range(75)]
    assert is_flat(hour)
    assert abs(growth(hour)[0]) < 0.5e6
    leaking = [(time, size + 2e6 * time / 3600) for time, size in hour]
    assert not is_flat(leaking)
    # Growth in the first tenth is not a leak.
    assert is_flat([(time, size - (100e6 if time < 300 else 0)) for time, size in hour])
    assert not is_flat([(10.0 * n, 300e6 + 10e6 * n) for n in range(12)])


def shown(*numbers: int | None, lost: tuple[int, ...] = ()) -> list[Shown]:
    """Return frames with a keyframe every ten, without those lost by the source."""
    return [
        Shown(number, at * 100, at % 10 == 0) for at, number in enumerate(numbers) if at not in lost
    ]


def test_frames_predicted_from_a_lost_frame_are_ignored() -> None:
    assert told_numbers(shown(*range(30))) == (list(range(30)), 0)
    # Frames before and after the lost one are unreadable, or show another number.
    broken = [*range(11), None, 14, 13, None, *range(15, 30)]
    assert told_numbers(shown(*broken, lost=(13,))) == ([*range(11), *range(20, 30)], 0)
    assert told_numbers(shown(*broken)) == ([*range(11), 14, 13, *range(15, 30)], 2)
    assert told_numbers(shown(None)) == ([], 0)


def test_frames_that_reference_one_after_the_end_are_ignored() -> None:
    pictures = [*shown(*range(8)), Shown(None, 800, key=False, ahead=True)]
    assert told_numbers(pictures) == (list(range(8)), 0)
    assert told_numbers([*pictures, Shown(9, 900, key=False)]) == ([*range(8), 9], 1)
    assert told_numbers([*shown(*range(8)), Shown(None, 800, key=False)]) == (list(range(8)), 1)


def test_only_listed_errors_are_expected_in_the_log() -> None:
    log = """\
2026-01-01 10:00:00.000 WARNING (MainThread) [homeassistant.loader] We found a custom integration
2026-01-01 10:00:00.000 ERROR (stream_worker) [homeassistant.components.stream.stream.camera.porch] \
Error from stream worker: Error opening stream (Connection refused, rtsp://127.0.0.1/porch)
2026-01-01 10:00:00.000 ERROR (MainThread) [homeassistant] \
Error doing job: HomeAssistantError exception in shielded future (task: None)
Traceback (most recent call last):
homeassistant.exceptions.HomeAssistantError: camera.porch did not come in time
2026-01-01 10:00:00.000 ERROR (MainThread) [custom_components.retrocam.stream.provider] Failed
Traceback (most recent call last):
ValueError: never
2026-01-01 10:00:00.000 INFO (MainThread) [custom_components.retrocam] Fine
"""
    (found,) = unexpected(log)
    assert found.startswith("ERROR [custom_components.retrocam.stream.provider] Failed\nTraceback")
    assert found.endswith("ValueError: never")
