"""Checks of text from outside, used as a name, path or URL."""

from typing import Final

_MAX_NAME: Final = 255
"""Characters."""
_MAX_DISPLAYED: Final = 200


def is_plain(text: str, *, max_length: int = _MAX_NAME) -> bool:
    """Return whether a text is within `max_length` characters, all of them encodable and printable.

    Control characters (C0, C1 and DEL) and lone surrogates, which no encoding has, are not.
    """
    return len(text) <= max_length and not any(map(_is_unprintable, text))


def is_name(text: str) -> bool:
    """Return whether a text is valid as a name: plain and not blank."""
    return bool(text.strip()) and is_plain(text)


def for_display(text: str) -> str:
    """Return a user's text for an error message: truncated, unprintable characters replaced."""
    return replace_unprintable(
        text if len(text) <= _MAX_DISPLAYED else f"{text[: _MAX_DISPLAYED - 1]}…"
    )


def replace_unprintable(text: str) -> str:
    """Replace the characters that `is_plain` rejects by U+FFFD."""
    return "".join("\ufffd" if _is_unprintable(character) else character for character in text)


def _is_unprintable(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff"
