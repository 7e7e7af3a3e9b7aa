"""Forks a process for each connection that its parent passes to it, and kills it if it is to end early.

The server loads what takes long once, and runs nothing that comes from outside: it answers at once,
whatever its children do. Each child leads a process group of its own, with all that it starts.
"""

from collections.abc import Callable
import contextlib
import os
import select
import signal
import socket
from typing import NoReturn

_HUNG_UP = getattr(select, "POLLRDHUP", 0)  # Linux; elsewhere closing shows as POLLHUP alone


class ForkServer:
    """Serves the connections that arrive on `control`, one file descriptor with each byte."""

    def __init__(self, control: socket.socket, work: Callable[[socket.socket], None]) -> None:
        """Run `work` in a child for each connection."""
        self._control, self._work = control, work
        self._children: dict[int, tuple[int, socket.socket]] = {}
        """Process and connection, by the number of the connection's descriptor."""
        self._poll = select.poll()
        self._wake, self._woken = socket.socketpair()

    def run(self) -> None:
        """Serve until `control` is closed; then kill all children."""
        self._woken.settimeout(0)
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._wake.fileno():
                    self._wake.recv(4096)
                    self._reap()
                elif descriptor in self._children:
                    self._kill(descriptor)
                elif not self._accept():
                    for child in self._children:
                        self._kill(child)
                    return

    def _accept(self) -> bool:
        """Fork a child for the next connection; False when the parent has closed `control`."""
        data, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not data:
            return False
        connection = socket.socket(fileno=descriptors[0])
        pid = os.fork()
        if pid == 0:
            self._run_child(connection)
        with contextlib.suppress(OSError):  # the child may have done it, or have ended already
            os.setpgid(pid, pid)
        self._children[connection.fileno()] = pid, connection
        self._poll.register(connection, _HUNG_UP)
        return True

    def _run_child(self, connection: socket.socket) -> NoReturn:
        """Do the work in the process that was just forked, and end it."""
        code = 1
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (self._control, self._wake, self._woken):
                each.close()
            for _, other in self._children.values():
                other.close()
            self._work(connection)
            code = 0
        finally:
            os._exit(code)

    def _kill(self, descriptor: int) -> None:
        """Kill a child whose parent has hung up; it is reaped when that has happened."""
        pid, connection = self._children[descriptor]
        self._poll.unregister(connection)
        _kill_group(pid)

    def _reap(self) -> None:
        """Let go of the children that have ended. Their connections close: the parent sees it."""
        for descriptor, (pid, connection) in tuple(self._children.items()):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                continue
            _kill_group(pid)  # what it has started
            with contextlib.suppress(KeyError):
                self._poll.unregister(connection)
            connection.close()
            del self._children[descriptor]


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
