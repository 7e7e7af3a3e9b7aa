"""Forks a process for each connection from its parent, and kills it when the parent hangs up.

The server loads slow modules once, and never handles outside data: it stays responsive whatever its
children do. Each child leads a process group of its own.
"""

from collections.abc import Callable
import contextlib
import os
import select
import signal
import socket
from typing import Final, NoReturn

from .process_tree import adopt_orphans, children, end_with_parent

_HUNG_UP: Final = getattr(select, "POLLRDHUP", select.POLLHUP)
"""Linux has an event for a peer that shut down its writing side."""


class ForkServer:
    """Serves connections received on `control`, one file descriptor with each byte."""

    def __init__(self, control: socket.socket, work: Callable[[socket.socket], None]) -> None:
        """Run `work` in a child for each connection."""
        self._control, self._work = control, work
        self._children: dict[int, tuple[int, socket.socket]] = {}
        """Process id and connection, by the connection's descriptor."""
        self._poll = select.poll()
        self._wake_read, self._wake_write = socket.socketpair()

    def run(self) -> None:
        """Serve until `control` is closed; then kill all children and wait for their ends."""
        adopt_orphans()
        self._wake_write.settimeout(0)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._wake_read, select.POLLIN)
        try:
            while self._serve():
                self._reap(os.WNOHANG)
        finally:
            for pid, _ in self._children.values():
                _kill_group(pid)
            self._reap(0)

    def _serve(self) -> bool:
        """Wait for events and handle them; False when the parent has closed `control`."""
        running = True
        # Nothing is closed in the loop: a descriptor's number must not be reused.
        for descriptor, _ in self._poll.poll():
            if descriptor == self._wake_read.fileno():
                self._wake_read.recv(4096)
            elif descriptor == self._control.fileno():
                running = self._accept()
            else:
                # Its parent has hung up; `_reap` follows.
                pid, connection = self._children[descriptor]
                self._poll.unregister(connection)
                _kill_group(pid)
        return running

    def _accept(self) -> bool:
        """Fork a child for the next connection; False when the parent has closed `control`.

        Closes the connection if memory, descriptors or processes are exhausted.
        """
        data, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not data:
            return False
        if not descriptors:
            return True
        connection = socket.socket(fileno=descriptors[0])
        connection.set_inheritable(False)  # received descriptors are inheritable
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            connection.close()
            return True
        if pid == 0:
            self._run_child(connection, server)
        with contextlib.suppress(OSError):  # the child may have done so, or have ended
            os.setpgid(pid, pid)
        self._children[connection.fileno()] = pid, connection
        self._poll.register(connection, _HUNG_UP)
        return True

    def _run_child(self, connection: socket.socket, server: int) -> NoReturn:
        """Run the job in the forked process and end it."""
        code = 1
        try:
            os.setpgid(0, 0)
            end_with_parent(server)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            connections = (other for _, other in self._children.values())
            for inherited in (self._control, self._wake_read, self._wake_write, *connections):
                inherited.close()
            self._work(connection)
            code = 0
        finally:
            os._exit(code)

    def _reap(self, flags: int) -> None:
        """Reap ended processes and close their connections, by which the parent knows."""
        ended = {pid: descriptor for descriptor, (pid, _) in self._children.items()}
        with contextlib.suppress(ChildProcessError):
            while pid := os.waitpid(-1, flags)[0]:
                _kill_group(pid)  # its descendants
                if pid in ended:
                    _, connection = self._children.pop(ended[pid])
                    with contextlib.suppress(KeyError):
                        self._poll.unregister(connection)
                    connection.close()
            self._kill_adopted()

    def _kill_adopted(self) -> None:
        """Kill adopted processes: descendants that left their child's group."""
        for pid in {*children()} - {pid for pid, _ in self._children.values()}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _kill_group(pid: int) -> None:
    # macOS forbids killing a group whose processes have all ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
