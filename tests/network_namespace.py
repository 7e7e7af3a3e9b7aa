"""Another machine of the network: a network namespace with an address of its own."""

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
import os
import shutil
import subprocess

from .missing import missing


@dataclass(frozen=True, slots=True)
class OtherMachine:
    """A namespace, connected to this one."""

    name: str
    home: str
    """Address of this machine, as seen from there."""

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program there."""
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *command],
            capture_output=True,
            text=True,
            check=False,
        )


@contextlib.contextmanager
def other_machine() -> Iterator[OtherMachine]:
    """Make a namespace for the block; skip the test where that is not permitted."""
    if shutil.which("ip") is None:
        missing("ip is not installed")
    number = os.getpid()
    name, link = f"retrocam{number}", f"rc{number}"
    # Of the block for benchmarks (RFC 2544), which no network has.
    net = f"198.18.{number // 64 % 256}.{number % 64 * 4}".rpartition(".")
    home, there = (f"{net[0]}.{int(net[2]) + host}" for host in (1, 2))
    inside = ["ip", "-n", name]
    commands = [
        ["ip", "netns", "add", name],
        ["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name],
        ["ip", "address", "add", f"{home}/30", "dev", link],
        ["ip", "link", "set", link, "up"],
        [*inside, "address", "add", f"{there}/30", "dev", "eth0"],
        [*inside, "link", "set", "eth0", "up"],
        [*inside, "link", "set", "lo", "up"],
    ]
    try:
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                missing(f"no network namespace: {done.stderr.strip()}")
        yield OtherMachine(name, home)
    finally:
        # The link goes with the namespace.
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "delete", link], capture_output=True, check=False)
