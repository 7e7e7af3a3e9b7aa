"""The process that look-ups are forked from, as Home Assistant's process sees it.

yt-dlp searches what it fetches with regular expressions that may take longer than anybody waits, and
that nothing else can run beside in the same process. In a process of its own each can be killed.
"""

from collections.abc import Callable
import contextlib
from functools import partial
import json
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
from typing import Final

_FOLDER: Final = Path(__file__).parents[3]
"""Of the integration."""
_PACKAGE: Final = __name__.partition(".core.")[0]
_PASSED_ON: Final = ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Of the environment; not the proxies, nor what yt-dlp, Python or a JavaScript runtime are set up by."""


class LookupServer:
    """Starts with the first connection, and again if it has ended. Belongs to no event loop."""

    def __init__(self, home: str | None = None) -> None:
        """Use `home` as its home directory, which yt-dlp's JavaScript runtimes cache in."""
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """The number of its process; None if none runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process is not None else None

    def connect(self) -> socket.socket:
        """Return a connection to a new process for one job. Raises OSError.

        Shutting it down for writing kills that process and all that it started; it is at its end when
        they are gone.
        """
        if self.pid is None:
            self.end()
            self._start()
        assert self._control is not None  # noqa: S101  # it was started
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def end(self, limit: float = 3.0) -> bool:
        """End it and all its children; tell whether it was gone within `limit` s. Blocks for so long."""
        return self.let_end()(limit)

    def let_end(self) -> Callable[[float], bool]:
        """Have it and all its children end; the next connection starts another one.

        The function returned, for any thread, waits for so many seconds until it is gone, then kills it;
        it tells whether it ended by itself.
        """
        process, self._process = self._process, None
        if self._control is not None:
            self._control.close()
            self._control = None
        return partial(_wait, process)

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        # A server that reads no more must not stop the event loop: connecting fails.
        self._control.settimeout(0)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                [
                    sys.executable,
                    "-I",
                    "-S",
                    str(Path(__file__).with_name("child.py")),
                    _PACKAGE,
                    str(_FOLDER),
                    json.dumps(_module_path()),
                ],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(self._home),
                cwd="/",
                start_new_session=True,
            )


def _wait(process: subprocess.Popen[bytes] | None, limit: float) -> bool:
    if process is None:
        return True
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def _module_path() -> list[str]:
    """Return where the child is to find modules: where this process does."""
    return [os.path.abspath(each) for each in sys.path]  # noqa: PTH100  # asks no disk


def _environment(home: str | None) -> dict[str, str]:
    passed = {name: value for name in _PASSED_ON if (value := os.environ.get(name))}
    return {
        **passed,
        "HOME": home or os.devnull,
        # Extractors that somebody installed are not ours to trust.
        "YTDLP_NO_PLUGINS": "1",
        "DENO_NO_UPDATE_CHECK": "1",
        "NO_COLOR": "1",
    }
