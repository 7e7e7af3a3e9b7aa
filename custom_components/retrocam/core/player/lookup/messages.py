"""What Home Assistant's process and those of look-ups send each other.

Each job has a connection of its own: a frame with the job, then one with its answer. A frame is a length
(4 bytes, big endian) and as many bytes. Jobs are pickled, for they come from Home Assistant, which the
child trusts. Answers are JSON, for they hold what a web page made of them: `answers` checks them.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
import json
import pickle
import struct
from typing import Any, BinaryIO, Final

from ...errors import PlayError
from ..net.addresses import Address, Lookup, Origin
from ..net.streams import Resolved

LENGTH: Final = struct.Struct(">I")
MOST_BYTES: Final = 256 * 1024
"""Of an answer."""
MOST_INPUTS: Final = 2
MOST_HEADERS: Final = 64
LONGEST_TITLE: Final = 1000
"""Characters; a longer title is cut."""
LONGEST_URL: Final = 16_384
LONGEST_MESSAGE: Final = 2000
MOST_SECONDS: Final = 1e11
"""Of a duration, or a UNIX time: the year 5138."""
MOST_LINES: Final = 200
"""Of a look-up's log."""


@dataclass(frozen=True, slots=True)
class Job:
    """One look-up. Callables must be importable by name, or instances that can be pickled."""

    query: str
    """An http(s) URL, or `ytsearch1:` and words."""
    allowed: Callable[[Address], bool]
    """Which addresses may be connected to."""
    trusted: Origin | None
    """What may have any address."""
    lookup: Lookup
    """What resolves names."""
    max_height: int
    """Lines of the picture that suffice."""
    cache_dir: str | None
    """Where yt-dlp may keep what it learned about sites."""
    cpu_seconds: float
    """CPU time after which the process is killed; a little later also if it has used none."""
    verbose: bool = False
    """Whether the log of the look-up is wanted."""


def framed(data: bytes) -> bytes:
    """Return a frame."""
    return LENGTH.pack(len(data)) + data


def read_frame(stream: BinaryIO) -> bytes | None:
    """Read a frame; None at the end of the stream. Blocks."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def dump_job(job: Job) -> bytes:
    """Return the bytes of a job."""
    return pickle.dumps(job)


def load_job(data: bytes) -> Job:
    """Return the job of such bytes; for the child, whose parent alone can write to it."""
    job = pickle.loads(data)  # noqa: S301  # from Home Assistant's process, by a pipe of its own
    assert isinstance(job, Job)  # noqa: S101  # tells the type checker
    return job


def dump_found(found: Resolved, log: Sequence[str]) -> bytes:
    """Return the bytes of an answer that found something."""
    inputs = [
        {name: value for name, value in asdict(each).items() if name != "valid"}
        for each in found.inputs
    ]
    duration, expires = found.duration, found.expires
    described = {
        **asdict(found),
        "inputs": inputs,
        "title": found.title[:LONGEST_TITLE],
        # What is no time is not known, and does not keep anything from playing.
        "duration": duration if _is_time(duration) else None,
        "expires": expires if _is_time(expires) else None,
    }
    return _dump({"found": described}, log)


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= MOST_SECONDS


def dump_error(error: PlayError, log: Sequence[str]) -> bytes:
    """Return the bytes of an answer that found nothing."""
    described = {
        "code": error.code,
        "message": str(error)[:LONGEST_MESSAGE],
        "needs_javascript": error.needs_javascript,
        "outdated": error.outdated,
    }
    return _dump({"error": described}, log)


def dump_crash(text: str) -> bytes:
    """Return the bytes of an answer of a child that cannot go on."""
    return _dump({"crash": text[-LONGEST_MESSAGE:]}, ())


def _dump(answer: dict[str, Any], log: Sequence[str]) -> bytes:
    return json.dumps({**answer, "log": list(log)[-MOST_LINES:]}).encode()
