"""The parsed sources of all modules."""

import ast
from functools import partial
from pathlib import Path
from typing import Final

from .house import HOUSE
from .made import Made


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


ALL_TREES: Final = Made({path: partial(_parse, path) for path in sorted(HOUSE.rglob("*.py"))})
TREES: Final = Made(
    {
        path: partial(ALL_TREES.__getitem__, path)
        for path in ALL_TREES
        if "core" not in path.relative_to(HOUSE).parts
    }
)
"""Those of all modules outside `core`."""
