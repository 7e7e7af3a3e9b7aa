from typing import Any

from .common import InfoExtractor

class GenericIE(InfoExtractor):
    def _extract_embeds(self, url: str, webpage: str, **settings: Any) -> Any: ...
