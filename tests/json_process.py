"""A child process that takes commands and sends events as lines of JSON; needs no thread.

A command `{"id": 1, "do": "name", ...}` is answered with `{"id": 1}`, to which a failure adds
`"error": "..."`; any other line is an event. Events are handled in the thread of the caller, while it
waits or polls.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
import contextlib
import json
import select
import signal
import subprocess
import time
from typing import Any

TIMEOUT = 90.0
"""Timeout of a wait in s, long enough for busy machines."""


class ProcessDiedError(RuntimeError):
    """The process is not running, or exited by itself."""


class JsonProcess:
    """One process at a time. Not thread-safe.

    `take` is called with each event, `gone` after each end of the process.
    """

    def __init__(self, take: Callable[[dict[str, Any]], None], gone: Callable[[], None]) -> None:
        self._take = take
        self._gone = gone
        self._process: subprocess.Popen[bytes] | None = None
        self._received = b""
        self._answers: dict[int, str | None] = {}
        self._last_id = 0
        self._waiters: set[asyncio.Event] = set()

    @property
    def running(self) -> bool:
        """Whether the process exists, stopped or not."""
        return self._process is not None

    def start(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a process; none may be running."""
        assert self._process is None
        self._received = b""
        self._process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        if self._waiters:
            asyncio.get_running_loop().add_reader(self._stdout(), self._readable)

    def kill(self) -> None:
        """Send SIGKILL and wait; safe to call more than once."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        if self._waiters:
            asyncio.get_running_loop().remove_reader(process.stdout.fileno())
        process.kill()
        process.wait()
        # Handle what it wrote before its end.
        while more := process.stdout.read(65536):
            self._take_lines(more)
        process.stdin.close()
        process.stdout.close()
        self._process = None
        self._gone()
        self._wake()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal. Raises ProcessDiedError."""
        self._alive().send_signal(number)

    def call(self, do: str, **arguments: Any) -> None:
        """Carry out a command. Raises ProcessDiedError, TimeoutError; RuntimeError if it fails."""
        stdin = self._alive().stdin
        assert stdin is not None
        self._last_id = number = self._last_id + 1
        # A broken pipe means that the process has exited, which the wait reports.
        with contextlib.suppress(BrokenPipeError):
            stdin.write(json.dumps({"id": number, "do": do, **arguments}).encode() + b"\n")
        self.wait(lambda: number in self._answers)
        if (error := self._answers.pop(number)) is not None:
            raise RuntimeError(error)

    def poll(self) -> None:
        """Handle pending events; never waits."""
        with contextlib.suppress(ProcessDiedError):
            while self.running and select.select([self._stdout()], [], [], 0)[0]:
                self._receive()

    def wait(self, done: Callable[[], bool], timeout: float = TIMEOUT) -> None:
        """Handle events until `done`. Raises TimeoutError, ProcessDiedError."""
        end = time.monotonic() + timeout
        while not done():
            ready, _, _ = select.select([self._stdout()], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("the expected event did not arrive")
            self._receive()

    async def async_wait(self, done: Callable[[], bool], seconds: float = TIMEOUT) -> None:
        """As `wait`, in the event loop, also across restarts. Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()
        if not self._waiters and self.running:
            loop.add_reader(self._stdout(), self._readable)
        self._waiters.add(changed)
        try:
            async with asyncio.timeout(seconds):
                while not done():
                    changed.clear()
                    await changed.wait()
        finally:
            self._waiters.discard(changed)
            if not self._waiters and self.running:
                loop.remove_reader(self._stdout())

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ProcessDiedError("the process is not running")
        return self._process

    def _stdout(self) -> int:
        stdout = self._alive().stdout
        assert stdout is not None
        return stdout.fileno()

    def _readable(self) -> None:
        with contextlib.suppress(ProcessDiedError):  # waiters may wait for the next start
            self._receive()

    def _receive(self) -> None:
        stdout = self._alive().stdout
        assert stdout is not None
        more = stdout.read(65536)
        if not more:
            self.kill()
            raise ProcessDiedError("the process ended by itself")
        self._take_lines(more)
        self._wake()

    def _take_lines(self, more: bytes) -> None:
        *lines, self._received = (self._received + more).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "id" in message:
                self._answers[message["id"]] = message.get("error")
            else:
                self._take(message)

    def _wake(self) -> None:
        for waiter in self._waiters:
            waiter.set()
