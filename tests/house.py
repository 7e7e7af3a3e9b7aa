"""Paths of the repository, and the files that users read."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
HOUSE: Final = ROOT / "custom_components" / "retrocam"
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
LANGUAGES: Final = sorted((HOUSE / "translations").glob("*.json"))
ENGLISH: Final = json.loads((HOUSE / "translations" / "en.json").read_text(encoding="utf-8"))
ICONS: Final = json.loads((HOUSE / "icons.json").read_text(encoding="utf-8"))
MANIFEST: Final = json.loads((HOUSE / "manifest.json").read_text(encoding="utf-8"))
PLATFORMS: Final = {
    "binary_sensor",
    "button",
    "camera",
    "event",
    "image",
    "media_player",
    "number",
    "select",
    "sensor",
    "switch",
}
"""Platforms of Retrocam's entities."""


def flat(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each leaf of a tree of texts."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from flat(value, f"{path}.{key}")
    else:
        yield path, tree
