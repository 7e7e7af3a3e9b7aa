"""Lets a process load the core without Home Assistant.

Import it before the core. The integration's package imports Home Assistant, which takes 2 s; the core
does not need it.
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
