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
from typing import Final, NoReturn

from .kinship import adopt_orphans, children, end_with_parent

_HUNG_UP: Final = getattr(select, "POLLRDHUP", select.POLLHUP)
"""Linux tells of the end of the other direction by an event of its own."""


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
        """Serve until `control` is closed; then kill all children, and wait until they are gone."""
        adopt_orphans()
        self._woken.settimeout(0)
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        try:
            while self._serve():
                self._reap(os.WNOHANG)
        finally:
            for pid, _ in self._children.values():
                _kill_group(pid)
            self._reap(0)

    def _serve(self) -> bool:
        """Wait for something to do, and do it; False when the parent has closed `control`."""
        goes_on = True
        # Nothing is closed meanwhile: the numbers stay those of the same descriptors.
        for descriptor, _ in self._poll.poll():
            if descriptor == self._wake.fileno():
                self._wake.recv(4096)
            elif descriptor == self._control.fileno():
                goes_on = self._accept()
            else:
                self._kill(descriptor)
        return goes_on

    def _accept(self) -> bool:
        """Fork a child for the next connection; False when the parent has closed `control`.

        Without memory, descriptors or processes for it, the connection is closed.
        """
        data, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not data:
            return False
        if not descriptors:
            return True
        connection = socket.socket(fileno=descriptors[0])
        connection.set_inheritable(False)  # unlike all others, it is when it arrives
        try:
            pid = os.fork()
        except OSError:
            connection.close()
            return True
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
            end_with_parent()
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

    def _reap(self, flags: int) -> None:
        """Let go of the processes that have ended. Their connections close: the parent sees it."""
        ended = {pid: descriptor for descriptor, (pid, _) in self._children.items()}
        with contextlib.suppress(ChildProcessError):
            while pid := os.waitpid(-1, flags)[0]:
                _kill_group(pid)  # what it has started
                if pid in ended:
                    _, connection = self._children.pop(ended[pid])
                    with contextlib.suppress(KeyError):
                        self._poll.unregister(connection)
                    connection.close()
            self._kill_strangers()

    def _kill_strangers(self) -> None:
        """Kill what a child has started that left its group, once it is adopted."""
        known = {pid for pid, _ in self._children.values()}
        for pid in children():
            if pid not in known:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _kill_group(pid: int) -> None:
    # macOS may not kill a group of which all have ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
