"""Constants shared by several modules."""

from typing import Final

DOMAIN: Final = "retrocam"

CONF_KIND: Final = "kind"
CONF_SLUG: Final = "slug"
"""Name of the media directory; unchanged when the entry is renamed."""
CONF_ADVANCED: Final = "advanced"
CONF_AUDIO_CODEC: Final = "audio_codec"
"""FFmpeg's name of the audio codec found by the last probe of a camera by URL; None without audio."""
CONF_VIDEO_CODEC: Final = "video_codec"
"""The same of video; absent from cameras by URL of earlier versions until they are probed again."""
CONF_SLOW: Final = "slow"
"""True for a camera by URL of so few frames that it needs longer time limits; absent otherwise."""
CONF_CAMERAS: Final = "cameras"
"""Members of a grid: entity registry ids, or entity ids for unregistered entities."""

KIND_CAMERA_URL: Final = "camera_url"
KIND_CAMERA_ENTITY: Final = "camera_entity"
KIND_DEMO: Final = "demo"
KIND_GRID: Final = "grid"
KIND_ASCII_PLAYER: Final = "ascii_player"
KINDS: Final = (
    KIND_CAMERA_URL,
    KIND_CAMERA_ENTITY,
    KIND_GRID,
    KIND_ASCII_PLAYER,
    KIND_DEMO,
)
"""In the order of the config flow's menu."""
