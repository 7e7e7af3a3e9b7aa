"""Rules of the architecture, checked in the sources."""

import ast
from pathlib import Path
import re
import subprocess
import sys
from typing import Final

import pytest

from .house import HOUSE, PLATFORMS, ROOT
from .import_graph import (
    GRAPH,
    IMPORTS,
    MODULES,
    PACKAGE,
    circle,
    module_name,
    template_calls,
)
from .source import ALL_TREES

TESTS: Final = sorted((ROOT / "tests").rglob("*.py"))

FOUNDATION: Final = {
    "camera_entity",
    "const",
    "datetimes",
    "own_urls",
    "rights",
    "settings",
    "translations",
    "urls",
    "workload",
}
"""Flat modules that all packages but `core` may import."""
ENTRANCES: Final = PLATFORMS | {
    PACKAGE,
    "cast",
    "config_flow",
    "diagnostics",
    "logbook",
    "media_source",
    "services",
    "system_health",
    "websocket_api",
}
"""Flat modules called by Home Assistant or registered by the set-up. None imports another."""

ARROWS: Final[dict[str, tuple[str, ...]]] = {
    "core": (),
    "core.mp4": ("core",),
    "core.segments": ("core", "core.mp4"),
    "core.frames": ("core", "core.mp4", "core.segments"),
    "core.publish": ("core", "core.frames"),
    "core.grid": ("core", "core.frames"),
    "core.pattern": ("core", "core.segments", "core.frames"),
    "core.library": ("core", "core.mp4", "core.frames"),
    "core.clips": ("core", "core.mp4", "core.segments", "core.library"),
    "core.tape": ("core", "core.mp4", "core.segments", "core.library"),
    "core.footage": ("core", "core.mp4", "core.segments", "core.frames", "core.tape"),
    "core.ascii": ("core", "core.frames"),
    "core.sources": ("core", "core.frames"),
    "core.share": ("core",),
    "core.player.net": ("core",),
    "core.player.hls": ("core", "core.player.net"),
    "core.player.lookup": ("core", "core.sources", "core.player.net"),
    "core.player": (
        "core",
        "core.frames",
        "core.ascii",
        "core.player.net",
        "core.player.hls",
        "core.player.lookup",
    ),
    "foundation": ("core",),
    "stream": ("foundation", "core"),
    "media": ("foundation", "core"),
    "cameras": ("foundation", "media", "stream", "core"),
    "entity": ("foundation", "cameras"),
    "actions": ("foundation", "entity", "cameras", "media", "core"),
    "http": ("foundation", "cameras", "media", "core"),
    "panel": (),
    "share": ("foundation", "http", "actions", "cameras", "media", "panel", "core"),
    "flows": ("foundation", "http", "cameras", "core"),
    "repairs": ("foundation", "flows", "cameras", "stream", "core"),
    "entrance": (
        "foundation",
        "entity",
        "actions",
        "http",
        "share",
        "flows",
        "repairs",
        "panel",
        "cameras",
        "media",
        "stream",
        "core",
    ),
}
"""What each package, and each kind of flat module, may import.

In `core`, `core` means modules directly in it; from above, it means all of its packages too.
"""

MAX_FILE: Final = 330
MAX_FUNCTION: Final = 44


def room(module: str) -> str:
    """Return the row of ARROWS of a module: its package, or its own name if it is flat."""
    parts = module.removeprefix(PACKAGE).strip(".").split(".")
    while parts and not (HOUSE.joinpath(*parts) / "__init__.py").exists():
        parts.pop()
    name = ".".join(parts) or module.removeprefix(f"{PACKAGE}.")
    if name in FOUNDATION:
        return "foundation"
    return "entrance" if name in ENTRANCES else name


def test_core_imports_only_core() -> None:
    core = [path for path in MODULES if path.is_relative_to(HOUSE / "core")]
    assert len(core) > 100
    for path in core:
        for name in IMPORTS[path]:
            assert not name.startswith("homeassistant"), (path, name)
            if name.startswith(PACKAGE):
                assert name.startswith(f"{PACKAGE}.core"), (path, name)


def test_only_stream_imports_stream_internals() -> None:
    internal = "homeassistant.components.stream."
    allowed = {"CONF_RTSP_TRANSPORT", "CONF_USE_WALLCLOCK_AS_TIMESTAMPS", "RTSP_TRANSPORTS"}
    allowed |= {"Orientation", "Stream"}
    importers = set()
    for path in MODULES:
        names = {name for name in IMPORTS[path] if name.startswith(internal)}
        inside = path.is_relative_to(HOUSE / "stream")
        assert inside or {name.removeprefix(internal) for name in names} <= allowed, path
        importers |= {path} if names and inside else set()
    assert importers


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_platforms_do_not_import_each_other(platform: str) -> None:
    path = HOUSE / f"{platform}.py"
    others = {f"{PACKAGE}.{name}" for name in PLATFORMS - {platform}}
    assert not others & IMPORTS[path]
    assert "PARALLEL_UPDATES" in path.read_text(encoding="utf-8")


def test_imports_match_table() -> None:
    assert len(GRAPH) == len(MODULES)
    for module in GRAPH:
        own = room(module)
        for other in GRAPH[module]:
            target = room(other)
            if target.startswith("core") and not own.startswith("core"):
                target = "core"
            # Only Home Assistant calls entrances; the set-up registers them.
            if target == own and (own != "entrance" or module == PACKAGE):
                continue
            assert target in ARROWS[own], f"{module} imports {other}"


def test_every_module_is_in_table() -> None:
    assert {room(module) for module in GRAPH} == set(ARROWS)


def test_no_circular_imports() -> None:
    assert circle(GRAPH) == []
    assert circle(ARROWS) == []


def test_circle_is_found() -> None:
    assert circle({"a": ["b"], "b": ["c", "d"], "c": [], "d": ["b"]}) == ["b", "d", "b"]


@pytest.mark.parametrize(
    "name", [name for name in ARROWS if name not in ("entrance", "foundation", "entity")]
)
def test_package_docstring_lists_imports(name: str) -> None:
    path = HOUSE.joinpath(*name.split(".")) / "__init__.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    clauses = re.findall(r"^May import .*?(?:\Z|\n\n)", text, re.MULTILINE | re.DOTALL)
    assert len(clauses) == 1
    named_there = set(re.findall(r"`([\w.]+)`", clauses[0]))
    assert named_there == set(ARROWS[name]) - {"foundation"}


def documented_imports() -> dict[str, set[str]]:
    """Return what each package may import by the two tables of docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tables = re.compile(r"^\| (?:folder|package) \|.*\n\|---.*\n((?:\|.*\n)+)", re.MULTILINE)
    rows = re.compile(r"^\| `([\w/]+)/` \|.*\| ([^|]*) ?\|$", re.MULTILINE)
    outer, inner = tables.findall(text)
    found = {}
    for table, prefix in ((outer, ""), (inner, "core.")):
        for name, imported in rows.findall(table):
            words = re.findall(r"[\w.]+", imported)
            found[prefix + name.replace("/", ".")] = {prefix + word for word in words}
    return found


def test_document_lists_every_package_and_its_imports() -> None:
    flat = {"entrance", "foundation", "entity"}
    everywhere = {"foundation", "core"}
    expected = {
        name: set(imported) - (everywhere if name.startswith("core") else {"foundation"})
        for name, imported in ARROWS.items()
        if name not in flat
    }
    assert documented_imports() == expected
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert all(f"`{name}.py`" in text for name in FOUNDATION)
    frontend = [path for path in (ROOT / "frontend" / "src").iterdir() if path.is_dir()]
    assert [path.name for path in frontend if f"`{path.name}/`" not in text] == []


def test_init_calls_no_overridden_method() -> None:
    assert template_calls(list(ALL_TREES.values())) == set()


def test_overridden_method_is_found() -> None:
    program = """
class Base:
    def __init__(self):
        self.later = lambda: self.other()
        self._prepare()
    def _prepare(self):
        self.make()
class Child(Base):
    def make(self): ...
    def other(self): ...
"""
    assert template_calls([ast.parse(program)]) == {"Base.make"}


def test_file_and_function_length() -> None:
    for path, tree in ALL_TREES.items():
        assert path.read_text(encoding="utf-8").count("\n") <= MAX_FILE, path
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                body = node.end_lineno - node.body[0].lineno
                assert body <= MAX_FUNCTION, (path, node.name)


def test_test_file_length() -> None:
    for path in TESTS:
        assert path.read_text(encoding="utf-8").count("\n") <= MAX_FILE, path


def test_no_imports_from_test_modules() -> None:
    shared = re.compile(r"^from (?:tests|\.+)[\w.]*\btest_\w+ import", re.MULTILINE)
    found = [path for path in TESTS if shared.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_core_imports_without_home_assistant() -> None:
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
def test_every_suppression_has_a_reason(sources: str) -> None:
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
