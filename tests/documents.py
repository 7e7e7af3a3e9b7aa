"""The documents of the repository, and what stands in them: blocks, links, anchors, commands."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import re
import shlex
from typing import Final

from .house import ROOT

DOCUMENTS: Final = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(ROOT / folder / "README.md" for folder in ("benchmarks", "soak")),
    *sorted((ROOT / "docs").glob("*.md")),
]

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WORDS: Final = r"(?:[A-Z_]+=\S+ )*(?:scripts/[\w-]+|\.venv/bin/python -m|npm (?:test|run))\b.*"
"""What begins a command in backticks."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document."""

    document: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a shell: its words, without variables before it."""

    words: list[str]
    variables: list[str]


def read(path: Path) -> str:
    """Return the text of a document."""
    return path.read_text(encoding="utf-8")


def blocks(path: Path) -> list[Block]:
    """Return the fenced blocks of a document."""
    return [Block(path.name, *found) for found in _FENCE.findall(read(path))]


def prose(text: str) -> str:
    """Return a document without its fenced blocks."""
    return _FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """Return what stands in backticks in the prose, on one line each."""
    return [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", prose(text))]


def links(text: str) -> list[str]:
    """Return the targets of links and pictures in the prose."""
    without_code = re.sub(r"`[^`]*`", "", prose(text))
    return re.findall(r"\]\(([^)\s]+)\)", without_code) + re.findall(r'src="(.+?)"', without_code)


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    titles = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands(path: Path) -> Iterator[Command]:
    """Yield the commands of a document: in blocks of `sh`, and in backticks."""
    lines = [
        line for block in blocks(path) if block.language == "sh" for line in block.text.splitlines()
    ]
    lines += [span for span in spans(read(path)) if re.fullmatch(_WORDS, span)]
    for line in lines:
        for part in line.split(" && "):
            words = shlex.split(part, comments=True)
            variables = [word for word in words if re.match(r"[A-Z_]+=", word)]
            if words := [word for word in words if word not in variables]:
                yield Command(words, [word.partition("=")[0] for word in variables])
