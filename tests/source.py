"""The parsed sources of all modules outside `core`."""

import ast
from typing import Final

from .house import HOUSE

TREES: Final = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(HOUSE.rglob("*.py"))
    if "core" not in path.relative_to(HOUSE).parts
}
