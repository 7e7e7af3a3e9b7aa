"""Lets a process that is measured as a whole load the core without Home Assistant.

To be imported before the core. The integration's package itself loads Home Assistant, for 2 s that
no part of the core has to do with; its core needs none of it.
"""

from pathlib import Path
import sys
import types
from typing import Final

ONLY_GRID: Final = "--only-grid"
"""The argument with which `grid.py` runs itself as such a process."""

if ONLY_GRID in sys.argv:
    package = types.ModuleType("custom_components.retrocam")
    package.__path__ = [
        str(Path(__file__).resolve().parent.parent / "custom_components" / "retrocam")
    ]
    sys.modules[package.__name__] = package
