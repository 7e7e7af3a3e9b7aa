"""Which of this machine's addresses may be connected to, and what names stand for them.

The process of look-ups gets these too: they are importable by name, or can be pickled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
import threading

from custom_components.retrocam.core.player.net.addresses import Address, Lookup, is_public


def only_second(address: Address) -> bool:
    """Let 127.0.0.2 play the public internet."""
    return address == IPv4Address("127.0.0.2")


def only_first(address: Address) -> bool:
    """Let 127.0.0.1 play the public internet, beside the real one."""
    return address == IPv4Address("127.0.0.1") or is_public(address)


def loopback(address: Address) -> bool:
    """Let this machine play the public internet, beside the real one."""
    return address.is_loopback or is_public(address)


@dataclass
class Names:
    """A resolver of names that gives another answer each time, and in the end the last one again.

    What it was asked for stands in the file `log`, in the order of asking, whichever process did.
    """

    log: Path
    answers: Sequence[Sequence[str]]
    hosts: dict[str, Sequence[str]] = field(default_factory=dict)
    """Names with an answer of their own."""

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        with self.log.open("a") as log:
            log.write(f"{host}\n")
        if host in self.hosts:
            return self.hosts[host]
        return self.answers[min(len(self.asked), len(self.answers)) - 1]

    @property
    def asked(self) -> list[str]:
        """The names that were looked up."""
        return self.log.read_text().split() if self.log.exists() else []


def here(_host: str, _port: int) -> Sequence[str]:
    """Find everything on this machine."""
    return ["127.0.0.1"]


@dataclass
class Gate:
    """Resolves names when `answer` is set; in the process of look-ups at once, as `here` does."""

    asked: threading.Event = field(default_factory=threading.Event)
    answer: threading.Event = field(default_factory=threading.Event)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.set()
        self.answer.wait(20)
        return here(host, port)

    def __reduce__(self) -> tuple[Callable[[], Lookup], tuple[()]]:
        return _here, ()


def _here() -> Lookup:
    return here
