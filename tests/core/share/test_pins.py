"""Common PINs, and the chance to guess a suggested one under the rate limit."""

from pathlib import Path
import re
from typing import Final

import pytest

from custom_components.retrocam.core.share.pins import MIN_DIGITS, is_common, is_pin, random_pin
from custom_components.retrocam.core.share.rate_limit import BY_LINK, PinRateLimiter

YEAR: Final = 365 * 86_400.0
SECURITY: Final = Path(__file__).parents[3] / "docs" / "security.md"


@pytest.mark.parametrize("text", ["1234", "123456789012", "0000"])
def test_pin_has_4_to_12_digits(text: str) -> None:
    """Stored PINs of 4 digits, from earlier versions, remain valid."""
    assert is_pin(text)


@pytest.mark.parametrize("text", ["", "123", "1234567890123", "12a4", "１２３４", "1234\n", "-123"])
def test_other_text_is_no_pin(text: str) -> None:
    assert not is_pin(text)


@pytest.mark.parametrize(
    "pins",
    [
        pytest.param("000000 777777777777 111112 121212 123123 1231231 0410410", id="repetitions"),
        pytest.param("123456 987654 890123 210987 975319 123456789012", id="runs"),
        pytest.param("123654 123321 789456 112233 102030 142536 010203 121314", id="of runs"),
        pytest.param("127721 90988909", id="mirrored"),
        pytest.param("19850412 12041985 04121985 120485 041285 850412 290200", id="dates"),
        pytest.param("198512 121985 198400 842024 20242025 198519861987", id="years"),
        pytest.param("147258 159753 369852 741963 147896 987412 2580147 123698741", id="keypad"),
        pytest.param("314159 271828 112358 5201314 4815162342", id="known"),
    ],
)
def test_common_pins(pins: str) -> None:
    assert [pin for pin in pins.split() if not is_common(pin)] == []


def test_uncommon_pins() -> None:
    pins = "135790 246801 710384 9182734 4829103758 31021975 300285 190385719"
    assert [pin for pin in pins.split() if is_common(pin)] == []


def test_suggested_pins_are_random_and_valid() -> None:
    offered = [random_pin() for _ in range(200)]
    assert all(is_pin(pin) and len(pin) == MIN_DIGITS and not is_common(pin) for pin in offered)
    assert len(set(offered)) > 150
    assert {pin[0] for pin in offered} == set("0123456789")


def guesses_in_a_year(burst: int) -> int:
    """Count the PINs that can be tried at a link in a year, each from another address.

    Waits after each `burst` until the failures are forgotten.
    """
    pin_limiter, now, guesses = PinRateLimiter(), 0.0, 0
    while True:
        for _ in range(burst):
            now += pin_limiter.retry_after(f"192.0.{guesses >> 8}.{guesses & 255}", "link", now)
            if now > YEAR:
                return guesses
            pin_limiter.count_failure(f"192.0.{guesses >> 8}.{guesses & 255}", "link", now)
            guesses += 1
        now += BY_LINK.reset_after


def test_documented_chance_to_guess_a_suggested_pin() -> None:
    most = max(guesses_in_a_year(burst) for burst in range(1, 60))
    assert most >= guesses_in_a_year(10**6)
    # Every 101st PIN: all digits in all places.
    sample = range(0, 10**MIN_DIGITS, 101)
    common = sum(is_common(f"{number:0{MIN_DIGITS}}") for number in sample) / len(sample)
    chance = 100 * most / ((1 - common) * 10**MIN_DIGITS)
    assert 0.05 < common < 0.2
    documented = re.search(r"(\d+\.\d+) % in a year", SECURITY.read_text(encoding="utf-8"))
    assert documented is not None
    assert float(documented[1]) == round(chance, 2)
    # With four digits.
    assert 10 < 100 * most / 10**4 < 20
