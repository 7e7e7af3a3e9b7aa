"""Static analysis of the sources: imports, and methods called by `__init__`."""

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from .house import HOUSE
from .made import Made
from .source import ALL_TREES

PACKAGE: Final = "custom_components.retrocam"

MODULES: Final = list(ALL_TREES)


def module_name(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join((PACKAGE, *(part for part in parts if part != "__init__")))


def _imports(path: Path) -> Iterator[str]:
    """Yield the absolute names of all modules that a file imports, those for TYPE_CHECKING included.

    `from package import module` counts as an import of the module, not of the package.
    """
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ALL_TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, *([base] if base else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in OURS or not base.startswith(PACKAGE) else base


def _set_of_imports(path: Path) -> set[str]:
    return set(_imports(path))


def _among_ours(name: str, path: Path) -> set[str]:
    return {other for other in IMPORTS[path] if other in OURS and other != name}


OURS: Final = {module_name(path): path for path in MODULES}
IMPORTS: Final = Made({path: partial(_set_of_imports, path) for path in MODULES})
"""What each file imports, by absolute names."""
GRAPH: Final = Made({name: partial(_among_ours, name, path) for name, path in OURS.items()})
"""The imports among our modules."""


def circle(graph: Mapping[str, Collection[str]]) -> list[str]:
    """Return the nodes of a cycle of a graph, the first repeated at the end; [] without a cycle."""
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name not in done:
            for other in graph[name]:
                if found := walk(other, (*trail, name)):
                    return found
        done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, ()))), [])


def _own_calls(function: ast.AST) -> Iterator[str]:
    """Yield the names of the methods of `self` that a function calls itself, nested functions aside."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if (
            isinstance(child, ast.Call)
            and isinstance(child.func, ast.Attribute)
            and isinstance(child.func.value, ast.Name)
            and child.func.value.id == "self"
        ):
            yield child.func.attr
        yield from _own_calls(child)


def template_calls(trees: Collection[ast.AST]) -> set[str]:
    """Return the methods called from `__init__` that a subclass overrides."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    methods = {
        class_: {node.name: node for node in class_.body if isinstance(node, ast.FunctionDef)}
        for class_ in classes
    }

    def below(name: str) -> Iterator[ast.ClassDef]:
        for class_ in classes:
            bases = (
                base.value if isinstance(base, ast.Subscript) else base for base in class_.bases
            )
            if any(ast.unparse(base).rpartition(".")[2] == name for base in bases):
                yield class_
                yield from below(class_.name)

    found = set()
    for class_ in classes:
        called, waiting = set[str](), ["__init__"]
        while waiting:
            if (method := methods[class_].get(waiting.pop())) is not None:
                new = set(_own_calls(method)) - called
                called |= new
                waiting += new
        own = {name for child in below(class_.name) for name in methods[child]}
        found |= {f"{class_.name}.{name}" for name in called & own}
    return found
