"""Mutations of bytes, texts, JSON, and files that consist of length-prefixed pieces."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final, NamedTuple

EXTREME_NUMBERS: Final = (
    "-1", "0", "-0", "1e999", "-1e308", "1e308", "nan", "inf", "0x10", "1_0", "2147483648",
    "4294967296", "9223372036854775808", "-9223372036854775809",
    "340282366920938463463374607431768211456", "1" + "0" * 400, "9" * 5000, "0.000000000000001",
    "٣", "²", "",
)  # fmt: skip
ODD_TEXTS: Final = (
    "\0", "\ufeff", "\u202e", "\u2028", "\u2029", "\x85", "\x1b[2J", "\r", "\x7f", "\t", "\u00a0",
    "👩\u200d👩\u200d👧", "e" + "\u0301" * 500, "\U0010ffff", "\uffff", "İ", "ß", "%00", "%2e%2e%2f",
    "../", "..\\", "\\", "//", "&#0;", "&#x110000;", "&amp;" * 50, "<", ">", '"', "'", "{{", "}}",
    "{%", "${}", "$(", "`", ";", "#", "?", "@", ":", "[", "]",
)  # fmt: skip
ODD_BYTES: Final = (
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xff",
    b"\xfe\xff",
    b"\xf4\x90\x80\x80",
    b"\x80",
)
"""Invalid UTF-8: a surrogate, an overlong form, and others."""
ODD_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1 << 31, 1 << 64, -(1 << 63), 0.5, 1e308, -1e308, "", " ", "\0",
    "\ud800", "\udcff", "a" * 70_000, "\u202e", "9" * 5000, [], {}, [[]], {"": None}, ["a", 1],
    "NaN", "file:///etc/passwd", "http://[::1", "http://a:99999/", "https://\udce4/",
    "http://" + "a" * 300 + "/", "http://a/\r\nX: b",
)  # fmt: skip
_LONG: Final = 100_000
_LARGE: Final = 1_000_000
"""Largest input in bytes: the test's own data must not count as growth of the tested code."""
_FILLS: Final = (b"\0", b"\1", b"\x7f\xff", b"\x80", b"\xff", b"\xff\xff\xff\xfe")


class Piece(NamedTuple):
    """A length-prefixed piece of a file: a box, a chunk, a segment."""

    start: int
    end: int
    length_at: int
    length_size: int


def mutated(data: bytes, rng: Random, pieces: Callable[[bytes], Sequence[Piece]]) -> bytes:
    """Return `data` with one to three mutations; `pieces` finds what can be mutated as a whole."""
    for _ in range(rng.randint(1, 3)):
        if len(data) > _LARGE:
            break
        found = pieces(data) if rng.random() < 0.6 else ()
        data = _of_pieces(data, rng, found) if found else _of_bytes(data, rng)
    return data


def no_pieces(_data: bytes) -> Sequence[Piece]:
    """Return nothing, for data without pieces."""
    return ()


def _of_bytes(data: bytes, rng: Random) -> bytes:
    begin = rng.randrange(len(data) + 1)
    if rng.random() < 0.5:
        begin = rng.randrange(min(len(data), 200) + 1)  # headers matter most
    end = min(len(data), begin + rng.choice((1, 2, 4, 8, 64, 4096)))
    match rng.randrange(6):
        case 0:
            return data[:begin]
        case 1:
            flipped = bytes(byte ^ (1 << rng.randrange(8)) for byte in data[begin:end][:4])
            return data[:begin] + flipped + data[begin + len(flipped) :]
        case 2:
            fill = (rng.choice(_FILLS) * 8)[: min(8, end - begin)]
            return data[:begin] + fill + data[begin + len(fill) :]
        case 3:
            return data[:end] + data[begin:end] * rng.choice((1, 2, 50)) + data[end:]
        case 4:
            return data[:begin] + data[end:]
    return data[:begin] + rng.randbytes(rng.choice((1, 4, 300))) + data[begin:]


def _of_pieces(data: bytes, rng: Random, pieces: Sequence[Piece]) -> bytes:
    piece = rng.choice(pieces)
    start, end, at, size = piece
    whole = data[start:end]
    match rng.randrange(6):
        case 0:
            return data[:end] + whole * rng.choice((1, 2, 200)) + data[end:]
        case 1:
            return data[:start] + data[end:]
        case 2:
            other = rng.choice(pieces)
            return data[:end] + data[other.start : other.end] + data[end:]
        case 3:
            body = max(start, at + size)
            return data[:body] + _nested(data, piece, rng.choice((1, 3, 300))) + data[end:]
        case 4:
            length = rng.choice((0, 1, 2, size, end - start + 1, (1 << (8 * size)) - 1))
            return data[:at] + (length % (1 << 8 * size)).to_bytes(size) + data[at + size :]
    length = rng.getrandbits(8 * size)
    return data[:at] + length.to_bytes(size) + data[at + size :]


def _nested(data: bytes, piece: Piece, depth: int) -> bytes:
    """Nest a piece in its own header, repeatedly, with correct lengths."""
    start, end, at, size = piece
    head, made = data[start : at + size], data[start:end]
    tail = data[at + size : at + size + 4]
    for _ in range(depth):
        length = (len(head) + len(tail) + len(made)) % (1 << 8 * size)
        made = head[: at - start] + length.to_bytes(size) + tail + made
    return made


def mutated_text(text: str, rng: Random) -> bytes:
    """Return a text of lines, as UTF-8, with one to four mutations."""
    lines = text.splitlines()
    for _ in range(rng.randint(1, 4)):
        _change_lines(lines, rng)
    data = rng.choice(("\n", "\n", "\r\n", "\r")).join(lines).encode("utf-8", "surrogatepass")
    if rng.random() < 0.2:
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice(ODD_BYTES) + data[at:]
    return data


def _change_lines(lines: list[str], rng: Random) -> None:
    if not lines:
        lines.append("")
    at = rng.randrange(len(lines))
    match rng.randrange(7):
        case 0:
            lines[at] = with_number(lines[at], rng)
        case 1:
            lines[at] = with_odd(lines[at], rng)
        case 2:
            lines[at:at] = [lines[at]] * min(
                rng.choice((1, 3, 5000)), 1 + _LARGE // (1 + len(lines[at]))
            )
        case 3:
            del lines[at]
        case 4:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case 5:
            cut = rng.randrange(len(lines[at]) + 1)
            filling = rng.choice(("a", "A-", '="', "/", "<", "[", " ", ",", "../", "&lt;"))
            lines[at] = lines[at][:cut] + filling * (_LONG // len(filling)) + lines[at][cut:]
        case _:
            cut = rng.randrange(len(lines[at]) + 1)
            lines[at:] = [lines[at][:cut]]


def with_number(text: str, rng: Random) -> str:
    """Replace one of the numbers in a text by an extreme one."""
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return text + rng.choice(EXTREME_NUMBERS)
    begin = end = rng.choice(places)
    while end < len(text) and text[end] in "0123456789.":
        end += 1
    return text[:begin] + rng.choice(EXTREME_NUMBERS) + text[end:]


def with_odd(text: str, rng: Random) -> str:
    """Insert something odd into a text, or replace some of it."""
    begin = rng.randrange(len(text) + 1)
    end = begin + rng.choice((0, 0, 1, 3))
    return text[:begin] + rng.choice(ODD_TEXTS) * rng.choice((1, 1, 1, 40)) + text[end:]


def mutated_json(value: Any, rng: Random) -> Any:
    """Return a JSON value with one of its values replaced."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        return _changed_object(value, rng)
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        if rng.random() < 0.3:
            return value * rng.choice((2, 300))
        return [*value[:at], mutated_json(value[at], rng), *value[at + 1 :]]
    if isinstance(value, str) and rng.random() < 0.4:
        return with_odd(with_number(value, rng) if rng.random() < 0.3 else value, rng)
    if rng.random() < 0.9:
        return rng.choice(ODD_VALUES)
    for _ in range(rng.choice((1, 50, 400))):
        value = [value] if rng.random() < 0.5 else {"a": value}
    return value


def _changed_object(value: dict[str, Any], rng: Random) -> dict[str, Any]:
    key = rng.choice(sorted(value))
    match rng.randrange(6):
        case 0:
            return {other: each for other, each in value.items() if other != key}
        case 1:
            return {**value, with_odd(key, rng): value[key]}
    return {**value, key: mutated_json(value[key], rng)}
