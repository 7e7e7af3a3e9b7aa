"""Protocol between Home Assistant and its look-up processes.

Each job has a connection: one message with the job, then one with its answer, each after its length
(4 bytes, big endian). Jobs are pickled: the child trusts Home Assistant. Answers are JSON, checked by
`answers`: they hold data of web pages.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
import json
import pickle
import struct
from typing import Any, BinaryIO, Final

from ...errors import PlayError
from ..net.addresses import Address, Lookup, Origin
from ..net.streams import ResolvedMedia

LENGTH: Final = struct.Struct(">I")
MAX_ANSWER_BYTES: Final = 256 * 1024
MAX_INPUTS: Final = 2
MAX_HEADERS: Final = 64
MAX_TITLE_LENGTH: Final = 1000
"""Characters; a longer title is truncated."""
MAX_URL_LENGTH: Final = 16_384
MAX_MESSAGE_LENGTH: Final = 2000
MAX_SECONDS: Final = 1e11
"""Of a duration or UNIX time: the year 5138."""
MAX_LOG_LINES: Final = 200


@dataclass(frozen=True, slots=True)
class LookupJob:
    """One look-up. Callables must be importable by name, or instances that can be pickled."""

    query: str
    """An http(s) URL, or `ytsearch5:` with search words."""
    allowed: Callable[[Address], bool]
    """Addresses to which connections are allowed."""
    trusted: Origin | None
    """Origin allowed at any address."""
    lookup: Lookup
    """Resolves host names."""
    max_height: int
    """Preferred maximum height of the video, in pixels."""
    cache_dir: str | None
    """Directory for yt-dlp's data about sites."""
    cpu_seconds: float
    """CPU time after which the process is killed; shortly after, wall time does so, too."""
    after: tuple[int, ...] = ()
    """Entry of a list or search behind which to look, as in `ResolvedMedia.entry`."""
    verbose: bool = False
    """Send the look-up's debug log."""


def framed(data: bytes) -> bytes:
    """Return a message with its length."""
    return LENGTH.pack(len(data)) + data


def read_message(stream: BinaryIO) -> bytes | None:
    """Read a message; None at the end of the stream. Blocks."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def dump_job(job: LookupJob) -> bytes:
    """Serialize a job."""
    return pickle.dumps(job)


def load_job(data: bytes) -> LookupJob:
    """Deserialize a job, in the child: only its parent can write to it."""
    job = pickle.loads(data)  # noqa: S301  # from Home Assistant, by a private socket
    assert isinstance(job, LookupJob)  # noqa: S101  # for the type checker
    return job


def dump_found(found: ResolvedMedia, log: Sequence[str]) -> bytes:
    """Serialize a result."""
    fields = asdict(found)
    for media in fields["inputs"]:
        del media["is_valid"]
    fields["title"] = found.title[:MAX_TITLE_LENGTH]
    # An invalid time counts as unknown, and does not prevent playback.
    for name, unknown in (("duration", None), ("expires", None), ("start", 0.0)):
        if not (isinstance(fields[name], (int, float)) and 0 <= fields[name] <= MAX_SECONDS):
            fields[name] = unknown
    return _dump({"found": fields}, log)


def dump_error(error: PlayError, log: Sequence[str]) -> bytes:
    """Serialize an error."""
    fields = {
        "code": error.code,
        "message": str(error)[:MAX_MESSAGE_LENGTH],
        "needs_javascript": error.needs_javascript,
        "outdated": error.outdated,
    }
    return _dump({"error": fields}, log)


def dump_crash(text: str) -> bytes:
    """Serialize the traceback of a server that cannot start."""
    return _dump({"crash": text[-MAX_MESSAGE_LENGTH:]}, ())


def _dump(answer: dict[str, Any], log: Sequence[str]) -> bytes:
    return json.dumps({**answer, "log": list(log)[-MAX_LOG_LINES:]}).encode()
