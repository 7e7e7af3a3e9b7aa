"""What Home Assistant may say above a warning in a soak, by name, and nothing else."""

from collections.abc import Iterator
import re
from typing import Final

LINE: Final = re.compile(
    r"^\S+ \S+ (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) \((?P<thread>[^)]*)\) "
    r"\[(?P<logger>[^\]]*)\] (?P<text>.*)"
)
EXPECTED: Final = (
    # A source that was killed, hung or refused: Home Assistant's stream worker says so each time.
    (r"homeassistant\.components\.stream\.stream\..*", r"Error from stream worker: .*"),
    # What an action of ours refuses, in its own words: any other failure has a traceback.
    (r"homeassistant\.components\.api", r"Error during service call to retrocam\..*"),
    # The same for a visitor who has left meanwhile: Home Assistant shields the action from that, and
    # asyncio tells what nobody waits for any more.
    (
        r"homeassistant",
        r"Error doing job: HomeAssistantError exception in shielded future(?s:.*)\n[\w.]*Error: .*",
    ),
    # A visitor who asks for HLS before the entry is loaded, after a start or a reload.
    (r"homeassistant\.components\.camera", r"Error requesting stream: .*"),
)
"""Logger and message of errors that belong to what the soak does."""


def entries(log: str) -> Iterator[tuple[str, str, str]]:
    """Yield level, logger and text of each entry, with what follows it up to the next."""
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
    """Return what stands in a log above a warning, or without a level, and is not expected."""
    found = []
    for level, logger, text in entries(log):
        if level in {"DEBUG", "INFO", "WARNING"} and "Traceback" not in text:
            continue
        if not any(
            re.fullmatch(one, logger) and re.fullmatch(said, text) for one, said in EXPECTED
        ):
            found.append(f"{level} [{logger}] {text}")
    return found
