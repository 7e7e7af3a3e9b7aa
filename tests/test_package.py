"""The release: `retrocam.zip`, as `scripts/package` makes it, and the order of the release workflow."""

import json
from pathlib import Path
import re
import subprocess
import sys
from typing import Final
import zipfile

from homeassistant.util.yaml import load_yaml_dict
import pytest

from .house import HOUSE, MANIFEST, ROOT

KILOBYTE: Final = 1000


def package(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "package", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The archive of version 1.2.3."""
    path = tmp_path_factory.mktemp("release") / "retrocam.zip"
    made = package("1.2.3", str(path))
    assert made.returncode == 0, made.stderr
    return zipfile.ZipFile(path)


def test_archive_contains_the_integration_with_its_version(release: zipfile.ZipFile) -> None:
    assert release.testzip() is None
    manifest = json.loads(release.read("manifest.json"))
    assert manifest == {**MANIFEST, "version": "1.2.3"}
    assert list(manifest) == list(MANIFEST)
    packed = set(release.namelist())
    source = {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert packed == source
    assert {"panel/dist/retrocam.js", "panel/dist/share.js", "translations/de.json"} <= packed
    for name in packed - {"manifest.json"}:
        assert release.read(name) == (HOUSE / name).read_bytes(), name


def test_icons_take_less_than_40_kilobytes(release: zipfile.ZipFile) -> None:
    icons = [item for item in release.infolist() if item.filename.startswith("brand/")]
    assert len(icons) == 2
    assert sum(item.compress_size for item in icons) < 40 * KILOBYTE


def test_same_files_make_the_same_archive(release: zipfile.ZipFile, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    assert package("1.2.3", str(again)).returncode == 0
    assert release.filename is not None
    assert again.read_bytes() == Path(release.filename).read_bytes()


@pytest.mark.parametrize("version", ["", "v1.2.3", "1.2", "1.2.3-beta", '1.2.3", "domain": "x'])
def test_other_tags_are_refused(version: str, tmp_path: Path) -> None:
    path = tmp_path / "retrocam.zip"
    refused = package(version, str(path))
    assert refused.returncode == 1
    assert "is not a version" in refused.stderr
    assert not path.exists()


def test_release_is_published_with_its_archive() -> None:
    """A published release without an asset is one that nobody can install."""
    workflow = load_yaml_dict(str(ROOT / ".github" / "workflows" / "release.yml"))
    # YAML 1.1 reads the key `on` as true.
    assert set(workflow[True]) == {"push"}
    job = workflow["jobs"]["release"]
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    steps = (
        "scripts/package",
        "release create .*--draft",
        "release upload .*retrocam.zip",
        "release edit .*--draft=false",
    )
    found = re.findall("|".join(steps), commands)
    assert [name.split()[0:2] for name in found] == [
        ["scripts/package"],
        ["release", "create"],
        ["release", "upload"],
        ["release", "edit"],
    ]
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert f'release upload "$TAG" {hacs["filename"]}' in commands


def test_release_is_measured() -> None:
    """The figures of the very version stand beside it; a noisy machine does not hold it back."""
    jobs = load_yaml_dict(str(ROOT / ".github" / "workflows" / "release.yml"))["jobs"]
    assert any(
        "scripts/bench --quick" in step.get("run", "") for step in jobs["benchmarks"]["steps"]
    )
    assert "needs" not in jobs["release"]
