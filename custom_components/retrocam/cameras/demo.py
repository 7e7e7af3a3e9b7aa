"""The demo camera: a generated test picture, so that Retrocam can be tried without any camera."""

from typing import Any, ClassVar, override

from homeassistant.core import HomeAssistant

from ..const import CONF_ADVANCED, KIND_DEMO
from ..core.frames.feed import PictureFeed
from ..core.pattern.picture import PatternSource, TestPattern
from ..core.publish.publisher import Publisher
from .base import RetrocamConfigEntry
from .generated import DrawnInstance


class DemoInstance(DrawnInstance):
    """Draws the test pattern, with a clock, moving parts, a tone and readable frame numbers."""

    kind: ClassVar[str] = KIND_DEMO
    pattern: TestPattern

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        """Take size and rate from the entry, where it says something of them."""
        self._shape: dict[str, Any] = entry.data.get(CONF_ADVANCED, {})
        super().__init__(hass, entry)

    @override
    def _make_source(self) -> PatternSource:
        self.pattern = TestPattern(
            self._shape.get("width", 1280) // 2 * 2,
            self._shape.get("height", 720) // 2 * 2,
            self._shape.get("fps", 25),
        )
        return PatternSource(self.pattern)

    @override
    def _make_publisher(self, drawn: PictureFeed, name: str) -> Publisher:
        return Publisher(
            drawn,
            width=self.pattern.width,
            height=self.pattern.height,
            fps=self.pattern.fps,
            tone=self.pattern.beep,
            name=name,
        )
