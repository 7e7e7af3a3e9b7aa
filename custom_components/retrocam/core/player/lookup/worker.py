"""Answers one job, in a process forked for it."""

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
from .extractor import Downloader, extract, prepare
from .limits import set_time_limits
from .messages import (
    LONGEST_MESSAGE,
    MOST_LINES,
    Job,
    dump_error,
    dump_found,
    framed,
    load_job,
    read_frame,
)

_LOGGER = logging.getLogger(__name__)

_ROOT: Final = logging.getLogger()


def work(
    connection: socket.socket,
    prepared: Downloader | None = None,
    limit_time: Callable[[float], None] = set_time_limits,
) -> None:
    """Read a job, limit this process to the time of it, and answer. Blocks."""
    with connection.makefile("rb") as stream:
        data = read_frame(stream)
    if data is not None:
        job = load_job(data)
        limit_time(job.cpu_seconds)
        connection.sendall(framed(_answer(job, prepared)))


def warm_up() -> Callable[[socket.socket], None]:
    """Do once what each look-up would do anew, and return `work` for one that is forked from here.

    Loads what yt-dlp needs, compiles its expressions, and prepares a downloader.
    """
    network = Network(is_any)
    network.close()
    with contextlib.suppress(PlayError):
        extract("http://localhost/", network, max_height=360, cache_dir=None)
    return partial(work, prepared=prepare())


def _answer(job: Job, prepared: Downloader | None) -> bytes:
    """Look something up and return the bytes of the answer. Blocks."""
    log = _Lines()
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
            prepared=prepared,
        )
        return dump_found(found, log.lines)
    except PlayError as err:
        return dump_error(err, log.lines)
    except Exception as err:  # noqa: BLE001  # whatever goes wrong is answered
        _LOGGER.debug("The look-up failed: %s", redact_urls(traceback.format_exc()))
        error = UnsupportedMediaError(f"the look-up failed: {type(err).__name__}")
        return dump_error(error, log.lines)
    finally:
        _ROOT.removeHandler(log)
        network.close()


class _Lines(logging.Handler):
    """Keeps the last lines of the log for the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines = [*self.lines, self.format(record)[:LONGEST_MESSAGE]][-MOST_LINES:]
