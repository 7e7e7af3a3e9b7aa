"""The options of an entry, typed and with their defaults.

Options are stored in the sections of the options flow. Nothing else reads `entry.options`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from .const import KIND_ASCII_PLAYER, KIND_GRID

SECTION_LOOKBACK: Final = "lookback"
SECTION_HISTORY: Final = "history"
SECTION_TAPE: Final = "tape"
SECTION_RECORDINGS: Final = "recordings"
SECTION_STORAGE: Final = "storage"
SECTION_MJPEG: Final = "mjpeg"
SECTION_PICTURE: Final = "picture"
SECTION_PLAYER: Final = "player"
SECTION_SOUND: Final = "sound"
SECTION_SHARE: Final = "share"

MEGABYTE: Final = 1_000_000

LOOKBACK_SECONDS: Final = range(5, 901)
LOOKBACK_MEGABYTES: Final = range(8, 2049)
TAPE_HOURS: Final = range(1, 8761)
SOUND_AUTO: Final = "auto"
SOUND_CONVERT: Final = "convert"
SOUND_OFF: Final = "off"
SOUND_MODES: Final = (SOUND_AUTO, SOUND_CONVERT, SOUND_OFF)
INTERVAL_SEC: Final = range(1, 86_401)
SOURCE_HEIGHT: Final = range(144, 1081)
PICTURE_WIDTH: Final = range(320, 3841)
PICTURE_HEIGHT: Final = range(180, 2161)


_DRAWN: Final = (KIND_GRID, KIND_ASCII_PLAYER)
"""Kinds that would keep drawing for their lookback and history, without a viewer."""
_DRAWN_DEFAULTS: Final = {"lookback_enabled": False, "history_enabled": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeSettings:
    """The options of the tape."""

    enabled: bool
    hours: int
    megabytes: int
    """Limit of all files; 0 for none."""
    min_free_megabytes: int
    """Space to leave free on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of one camera, grid or player."""

    lookback_enabled: bool = True
    """Keep segments in memory, so that recordings can begin in the past."""
    lookback_seconds: int = 60
    lookback_megabytes: int = 64

    history_enabled: bool = True
    """Take a snapshot at each interval."""
    interval_sec: int = 60
    keep_last: int = 500
    keep_days: int = 0
    """0: no limit, here and below."""
    keep_megabytes: int = 0
    image_format: str = "jpeg"

    tape_enabled: bool = False
    """Record all the time, to disk."""
    tape_hours: int = 24
    tape_megabytes: int = 20_000

    recordings_keep_last: int = 0
    recordings_keep_days: int = 0
    recordings_keep_megabytes: int = 0

    directory: str = ""
    """Media directory; empty for the default."""
    min_free_megabytes: int = 512

    mjpeg_fps: int = 10
    """Maximum frame rate of the MJPEG stream."""
    mjpeg_width: int = 0
    """Width of MJPEG frames in pixels; 0 for the width of the source."""
    ring_size: int = 10
    """Number of MJPEG frames that can be read by index."""

    layout: str = "quad"
    """Initial layout of a grid."""
    width: int = 1280
    """Width of a grid in pixels."""
    height: int = 720
    fps: int = 10
    """Maximum frame rate of a grid."""

    preset: str = "low"
    """Columns, rows and frame rate of a player."""
    max_source_height: int = 360
    """Maximum height in pixels of the videos that a player requests."""
    charset: str = "ramp"
    """Characters that a player draws with."""
    loop: bool = False
    """Restart at the end."""

    sound: str = SOUND_AUTO
    """What is done with the sound of a camera by URL: one of `SOUND_MODES`."""

    share_enabled: bool = False
    """Serve a page for guests."""
    share_control: bool = False
    """Let guests control playback and layout."""
    share_history: bool = False
    """Let guests see the snapshots."""
    share_rewind: bool = False
    """Let guests rewind the picture."""

    @property
    def tape(self) -> TapeSettings:
        """The options of the tape."""
        return TapeSettings(
            enabled=self.tape_enabled,
            hours=self.tape_hours,
            megabytes=self.tape_megabytes,
            min_free_megabytes=self.min_free_megabytes,
        )

    @classmethod
    def from_options(cls, options: Mapping[str, Mapping[str, Any]], kind: str) -> Self:
        """Read the sections of an entry of this kind; missing options have their defaults."""
        names = {field.name for field in fields(cls)}
        stored = {key: value for section in options.values() for key, value in section.items()}
        values = (_DRAWN_DEFAULTS if kind in _DRAWN else {}) | stored
        return cls(**{key: value for key, value in values.items() if key in names})
