"""The rules of the house, read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path
import re
import subprocess
import sys
from typing import Final

import pytest

from .house import HOUSE, PLATFORMS, ROOT

PACKAGE: Final = "custom_components.retrocam"

MODULES: Final = sorted(HOUSE.rglob("*.py"))
TESTS: Final = sorted((ROOT / "tests").rglob("*.py"))

MAX_FILE: Final = 330
MAX_FUNCTION: Final = 44


def module_name(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join((PACKAGE, *(part for part in parts if part != "__init__")))


def imports(path: Path) -> Iterator[str]:
    """Yield the absolute names of all modules that a file imports when it is loaded."""
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in _executed(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, but for what only a type checker sees."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _executed(child)


def named(path: Path) -> str:
    return str(path.relative_to(HOUSE))


@pytest.mark.parametrize("path", sorted((HOUSE / "core").rglob("*.py")), ids=named)
def test_core_knows_neither_home_assistant_nor_what_is_above_it(path: Path) -> None:
    for name in imports(path):
        assert not name.startswith("homeassistant"), name
        if name.startswith(PACKAGE):
            assert name.startswith(f"{PACKAGE}.core"), name


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_only_stream_touches_the_internals_of_stream(path: Path) -> None:
    if path.is_relative_to(HOUSE / "stream"):
        return
    internal = "homeassistant.components.stream."
    allowed = {"CONF_RTSP_TRANSPORT", "CONF_USE_WALLCLOCK_AS_TIMESTAMPS", "RTSP_TRANSPORTS"}
    allowed |= {"Orientation", "Stream"}
    for name in imports(path):
        if name.startswith(internal):
            assert name.removeprefix(internal) in allowed, name


@pytest.mark.parametrize("path", [HOUSE / f"{name}.py" for name in sorted(PLATFORMS)], ids=named)
def test_platforms_do_not_import_each_other(path: Path) -> None:
    others = {f"{PACKAGE}.{name}" for name in PLATFORMS - {path.stem}}
    assert not others & set(imports(path))
    assert "PARALLEL_UPDATES" in path.read_text(encoding="utf-8")


def test_no_import_circles() -> None:
    ours = {module_name(path): path for path in MODULES}
    graph = {
        name: {other for other in imports(path) if other in ours and other != name}
        for name, path in ours.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done:
            return
        for other in graph[name]:
            # A package is loaded before its modules: their import of it is no circle of ours.
            if not name.startswith(f"{other}."):
                walk(other, (*trail, name))
        done.add(name)

    for name in graph:
        walk(name, ())


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            body = node.end_lineno - node.body[0].lineno
            assert body <= MAX_FUNCTION, node.name


def test_tests_stay_small_too() -> None:
    for path in TESTS:
        assert path.read_text(encoding="utf-8").count("\n") <= MAX_FILE, path


def test_what_tests_share_is_in_no_test_module() -> None:
    shared = re.compile(r"^from (?:tests|\.+)[\w.]*\btest_\w+ import", re.MULTILINE)
    found = [path for path in TESTS if shared.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_core_can_be_imported_without_home_assistant() -> None:
    names = [module_name(path) for path in (HOUSE / "core").rglob("*.py")]
    program = f"""
import sys, types
sys.modules["homeassistant"] = None
package = sys.modules[{PACKAGE!r}] = types.ModuleType({PACKAGE!r})
package.__path__ = [{str(HOUSE)!r}]
for name in {sorted(names)!r}:
    __import__(name)
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "sources",
    [
        *(
            f"{name}/**/*.py"
            for name in ("custom_components", "tests", "demo", "benchmarks", "soak")
        ),
        *(f"frontend/{name}" for name in ("*.ts", "src/**/*.ts", "test/**/*.ts", "test/**/*.py")),
        "scripts/*",
    ],
)
def test_no_check_is_silenced_without_a_reason(sources: str) -> None:
    silenced = re.compile(r"# (?:type: ignore|noqa|shellcheck disable).*|(?:eslint-dis|@ts-).*")
    reasoned = re.compile(
        r"# (?:type: ignore\[|noqa: |shellcheck disable=)[\w, -]+\]?  # \S"
        r"|(?:eslint-dis|@ts-)\S+: \S"
    )
    paths = [path for path in HOUSE.parent.parent.glob(sources) if path.is_file()]
    assert paths
    for path in paths:
        found = silenced.findall(path.read_text(encoding="utf-8"))
        if path != Path(__file__):
            assert [line for line in found if not reasoned.match(line)] == [], path
