"""Events and effects of the player's state machine.

A report carries the ticket of what was started, so that a late one is recognized.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """Sent by the look-up or the playback that was started with `ticket`."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Found(Report):
    """The look-up succeeded."""

    live: bool
    start: float = 0.0
    """Position at which the link begins, s."""


@dataclass(frozen=True, slots=True)
class Opened(Report):
    """The playback has opened its media; its `live` overrides that of the look-up."""

    live: bool


class Ready(Report):
    """The playback has buffered enough to start."""


class Starved(Report):
    """The playback's buffer is empty."""


class Ended(Report):
    """The playback has shown everything."""


@dataclass(frozen=True, slots=True)
class Failed(Report):
    """The look-up or the playback gave up."""

    code: str


class Unplayable(Report):
    """The playback could not begin, and the list that it is from has further entries."""


@dataclass(frozen=True, slots=True)
class Refused(Report):
    """The server refuses the media at `position`, s; the URL may have expired."""

    position: float
    code: str


@dataclass(frozen=True, slots=True)
class Play:
    """Play new media from `start`, s."""

    start: float = 0.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Pause, or start paused."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Continue. `expired` is the position, s, if the URLs have expired."""

    expired: float | None = None


@dataclass(frozen=True, slots=True)
class Seek:
    """Continue from another position, s."""

    position: float


@dataclass(frozen=True, slots=True)
class Stop:
    """End what plays."""


@dataclass(frozen=True, slots=True)
class Close:
    """End for good."""


type Event = Report | Play | Pause | Resume | Seek | Stop | Close


@dataclass(frozen=True, slots=True)
class Resolve:
    """Start a look-up of the requested media."""

    ticket: int


@dataclass(frozen=True, slots=True)
class CancelResolve:
    """Cancel the look-up."""


@dataclass(frozen=True, slots=True)
class OpenPlayback:
    """Open the resolved media at `start`, s."""

    ticket: int
    start: float
    paused: bool


@dataclass(frozen=True, slots=True)
class ClosePlayback:
    """Close the playback without waiting for it."""


@dataclass(frozen=True, slots=True)
class SetPaused:
    """Stop or start the playback's clock."""

    paused: bool


type Effect = Resolve | CancelResolve | OpenPlayback | ClosePlayback | SetPaused
