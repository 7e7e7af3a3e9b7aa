"""The demo camera: a generated test picture, so that Retrocam can be tried without any camera."""

from typing import Any, ClassVar

from homeassistant.core import HomeAssistant

from ..const import CONF_ADVANCED, KIND_DEMO
from ..core.frames.feed import PictureFeed
from ..core.pattern.picture import PatternSource, TestPattern
from ..core.publish.publisher import Publisher
from .base import RetrocamConfigEntry
from .generated import DrawnInstance
from .source import Generator


class DemoInstance(DrawnInstance):
    """Draws the test pattern, with a clock, moving parts, a tone and readable frame numbers."""

    kind: ClassVar[str] = KIND_DEMO

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        """Take size and rate from the entry, where it says something of them."""
        shape: dict[str, Any] = entry.data.get(CONF_ADVANCED, {})
        self.pattern = pattern = TestPattern(
            shape.get("width", 1280) // 2 * 2,
            shape.get("height", 720) // 2 * 2,
            shape.get("fps", 25),
        )

        def publisher(drawn: PictureFeed, name: str) -> Publisher:
            return Publisher(
                drawn,
                width=pattern.width,
                height=pattern.height,
                fps=pattern.fps,
                tone=pattern.beep,
                name=name,
            )

        super().__init__(hass, entry, Generator(PatternSource(pattern), publisher))
