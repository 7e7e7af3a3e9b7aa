"""What a user can tune: the options of an entry, typed and with their defaults.

Options are stored as the options flow shows them, in sections. Nothing else reads `entry.options`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from .const import KIND_ASCII_PLAYER, KIND_GRID

SECTION_LOOKBACK: Final = "lookback"
SECTION_HISTORY: Final = "history"
SECTION_RECORDINGS: Final = "recordings"
SECTION_STORAGE: Final = "storage"
SECTION_MJPEG: Final = "mjpeg"
SECTION_PICTURE: Final = "picture"
SECTION_PLAYER: Final = "player"
SECTION_SHARE: Final = "share"

MEGABYTE: Final = 1_000_000

LOOKBACK_SECONDS: Final = range(5, 901)
LOOKBACK_MEGABYTES: Final = range(8, 2049)
INTERVAL_SEC: Final = range(1, 86_401)
SOURCE_HEIGHT: Final = range(144, 1081)
PICTURE_WIDTH: Final = range(320, 3841)
PICTURE_HEIGHT: Final = range(180, 2161)


def defaults_of(kind: str) -> dict[str, Any]:
    """Return the defaults in which entries of a kind differ from others."""
    if kind in (KIND_GRID, KIND_ASCII_PLAYER):
        # To draw for nobody costs.
        return {"lookback_enabled": False, "history_enabled": False}
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LookbackSettings:
    """The options of the lookback."""

    enabled: bool
    seconds: int
    megabytes: int
    """Memory at most, MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """The options of the snapshot history."""

    enabled: bool
    interval: int
    """Seconds between two snapshots."""
    image_format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of one camera, grid or player."""

    lookback_enabled: bool = True
    """Whether segments are kept for recordings of what was."""
    lookback_seconds: int = 60
    lookback_megabytes: int = 64

    history_enabled: bool = True
    """Whether a snapshot is kept every interval."""
    interval_sec: int = 60
    keep_last: int = 500
    keep_days: int = 0
    """0 is no limit, here and below."""
    keep_megabytes: int = 0
    image_format: str = "jpeg"

    recordings_keep_last: int = 0
    recordings_keep_days: int = 0
    recordings_keep_megabytes: int = 0

    directory: str = ""
    """Where media is kept; empty for the default."""
    min_free_megabytes: int = 512

    mjpeg_fps: int = 10
    """Pictures a second in the MJPEG stream, at most."""
    mjpeg_width: int = 0
    """Width of the MJPEG pictures in pixels; 0 keeps the source's."""
    ring_size: int = 10
    """How many MJPEG frames are kept readable."""

    layout: str = "quad"
    """The layout of a grid when it is loaded."""
    width: int = 1280
    """Width of a grid's picture in pixels."""
    height: int = 720
    fps: int = 10
    """Pictures a second that a grid draws."""

    preset: str = "low"
    """Grid of a player's cells."""
    max_source_height: int = 360
    """Lines of the videos that a player asks for, at most."""
    charset: str = "ramp"
    """Characters of a player's screen."""
    loop: bool = False
    """Whether a player begins again at the end."""

    share_enabled: bool = False
    """Whether there is a page for guests."""
    share_control: bool = False
    """Whether they may play and stop, and choose layouts."""
    share_history: bool = False
    """Whether they may see the snapshots."""

    @property
    def lookback(self) -> LookbackSettings:
        """The options of the lookback."""
        return LookbackSettings(
            enabled=self.lookback_enabled,
            seconds=self.lookback_seconds,
            megabytes=self.lookback_megabytes,
        )

    @property
    def history(self) -> HistorySettings:
        """The options of the snapshot history."""
        return HistorySettings(
            enabled=self.history_enabled,
            interval=self.interval_sec,
            image_format=self.image_format,
        )

    @classmethod
    def from_options(cls, options: Mapping[str, Mapping[str, Any]], kind: str) -> Self:
        """Read the sections of an entry of this kind; what is missing has its default."""
        known = {field.name for field in fields(cls)}
        return cls(
            **defaults_of(kind)
            | {
                key: value
                for section in options.values()
                for key, value in section.items()
                if key in known
            }
        )
