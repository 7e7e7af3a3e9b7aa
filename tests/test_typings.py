"""The stubs of packages without types say what the packages have."""

import ast
from collections.abc import Iterator
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

from .house import ROOT

TYPINGS = ROOT / "typings"
STUBS = sorted(
    path for path in TYPINGS.rglob("*.pyi") if path.relative_to(TYPINGS).parts[0] != "voluptuous"
)
"""All but that of voluptuous, which only names the engine behind it."""

_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(TYPINGS).with_suffix("").parts).removesuffix(".__init__")


def members(node: ast.Module | ast.ClassDef) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the names that a stub declares, except those of its own types."""
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef):
            yield child.name, child
        elif isinstance(child, ast.AnnAssign) and isinstance(node, ast.Module):
            assert isinstance(child.target, ast.Name)
            yield child.target.id, child


def check_parameters(function: ast.FunctionDef, real: Any) -> None:
    """Check that each named parameter exists, in this order if it can be given by position."""
    parameters = inspect.signature(real).parameters
    named = [name for name, parameter in parameters.items() if parameter.kind not in _REST]
    declared = [argument.arg for argument in function.args.args]
    assert declared == named[: len(declared)], function.name
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    keywords = {argument.arg for argument in function.args.kwonlyargs}
    assert takes_any or keywords <= set(named), function.name


def check(node: ast.Module | ast.ClassDef, real: Any) -> None:
    for name, child in members(node):
        there = inspect.getattr_static(real, name)
        if isinstance(child, ast.ClassDef):
            assert set(bases(child)) <= {base.__name__ for base in there.__mro__}, name
            check(child, there)
        elif isinstance(child, ast.FunctionDef):
            is_property = any(
                isinstance(decorator, ast.Name) and decorator.id == "property"
                for decorator in child.decorator_list
            )
            if is_property:
                assert not inspect.isfunction(there), name
            else:
                check_parameters(child, getattr(real, name))


def bases(node: ast.ClassDef) -> Iterator[str]:
    for base in node.bases:
        yield base.attr if isinstance(base, ast.Attribute) else ast.unparse(base)


@pytest.mark.parametrize("path", STUBS, ids=module_of)
def test_stub_matches_its_package(path: Path) -> None:
    check(ast.parse(path.read_text(encoding="utf-8")), importlib.import_module(module_of(path)))
