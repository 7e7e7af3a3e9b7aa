"""The log lines above a warning that are expected in a soak test."""

from collections.abc import Iterator
import re
from typing import Final

LINE: Final = re.compile(
    r"^\S+ \S+ (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) \((?P<thread>[^)]*)\) "
    r"\[(?P<logger>[^\]]*)\] (?P<text>.*)"
)
EXPECTED: Final = (
    # A source that was killed, hung or refused: Home Assistant's stream worker reports it each time.
    (r"homeassistant\.components\.stream\.stream\..*", r"Error from stream worker: .*"),
    # A call rejected by one of our actions, with its own message: any other failure has a traceback.
    (r"homeassistant\.components\.api", r"Error during service call to retrocam\..*"),
    # The same for a client that has left meanwhile: Home Assistant shields the action, and asyncio
    # reports the exception that nobody retrieves.
    (
        r"homeassistant",
        r"Error doing job: HomeAssistantError exception in shielded future(?s:.*)\n[\w.]*Error: .*",
    ),
    # A client that requests HLS before the entry is loaded, after a start or a reload.
    (r"homeassistant\.components\.camera", r"Error requesting stream: .*"),
    # A source that ended just after a keyframe: the last segment of Home Assistant's stream has no
    # duration, by which its master playlist divides (`HlsMasterPlaylistView.render`).
    (
        r"aiohttp\.server",
        r"Error handling request(?s:.*)/stream/hls\.py(?s:.*)/ segment\.duration(?s:.*)\nZeroDiv.*",
    ),
)
"""Logger and message of expected errors."""


def entries(log: str) -> Iterator[tuple[str, str, str]]:
    """Yield level, logger and text of each entry, including continuation lines."""
    level = logger = ""
    text: list[str] = []
    for line in log.splitlines():
        if (match := LINE.match(re.sub(r"\x1b\[[0-9;]*m", "", line))) is None:
            text.append(line)
            continue
        if text:
            yield level, logger, "\n".join(text)
        level, logger = match["level"], match["logger"]
        text = [match["text"]]
    if text:
        yield level, logger, "\n".join(text)


def unexpected(log: str) -> list[str]:
    """Return the unexpected log entries above a warning, or without a level."""
    found = []
    for level, logger, text in entries(log):
        if level in {"DEBUG", "INFO", "WARNING"} and "Traceback" not in text:
            continue
        if not any(
            re.fullmatch(name, logger) and re.fullmatch(pattern, text) for name, pattern in EXPECTED
        ):
            found.append(f"{level} [{logger}] {text}")
    return found
