"""PINs: format, random choice, and the common ones, which are tried first.

Common PINs are those at the top of lists of leaked ones: repetitions, runs, years, dates, keypad
patterns, and some famous numbers.
"""

from datetime import date
from itertools import pairwise
import re
import secrets
from typing import Final

MIN_DIGITS: Final = 6
"""Digits of a new PIN. Earlier versions stored PINs of 4."""
MAX_DIGITS: Final = 12

_PIN: Final = re.compile(f"[0-9]{{4,{MAX_DIGITS}}}")
_LINES: Final = ("123", "456", "789", "147", "258", "369", "159", "357")
_KEYPAD: Final = re.compile(
    "(?:" + "|".join((*_LINES, *(line[::-1] for line in _LINES), "2580", "0852")) + ")+"
)
"""Only rows, columns and diagonals of the keypad."""
_RING: Final = "12369874"
"""The keys around the 5."""
_YEAR: Final = "(?:19|20)[0-9]{2}"
_YEARS: Final = re.compile(f"(?:{_YEAR})+|{_YEAR}[0-9]{{2}}|[0-9]{{2}}{_YEAR}")
_FAMOUS: Final = frozenset(
    (
        "112358",
        "141421",
        "161803",
        "271828",
        "314159",
        "1314520",
        "5201314",
        "31415926",
        "4815162342",
    )
)
_CENTURIES: Final = (1900, 2000)


def is_pin(text: str) -> bool:
    """Return whether `text` is 4 to 12 ASCII digits."""
    return _PIN.fullmatch(text) is not None


def is_common(pin: str) -> bool:
    """Return whether a PIN is one of those that are tried first."""
    return (
        pin in _FAMOUS
        or len(set(pin)) <= 2
        or pin == pin[::-1]
        or _is_repetition(pin)
        or _is_run(pin)
        or _KEYPAD.fullmatch(pin) is not None
        # 147896, around the 5.
        or pin in _RING * 3
        or pin[::-1] in _RING * 3
        or _YEARS.fullmatch(pin) is not None
        or _is_date(pin)
    )


def random_pin() -> str:
    """Return a random PIN of `MIN_DIGITS` that is not common."""
    while is_common(pin := f"{secrets.randbelow(10**MIN_DIGITS):0{MIN_DIGITS}}"):
        pass
    return pin


def _is_repetition(pin: str) -> bool:
    """Match 123123 and 1231231: a repeated block, the last one perhaps incomplete."""
    return any(pin[size:] == pin[:-size] for size in range(1, len(pin) // 2 + 1))


def _is_run(pin: str) -> bool:
    """Match 456789, 890123, 975319, 123654 and, in every other digit, 142536 and 102030."""
    steps = _steps(pin)
    if len(set(steps)) == 1 or _are_runs(steps):
        return True
    # Every other digit stays the same, or goes up or down by one.
    return all(set(_steps(half)) in ({0}, {1}, {9}) for half in (pin[::2], pin[1::2]))


def _steps(pin: str) -> list[int]:
    """Return the difference between each digit and the next, modulo 10."""
    return [(int(after) - int(before)) % 10 for before, after in pairwise(pin)]


def _are_runs(steps: list[int]) -> bool:
    """Return whether these steps make runs of three or more digits, up or down by one."""
    while steps:
        length = next((n for n, step in enumerate(steps) if step != steps[0]), len(steps))
        if steps[0] not in (1, 9) or length < 2:
            return False
        # The step after a run leads to the first digit of the next one.
        steps = steps[length + 1 :]
    return True


def _is_date(pin: str) -> bool:
    """Match dates with a year of 2 or 4 digits, as DDMMY, MMDDY and YMMDD."""
    if len(pin) not in (6, 8):
        return False
    digits = len(pin) - 4
    first, last = pin[:digits], pin[-digits:]
    return any(
        _is_day(century + int(year) % 100, month, day)
        for year, month, day in (
            (last, pin[2:4], pin[:2]),
            (last, pin[:2], pin[2:4]),
            (first, pin[-4:-2], pin[-2:]),
        )
        for century in _CENTURIES
        if digits == 2 or year.startswith(str(century // 100))
    )


def _is_day(year: int, month: str, day: str) -> bool:
    try:
        date(year, int(month), int(day))
    except ValueError:
        return False
    return True
