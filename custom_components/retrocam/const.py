"""Names that more than one part of Retrocam uses."""

from typing import Final

DOMAIN: Final = "retrocam"

CONF_KIND: Final = "kind"
CONF_SLUG: Final = "slug"
"""Names the media directory; stays when the entry is renamed."""
CONF_ADVANCED: Final = "advanced"
CONF_AUDIO_CODEC: Final = "audio_codec"
"""FFmpeg's name of the sound that a camera by URL had when it was last probed; None without."""
CONF_CAMERAS: Final = "cameras"
"""The members of a grid, by registry id, or by entity id where they have none."""

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
"""In the order in which they are offered."""
