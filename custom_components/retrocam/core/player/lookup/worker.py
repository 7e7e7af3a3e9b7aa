"""Runs one job in a process forked for it."""

from collections.abc import Callable
import contextlib
from functools import partial
import logging
import socket
import traceback
from typing import Final, override

from ...errors import PlayError, UnsupportedMediaError
from ...sources.urls import redact_urls
from ..net.addresses import Network, is_any
from .extractor import Downloader, extract
from .limits import set_time_limits
from .messages import (
    MAX_LOG_LINES,
    MAX_MESSAGE_LENGTH,
    LookupJob,
    dump_error,
    dump_found,
    framed,
    load_job,
    read_message,
)

_LOGGER = logging.getLogger(__name__)

_ROOT: Final = logging.getLogger()


def work(
    connection: socket.socket,
    prepared: Downloader | None = None,
    limit_time: Callable[[float], None] = set_time_limits,
) -> None:
    """Read a job, limit this process to its time, and answer. Blocks."""
    with connection.makefile("rb") as stream:
        data = read_message(stream)
    if data is not None:
        job = load_job(data)
        limit_time(job.cpu_seconds)
        connection.sendall(framed(_answer(job, prepared)))


def warm_up() -> Callable[[socket.socket], None]:
    """Do what all look-ups need once, and return `work` for a forked process.

    Loads yt-dlp's modules, compiles its expressions, and prepares a downloader.
    """
    network = Network(is_any)
    network.close()
    with contextlib.suppress(PlayError):
        extract("http://localhost/", network, max_height=360, cache_dir=None)
    return partial(work, prepared=Downloader())


def _answer(job: LookupJob, prepared: Downloader | None) -> bytes:
    """Run a look-up and return its serialized answer. Blocks."""
    log = _LogLines()
    _ROOT.addHandler(log)
    if job.verbose:
        _ROOT.setLevel(logging.DEBUG)
    network = Network(job.allowed, trusted=job.trusted, lookup=job.lookup)
    try:
        found = extract(
            job.query,
            network,
            max_height=job.max_height,
            cache_dir=job.cache_dir,
            after=job.after,
            prepared=prepared,
        )
        return dump_found(found, log.lines)
    except PlayError as err:
        return dump_error(err, log.lines)
    except Exception as err:  # noqa: BLE001  # any error is answered
        _LOGGER.debug("The look-up failed: %s", redact_urls(traceback.format_exc()))
        error = UnsupportedMediaError(f"the look-up failed: {type(err).__name__}")
        return dump_error(error, log.lines)
    finally:
        _ROOT.removeHandler(log)
        network.close()


class _LogLines(logging.Handler):
    """Keeps the last log lines for the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines = [*self.lines, self.format(record)[:MAX_MESSAGE_LENGTH]][-MAX_LOG_LINES:]
