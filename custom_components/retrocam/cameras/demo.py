"""The demo camera: a generated test pattern, to try Retrocam without a camera."""

from functools import partial
from typing import Any, ClassVar

from homeassistant.core import HomeAssistant

from ..const import CONF_ADVANCED, KIND_DEMO
from ..core.pattern.marks import beep
from ..core.pattern.picture import PatternSource, TestPattern
from ..core.publish.publisher import Publisher
from .base import RetrocamConfigEntry
from .generated import GeneratedCamera


class DemoCamera(GeneratedCamera):
    """Test pattern with a clock, moving parts, a tone and readable frame numbers."""

    kind: ClassVar[str] = KIND_DEMO

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        shape: dict[str, Any] = entry.data.get(CONF_ADVANCED, {})
        self.pattern = pattern = TestPattern(
            shape.get("width", 1280) // 2 * 2,
            shape.get("height", 720) // 2 * 2,
            shape.get("fps", 25),
        )

        publisher = partial(
            Publisher,
            width=pattern.width,
            height=pattern.height,
            fps=pattern.fps,
            tone=beep,
        )
        super().__init__(hass, entry, PatternSource(pattern), publisher)
