"""The rules of the house, read from the source."""

import ast
from pathlib import Path
import re
import subprocess
import sys
from typing import Final

import pytest

from .house import HOUSE, PLATFORMS, ROOT
from .import_graph import GRAPH, MODULES, PACKAGE, circle, imports, module_name, template_calls

TESTS: Final = sorted((ROOT / "tests").rglob("*.py"))

FOUNDATION: Final = {
    "camera_entity",
    "const",
    "datetimes",
    "own_urls",
    "rights",
    "settings",
    "translated",
    "urls",
    "workload",
}
"""Flat modules below all folders but `core`."""
ENTRANCES: Final = PLATFORMS | {
    PACKAGE,
    "config_flow",
    "diagnostics",
    "logbook",
    "media_source",
    "services",
    "system_health",
    "websocket_api",
}
"""Flat modules that Home Assistant calls, or that the set-up registers. None imports another."""

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
    """Return the row of ARROWS that a module belongs to: its package, or itself if it is flat."""
    parts = module.removeprefix(PACKAGE).strip(".").split(".")
    while parts and not (HOUSE.joinpath(*parts) / "__init__.py").exists():
        parts.pop()
    name = ".".join(parts) or module.removeprefix(f"{PACKAGE}.")
    if name in FOUNDATION:
        return "foundation"
    return "entrance" if name in ENTRANCES else name


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


@pytest.mark.parametrize("module", sorted(GRAPH))
def test_arrows_are_those_of_the_table(module: str) -> None:
    own = room(module)
    for other in GRAPH[module]:
        target = room(other)
        if target.startswith("core") and not own.startswith("core"):
            target = "core"
        # What Home Assistant calls is called by nobody else; the set-up registers it.
        if target == own and (own != "entrance" or module == PACKAGE):
            continue
        assert target in ARROWS[own], f"{module} imports {other}"


def test_every_module_has_a_row() -> None:
    assert {room(module) for module in GRAPH} == set(ARROWS)


def test_there_is_no_circle() -> None:
    assert circle(GRAPH) == []
    assert circle(ARROWS) == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": ["b"], "b": ["c", "d"], "c": [], "d": ["b"]}) == ["b", "d", "b"]


@pytest.mark.parametrize(
    "name", [name for name in ARROWS if name not in ("entrance", "foundation", "entity")]
)
def test_a_package_says_what_it_may_import(name: str) -> None:
    path = HOUSE.joinpath(*name.split(".")) / "__init__.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    said = re.findall(r"^May import .*?(?:\Z|\n\n)", text, re.MULTILINE | re.DOTALL)
    assert len(said) == 1
    named_there = set(re.findall(r"`([\w.]+)`", said[0]))
    assert named_there == set(ARROWS[name]) - {"foundation"}


def test_no_template_method_is_called_while_an_object_is_made() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULES]
    assert template_calls(trees) == set()


def test_a_template_method_would_be_found() -> None:
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
