"""Texts from outside: which of them a name, a path or a URL can be."""

from typing import Final

MAX_TEXT: Final = 255
"""Characters of a name."""


_SHOWN: Final = 200


def is_plain(text: str, *, most: int = MAX_TEXT) -> bool:
    """Tell whether a text has at most so many characters, all of which can be written down.

    Control characters (C0, C1 and DEL) and lone surrogates, which no encoding has, are none.
    """
    return len(text) <= most and not any(map(_is_odd, text))


def is_name(text: str) -> bool:
    """Tell whether a text can be a name: plain, and more than spaces."""
    return bool(text.strip()) and is_plain(text)


def shown(text: str) -> str:
    """Return a text of a user as an error can quote it: cut short, what is not plain replaced."""
    cut = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return written(cut)


def written(text: str) -> str:
    """Return a text as it can be written down, what is not plain replaced."""
    return "".join("\ufffd" if _is_odd(character) else character for character in text)


def _is_odd(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff"
