"""Address filters and name resolvers for tests.

Importable by name or picklable, for the look-up process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
import threading

from custom_components.retrocam.core.player.net.addresses import Address, Lookup, is_public


def only_second(address: Address) -> bool:
    """Treat 127.0.0.2 as the public internet."""
    return address == IPv4Address("127.0.0.2")


def only_first(address: Address) -> bool:
    """Treat 127.0.0.1 as public, besides public addresses."""
    return address == IPv4Address("127.0.0.1") or is_public(address)


def loopback(address: Address) -> bool:
    """Treat this machine as public, besides public addresses."""
    return address.is_loopback or is_public(address)


@dataclass
class Names:
    """A name resolver that gives the next answer each time, and repeats the last one.

    Logs the names to the file `log`, from any process.
    """

    log: Path
    answers: Sequence[Sequence[str]]
    hosts: dict[str, Sequence[str]] = field(default_factory=dict)
    """Fixed answers by name."""

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        with self.log.open("a") as log:
            log.write(f"{host}\n")
        if host in self.hosts:
            return self.hosts[host]
        return self.answers[min(len(self.asked), len(self.answers)) - 1]

    @property
    def asked(self) -> list[str]:
        """The names resolved so far."""
        return self.log.read_text().split() if self.log.exists() else []


def here(_host: str, _port: int) -> Sequence[str]:
    """Resolve all names to this machine."""
    return ["127.0.0.1"]


@dataclass
class Gate:
    """Resolves names once `answer` is set; in the look-up process at once, as `here`."""

    asked: threading.Event = field(default_factory=threading.Event)
    answer: threading.Event = field(default_factory=threading.Event)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.set()
        self.answer.wait(60)
        return here(host, port)

    def __reduce__(self) -> tuple[Callable[[], Lookup], tuple[()]]:
        return _here, ()


def _here() -> Lookup:
    return here
