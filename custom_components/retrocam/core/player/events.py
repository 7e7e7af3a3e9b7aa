"""The words of the player's machine: what happens to it, and what it wants done.

An event that reports of what was begun has its ticket, by which a report that comes too late is known.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Play:
    """Play something else, from `start` in s."""

    start: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """The look-up succeeded."""

    ticket: int
    live: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """The pipeline has opened its media, and knows better than the look-up whether they are live."""

    ticket: int
    live: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """The pipeline has enough to go on."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Starved:
    """The pipeline has nothing left to show."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The pipeline has shown everything."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The look-up or the pipeline gave up."""

    ticket: int
    code: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server does not give out the media any longer; its URL may have expired."""

    ticket: int
    position: float
    code: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Stand still."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on. `expired` is the position, in s, if the URLs will not hold any longer."""

    expired: float | None = None


@dataclass(frozen=True, slots=True)
class Seek:
    """Go on from another position, s."""

    position: float


@dataclass(frozen=True, slots=True)
class Stop:
    """End it."""


@dataclass(frozen=True, slots=True)
class Close:
    """End it for good."""


type Report = Found | Opened | Ready | Starved | Ended | Failed | Refused
type Wish = Play | Pause | Resume | Seek | Stop | Close
type Event = Report | Wish


@dataclass(frozen=True, slots=True)
class Resolve:
    """Begin a look-up of what was last asked for."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Abandon:
    """Give up the look-up."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a pipeline on what was last found."""

    ticket: int
    start: float
    held: bool


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the pipeline, without waiting for it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Stop the pipeline's clock, or let it run."""

    wanted: bool


type Effect = Resolve | Abandon | Open | Drop | Hold
