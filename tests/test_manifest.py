"""Rules of hassfest and HACS.

hassfest is in no package, so that what it asks of a custom integration is written down here.
"""

import ast
from importlib.metadata import packages_distributions, requires
import json
from pathlib import Path
import re
import sys

from homeassistant import components

from custom_components.retrocam.const import DOMAIN

from .house import HOUSE, MANIFEST, PLATFORMS, README, ROOT
from .source import TREES


def test_manifest_passes_hassfest_rules() -> None:
    keys = list(MANIFEST)
    assert keys == ["domain", "name", *sorted(keys[2:])]
    known = {"domain", "name", "after_dependencies", "codeowners", "config_flow", "dependencies"}
    known |= {"documentation", "integration_type", "iot_class", "issue_tracker", "loggers"}
    known |= {"quality_scale", "requirements", "version", "zeroconf", "dhcp", "ssdp"}
    assert set(keys) <= known
    assert MANIFEST["domain"] == DOMAIN == HOUSE.name
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", MANIFEST["version"])
    assert MANIFEST["iot_class"] in {"local_push", "local_polling", "cloud_push", "calculated"}
    assert MANIFEST["integration_type"] in {"device", "hub", "service", "helper"}
    assert MANIFEST["config_flow"] is True
    assert all(re.fullmatch(r"@[\w-]+", owner) for owner in MANIFEST["codeowners"])
    assert MANIFEST["codeowners"]
    for key in ("documentation", "issue_tracker"):
        assert MANIFEST[key].startswith("https://")
    pinned = {"av", "numpy", "pillow"}
    names = {_name(requirement) for requirement in MANIFEST["requirements"]}
    assert not names & pinned
    assert all(
        ">=" in requirement or "==" in requirement for requirement in MANIFEST["requirements"]
    )


def test_imported_integrations_are_dependencies() -> None:
    # hassfest's exceptions: always loaded, or the file is a platform of the integration.
    free = {*PLATFORMS, "frontend", "persistent_notification", "system_health", "websocket_api"}
    known = {*MANIFEST["dependencies"], *MANIFEST.get("after_dependencies", []), *free}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
                if node.module == "homeassistant.components":
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                for name in names:
                    if name.startswith("homeassistant.components."):
                        platform = path.relative_to(HOUSE).parts[0].removesuffix(".py")
                        assert name.split(".")[2] in {*known, platform}, (path, name)


def test_imported_packages_are_requirements() -> None:
    declared = {_name(requirement) for requirement in MANIFEST["requirements"]}
    declared |= {_name(requirement) for requirement in requires("homeassistant") or []}
    for domain in MANIFEST["dependencies"]:
        path = Path(components.__path__[0], domain, "manifest.json")
        manifest = json.loads(path.read_text(encoding="utf-8"))
        declared |= {_name(requirement) for requirement in manifest.get("requirements", [])}
    declared |= {"homeassistant", "voluptuous"}  # it comes with it, under another name
    distributions = packages_distributions()
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names:
                assert {_name(requirement) for requirement in distributions[top]} & declared, (
                    path,
                    top,
                )


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def test_repository_passes_hacs_rules() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    known = {"content_in_root", "country", "filename", "hacs", "hide_default_branch"}
    known |= {"homeassistant", "name", "persistent_directory", "render_readme", "zip_release"}
    assert set(hacs) <= known
    assert hacs["name"] == MANIFEST["name"]
    assert hacs["zip_release"] is True
    assert hacs["filename"] == "retrocam.zip"
    assert hacs["homeassistant"] == "2026.10.0"
    assert (ROOT / "README.md").is_file()
    assert (ROOT / "LICENSE").is_file()
    for name, side in (("icon.png", 256), ("icon@2x.png", 512)):
        data = (HOUSE / "brand" / name).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(data[16:20]) == int.from_bytes(data[20:24]) == side
    # One integration, which contains only its own files.
    assert [path.name for path in _integrations()] == [DOMAIN]


def test_addresses_are_those_of_one_repository() -> None:
    """The release workflow checks that it runs in this repository; here, that no file names another."""
    repository = MANIFEST["documentation"]
    found = re.fullmatch(r"https://github\.com/([\w-]+)/([\w-]+)", repository)
    assert found is not None
    assert MANIFEST["issue_tracker"] == f"{repository}/issues"
    assert f"@{found[1]}" in MANIFEST["codeowners"]
    assert repository in README
    paths = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    for folder in ("blueprints", "custom_components", "frontend/src"):
        for suffix in ("yaml", "py", "ts", "json"):
            paths += (ROOT / folder).rglob(f"*.{suffix}")
    for path in paths:
        for named in re.findall(r"https://github\.com/[\w-]+/retrocam\b", path.read_text("utf-8")):
            assert named == repository, path
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert '"documentation": "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"' in workflow.replace("\\", "")


def _integrations() -> list[Path]:
    parent = ROOT / "custom_components"
    return [path for path in parent.iterdir() if (path / "manifest.json").is_file()]
