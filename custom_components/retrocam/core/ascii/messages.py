"""The text messages of the cell stream."""

from dataclasses import dataclass
import json
from typing import Literal, TypedDict

from ..errors import DamagedPacketError
from .planes import C_BITS, Y_BITS
from .presets import CHARSETS, Charset
from .raster import layout_for

type StateName = Literal["idle", "resolving", "buffering", "playing", "paused", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What is shown, and on which grid. Another one begins another epoch."""

    cols: int
    rows: int
    fps: float
    """Frames per second at most."""
    charset: str = "ramp"
    """A key of `CHARSETS`."""
    title: str = ""
    duration: float | None = None
    """Seconds, None for live pictures."""
    live: bool = True
    audio: str | None = None
    """URL of the sound, with `{start_us}` in it."""
    aspect: float | None = None
    """Width by height of the picture as it is to be shown; None while it is not known."""

    @property
    def glyphs(self) -> Charset:
        """The charset itself."""
        return CHARSETS[self.charset]

    @property
    def group_us(self) -> int:
        """Microseconds from one key to the next."""
        return 1_000_000 if self.live else 2_000_000


class InitMessage(TypedDict):
    """Begins an epoch: all that a client needs to read and draw it."""

    type: Literal["init"]
    epoch: int
    cols: int
    rows: int
    fps: float
    planes: list[str]
    y_bits: int
    c_bits: int
    charset: str
    glyphs: str
    title: str
    duration: float | None
    live: bool
    audio: str | None
    aspect: float | None


class ErrorDetail(TypedDict):
    """Why there is no picture."""

    code: str
    message: str


class StateMessage(TypedDict):
    """What the player does."""

    type: Literal["state"]
    state: StateName
    error: ErrorDetail | None


type TextMessage = InitMessage | StateMessage


def init_message(screening: Screening, epoch: int) -> InitMessage:
    """Build the message that begins an epoch."""
    layout = layout_for(screening.cols, screening.rows, screening.glyphs)
    return InitMessage(
        type="init",
        epoch=epoch,
        cols=screening.cols,
        rows=screening.rows,
        fps=screening.fps,
        planes=layout.names,
        y_bits=Y_BITS,
        c_bits=C_BITS,
        charset=screening.charset,
        glyphs=screening.glyphs.glyphs,
        title=screening.title,
        duration=screening.duration,
        live=screening.live,
        audio=screening.audio,
        aspect=screening.aspect,
    )


def state_message(
    state: StateName, *, error_code: str | None = None, error_text: str = ""
) -> StateMessage:
    """Build the message that tells what the player does."""
    error = None if error_code is None else ErrorDetail(code=error_code, message=error_text)
    return StateMessage(type="state", state=state, error=error)


def read_ack(text: str) -> int:
    """Read a client's message: the sequence of the last frame that it has drawn.

    Raises DamagedPacketError for anything else.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise DamagedPacketError("a message that is not JSON") from err
    ack = message.get("ack") if isinstance(message, dict) else None
    if not isinstance(ack, int) or isinstance(ack, bool) or not 0 <= ack < 1 << 32:
        raise DamagedPacketError("a message that is no acknowledgement")
    return ack
