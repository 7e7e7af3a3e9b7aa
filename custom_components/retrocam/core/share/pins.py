"""PINs: which digits can be one, and which of them a stranger would try first.

Those are the PINs that lists of leaked ones begin with: repetitions, runs, years, dates, patterns on
the keypad, and a few numbers that everybody knows.
"""

from datetime import date
from itertools import pairwise
import re
import secrets
from typing import Final

LEAST: Final = 6
"""Digits of a new PIN. Those stored by earlier versions may have 4."""
MOST: Final = 12

_TYPED: Final = re.compile(f"[0-9]{{4,{MOST}}}")
_LINES: Final = ("123", "456", "789", "147", "258", "369", "159", "357")
_GROUPS: Final = re.compile(
    "(?:" + "|".join((*_LINES, *(line[::-1] for line in _LINES), "2580", "0852")) + ")+"
)
"""Nothing but rows, columns and diagonals of the keypad."""
_RING: Final = "12369874"
"""The keys around the 5."""
_YEAR: Final = "(?:19|20)[0-9]{2}"
_YEARS: Final = re.compile(f"(?:{_YEAR})+|{_YEAR}[0-9]{{2}}|[0-9]{{2}}{_YEAR}")
_KNOWN: Final = frozenset(
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
    """Tell whether a text can be a PIN that somebody types: 4 to 12 digits."""
    return _TYPED.fullmatch(text) is not None


def is_common(pin: str) -> bool:
    """Tell whether a PIN is one of those that are tried first."""
    return (
        pin in _KNOWN
        or len(set(pin)) <= 2
        or pin == pin[::-1]
        or _is_repetition(pin)
        or _is_run(pin)
        or _is_on_keypad(pin)
        or _YEARS.fullmatch(pin) is not None
        or _is_date(pin)
    )


def draw_pin() -> str:
    """Return six random digits that are not common."""
    while is_common(pin := f"{secrets.randbelow(10**LEAST):0{LEAST}}"):
        pass
    return pin


def _is_repetition(pin: str) -> bool:
    """Find 123123 and 1231231: a block again and again, the last time perhaps cut off."""
    return any(pin[size:] == pin[:-size] for size in range(1, len(pin) // 2 + 1))


def _is_run(pin: str) -> bool:
    """Find 456789, 890123, 975319, 123654 and, of every other digit, 142536 and 102030."""
    steps = _steps(pin)
    if len(set(steps)) == 1 or _is_of_runs(steps):
        return True
    # Of every other digit: both halves stay as they are, or go up or down by one.
    return all(set(_steps(half)) in ({0}, {1}, {9}) for half in (pin[::2], pin[1::2]))


def _steps(pin: str) -> list[int]:
    """Return the difference between each digit and the next, modulo 10."""
    return [(int(after) - int(before)) % 10 for before, after in pairwise(pin)]


def _is_of_runs(steps: list[int]) -> bool:
    """Tell whether digits of these steps are runs of three or more, up or down by one."""
    while steps:
        if steps[0] not in (1, 9):
            return False
        length = next((n for n, step in enumerate(steps) if step != steps[0]), len(steps))
        if length < 2:
            return False
        # The step that ends a run leads to the first digit of the next one.
        steps = steps[length + 1 :]
    return True


def _is_on_keypad(pin: str) -> bool:
    """Find 147258 and 159753, and 147896, which goes around."""
    if _GROUPS.fullmatch(pin):
        return True
    return pin in _RING * 3 or pin[::-1] in _RING * 3


def _is_date(pin: str) -> bool:
    """Find days, with 2 or 4 digits of the year, in any order that is in use."""
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
