"""Keeps the URLs of cameras out of the log, at every level.

Home Assistant's stream component redacts user info and three names of a query. All else that opens a
camera shows in its errors, and in FFmpeg's own lines at DEBUG. `redacted` names a URL whose parts are
to be removed while it is in use; meanwhile a handler sits on the loggers that can carry it.

It is a handler and not a filter, since a filter does not see records of child loggers, and FFmpeg makes
a child of `libav` for each of its protocols. Handlers of a parent run in the order from child to root,
so that whatever writes the log, at the root, gets the record after this one has changed it.
"""

from collections.abc import Callable, Generator
import contextlib
import logging
import threading
import traceback
from typing import Final, override

from homeassistant.core import callback

from ..core.sources.redaction import UrlSecrets, hide_in_ffmpeg_line, hide_urls

FFMPEG: Final = "libav"
"""PyAV's logger, whose children are FFmpeg's protocols, demuxers and codecs."""
STREAMS: Final = "homeassistant.components.stream"
LOGGERS: Final = (
    FFMPEG,
    STREAMS,
    # They log errors of streams and sources, and go2rtc what its own process writes.
    "homeassistant.components.camera",
    "homeassistant.components.go2rtc",
    "go2rtc_client",
    "custom_components.retrocam",
)
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""Attributes that a record has without `extra`."""


class RedactedError(Exception):
    """Stands in a log record for an exception whose text held a URL. Never raised."""


class _Redaction(logging.Handler):
    """Changes records in place; process-wide, as loggers are. Any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._changing = threading.Lock()
        self._known: tuple[tuple[UrlSecrets, str], ...] = ()

    def add(self, url: str, logger: str) -> Callable[[], None]:
        """Know `url`, and the name of its Stream's logger; returns what forgets both."""
        known = (UrlSecrets(url), logger)
        with self._changing:
            if not self._known:
                self._install()
            self._known = (*self._known, known)

        def remove() -> None:
            with self._changing:
                kept = tuple(each for each in self._known if each is not known)
                if self._known and not kept:
                    self._uninstall()
                self._known = kept

        return remove

    def _install(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self)
        # Only of records that nobody else's logger has: what ended a thread, or the loop.
        logging.getLogger().addFilter(self._take_root)

    def _uninstall(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self)
        logging.getLogger().removeFilter(self._take_root)

    def _take_root(self, record: logging.LogRecord) -> bool:
        self.emit(record)
        return True

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Redact the record's text, its exception and its extra attributes."""
        text, trace, known = _text(record), _trace(record), self._known
        if record.name.partition(".")[0] == FFMPEG:
            redact: Callable[[str], str] = hide_in_ffmpeg_line
        elif _concerned(record, f"{text}\n{trace}\n{_extra(record)}", known):
            redact = hide_urls
        else:
            # About another camera, which is its own integration's.
            return

        def hide(text: str, redact: Callable[[str], str] = redact) -> str:
            text = redact(text)
            for secrets, _ in known:
                text = secrets.removed_from(text)
            return text

        if (redacted := hide(text)) != text:
            record.msg, record.args = redacted, ()
        # Not as FFmpeg's lines: a traceback holds paths of code.
        if trace and (redacted := hide(trace, hide_urls)) != trace:
            record.exc_text = redacted
            record.exc_info = _without_text(record.exc_info)
        for name, value in _extra(record).items():
            if hide(str(value)) != str(value):
                setattr(record, name, hide(str(value)))


def _concerned(
    record: logging.LogRecord, text: str, known: tuple[tuple[UrlSecrets, str], ...]
) -> bool:
    """Tell whether a record is of a Stream with a known URL, or names the URL's host or a part of it."""
    return any(record.name == logger or secrets.concern(text) for secrets, logger in known)


def _extra(record: logging.LogRecord) -> dict[str, object]:
    """Return the attributes that `extra` gave a record."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except TypeError, ValueError:
        # Arguments that do not fit; `logging` itself would print them.
        return f"{record.msg} {record.args}"


def _trace(record: logging.LogRecord) -> str:
    if record.exc_text:
        return record.exc_text
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")


def _without_text(info: logging._SysExcInfoType | None) -> logging._SysExcInfoType | None:
    """Return an exception that tells its type and where it was raised, and nothing more."""
    if info is None or info[0] is None:
        return info
    return RedactedError, RedactedError(info[0].__name__), info[2]


_REDACTION: Final = _Redaction()


@callback
def async_redact(url: str, logger: str) -> Callable[[], None]:
    """Keep `url`, which a Stream with this logger reads, out of the log until the result is called."""
    return _REDACTION.add(url, logger)


@contextlib.contextmanager
def redacted(url: str) -> Generator[None]:
    """Keep `url`, which is opened without a Stream, out of the log. Any thread."""
    forget = _REDACTION.add(url, "")
    try:
        yield
    finally:
        forget()
