"""Text messages of the ASCII stream."""

from dataclasses import dataclass
import json
from typing import Literal, TypedDict

from ..errors import DamagedPacketError
from .planes import C_BITS, Y_BITS
from .presets import CHARSETS, Charset
from .raster import layout_for

type StateName = Literal["idle", "resolving", "buffering", "playing", "paused", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamConfig:
    """Grid and content of a stream; fixed during an epoch."""

    cols: int
    rows: int
    fps: float
    """Maximum frames per second."""
    charset: str = "ramp"
    """A key of `CHARSETS`."""
    title: str = ""
    duration: float | None = None
    """Seconds, None for live pictures."""
    live: bool = True
    audio: str | None = None
    """URL of the sound, with the placeholder `{start_us}`."""
    aspect: float | None = None
    """Display aspect (width / height) of the picture; None while unknown."""

    @property
    def glyphs(self) -> Charset:
        """The charset."""
        return CHARSETS[self.charset]

    @property
    def group_us(self) -> int:
        """Microseconds from one key to the next."""
        return 1_000_000 if self.live else 2_000_000


class InitMessage(TypedDict):
    """Starts an epoch: everything a client needs to decode and draw it."""

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
    """Reason why there is no picture."""

    code: str
    message: str


class StateMessage(TypedDict):
    """State of the player or camera."""

    type: Literal["state"]
    state: StateName
    error: ErrorDetail | None


type TextMessage = InitMessage | StateMessage


def init_message(stream_config: StreamConfig, epoch: int) -> InitMessage:
    """Build the message that starts an epoch."""
    layout = layout_for(stream_config.cols, stream_config.rows, stream_config.glyphs)
    return InitMessage(
        type="init",
        epoch=epoch,
        cols=stream_config.cols,
        rows=stream_config.rows,
        fps=stream_config.fps,
        planes=layout.names,
        y_bits=Y_BITS,
        c_bits=C_BITS,
        charset=stream_config.charset,
        glyphs=stream_config.glyphs.glyphs,
        title=stream_config.title,
        duration=stream_config.duration,
        live=stream_config.live,
        audio=stream_config.audio,
        aspect=stream_config.aspect,
    )


def state_message(
    state: StateName, *, error_code: str | None = None, error_text: str = ""
) -> StateMessage:
    """Build a state message."""
    error = None if error_code is None else ErrorDetail(code=error_code, message=error_text)
    return StateMessage(type="state", state=state, error=error)


def read_ack(text: str) -> int:
    """Parse an acknowledgement: the sequence number of the last frame that the client has drawn.

    Raises DamagedPacketError for anything else.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise DamagedPacketError("message is not JSON") from err
    ack = message.get("ack") if isinstance(message, dict) else None
    if not isinstance(ack, int) or isinstance(ack, bool) or not 0 <= ack < 1 << 32:
        raise DamagedPacketError("message is not an acknowledgement")
    return ack
