"""Redaction of camera URLs in the log, at every level.

Home Assistant's stream component masks only user info and three query parameters. Other secrets in a
URL show in its errors and in FFmpeg's lines at DEBUG. While a URL is registered here (`redacted`,
`async_redact`), a handler on the loggers concerned removes its secrets from their records.

A handler, not a filter: filters do not see records of child loggers, and FFmpeg has a child of `libav`
for each protocol. Handlers run from child to root, so the root's log writers get the redacted record.
"""

from collections.abc import Callable, Generator
import contextlib
import logging
import threading
import traceback
from typing import Final, override

from ..core.sources.redaction import UrlSecrets, redact_ffmpeg_line, redact_log_text

FFMPEG: Final = "libav"
"""PyAV's logger; its children are FFmpeg's protocols, demuxers and codecs."""
STREAMS: Final = "homeassistant.components.stream"
LOGGERS: Final = (
    FFMPEG,
    STREAMS,
    # These log errors of streams and sources, and the output of go2rtc's process.
    "homeassistant.components.camera",
    "homeassistant.components.go2rtc",
    "go2rtc_client",
    "custom_components.retrocam",
)
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""Attributes of a record without `extra`."""


class RedactedError(Exception):
    """Replaces an exception whose text held a URL, in a log record. Never raised."""


class _Redaction(logging.Handler):
    """Redacts records in place; process-wide, as loggers are. Any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._urls_lock = threading.Lock()
        self._urls: tuple[tuple[UrlSecrets, str], ...] = ()

    def add(self, url: str, logger: str) -> Callable[[], None]:
        """Redact `url`, read by a Stream with this logger name; return the function that ends it."""
        entry = (UrlSecrets(url), logger)
        with self._urls_lock:
            if not self._urls:
                for name in LOGGERS:
                    logging.getLogger(name).addHandler(self)
                # Records of the root logger itself: unhandled errors of threads and of the loop.
                logging.getLogger().addFilter(self._filter_root)
            self._urls = (*self._urls, entry)

        def remove() -> None:
            with self._urls_lock:
                left = tuple(other for other in self._urls if other is not entry)
                if self._urls and not left:
                    for name in LOGGERS:
                        logging.getLogger(name).removeHandler(self)
                    logging.getLogger().removeFilter(self._filter_root)
                self._urls = left

        return remove

    def _filter_root(self, record: logging.LogRecord) -> bool:
        self.emit(record)
        return True

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Redact the record's text, its exception and its extra attributes."""
        text, trace, urls = _text(record), _trace(record), self._urls
        if record.name.partition(".")[0] == FFMPEG:
            redact: Callable[[str], str] = redact_ffmpeg_line
        else:
            everything = f"{text}\n{trace}\n{_extra(record)}"
            if not any(record.name == name or url.found_in(everything) for url, name in urls):
                # About a camera of another integration.
                return
            redact = redact_log_text

        def hide(text: str, redact: Callable[[str], str] = redact) -> str:
            text = redact(text)
            for secrets, _ in urls:
                text = secrets.redact(text)
            return text

        if (redacted := hide(text)) != text:
            record.msg, record.args = redacted, ()
        # Not by the rules for FFmpeg's lines: a traceback holds paths of code.
        if trace and (redacted := hide(trace, redact_log_text)) != trace:
            record.exc_text = redacted
            record.exc_info = _without_text(record.exc_info)
        for name, value in _extra(record).items():
            if hide(str(value)) != str(value):
                setattr(record, name, hide(str(value)))


def _extra(record: logging.LogRecord) -> dict[str, object]:
    """Return a record's attributes from `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except TypeError, ValueError:
        # Arguments that do not match the format: `logging` would print them.
        return f"{record.msg} {record.args}"


def _trace(record: logging.LogRecord) -> str:
    if record.exc_text:
        return record.exc_text
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")


def _without_text(info: logging._SysExcInfoType | None) -> logging._SysExcInfoType | None:
    """Return an exception with only its type's name and its traceback."""
    if info is None or info[0] is None:
        return info
    return RedactedError, RedactedError(info[0].__name__), info[2]


_REDACTION: Final = _Redaction()


async_redact: Final = _REDACTION.add
"""Redact a URL, read by a Stream with a logger name, until the returned function is called."""


@contextlib.contextmanager
def redacted(url: str) -> Generator[None]:
    """Redact `url`, opened without a Stream, within a `with` block. Any thread."""
    forget = _REDACTION.add(url, "")
    try:
        yield
    finally:
        forget()
