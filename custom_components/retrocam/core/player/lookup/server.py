"""The look-up server's process, from which look-ups are forked, as seen by Home Assistant.

yt-dlp applies regular expressions to fetched pages; they can run for ever and hold the GIL. In a
process of its own, each look-up can be killed.
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
_ENVIRONMENT: Final = ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables passed on; no proxies, nor settings of yt-dlp, Python or JavaScript runtimes."""


class LookupServer:
    """Starts with the first connection, and again if it has ended. Not bound to an event loop."""

    def __init__(self, home: str | None = None) -> None:
        """Use `home` as home directory, for caches of JavaScript runtimes."""
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """The id of its process; None if none runs."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def connect(self) -> socket.socket:
        """Return a connection to a new process for one job. Raises OSError.

        Shutting it down for writing kills the process and its descendants; it reaches its end when
        they are gone.
        """
        if self.pid is None:
            self.stop()
            self._start()
        assert self._control is not None  # noqa: S101  # set by `_start`
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def stop(self, limit: float = 3.0) -> bool:
        """Stop it with all its children; return whether it ended within `limit` s. Blocks."""
        return self.request_stop()(limit)

    def request_stop(self) -> Callable[[float], bool]:
        """Ask it to end with all its children; the next connection starts another one.

        Returns a function for any thread that waits for the given seconds, then kills it, and returns
        whether it ended by itself.
        """
        process, self._process = self._process, None
        if self._control is not None:
            self._control.close()
            self._control = None
        return partial(_wait, process)

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        # With a server that does not read, connecting fails rather than blocks the event loop.
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
                    json.dumps([os.path.abspath(path) for path in sys.path]),  # noqa: PTH100  # no disk access
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


def _environment(home: str | None) -> dict[str, str]:
    return {
        **{name: value for name in _ENVIRONMENT if (value := os.environ.get(name))},
        "HOME": home or os.devnull,
        # Installed plugins are not trusted.
        "YTDLP_NO_PLUGINS": "1",
        "DENO_NO_UPDATE_CHECK": "1",
        "NO_COLOR": "1",
    }
