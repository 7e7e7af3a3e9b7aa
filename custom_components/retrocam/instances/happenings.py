"""What happens to the media of an instance, for those who listen: the event entity and automations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

EVENT_MEDIA: Final = "retrocam_media"
"""Fired on Home Assistant's bus with what is saved, but for snapshots, which may come each second."""


class MediaEvent(StrEnum):
    """The types of the media event."""

    CLIP_SAVED = "clip_saved"
    CLIP_SALVAGED = "clip_salvaged"
    SNAPSHOT_SAVED = "snapshot_saved"
    TIMELAPSE_SAVED = "timelapse_saved"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event."""

    kind: MediaEvent
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def lasting(self) -> dict[str, Any]:
        """The data without signed URLs: in a state or in the history they would be open doors."""
        return {key: value for key, value in self.data.items() if not key.endswith("url")}


type HappeningListener = Callable[[Happening], None]
"""Called in the event loop."""
