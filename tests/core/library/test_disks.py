"""Tests of `with_small_disk` in containers that do not allow mounts."""

from pathlib import Path
import subprocess

import pytest

from .disks import with_small_disk


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory in PATH, except the shell's."""
    directory = tmp_path / "programs"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def program(path: Path, script: str) -> None:
    """Write a program."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
@pytest.mark.parametrize("there", [True, False])
def test_container_without_mount_namespaces_is_reported(
    tmp_path: Path,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    ci: str,
    outcome: type[BaseException],
    *,
    there: bool,
) -> None:
    if there:
        program(programs / "unshare", "echo 'Operation not permitted' >&2; exit 1")
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome) as caught:
        with_small_disk(tmp_path, "true")
    wanted = "unshare -m: Operation not permitted" if there else "unshare (util-linux) is missing"
    assert wanted in str(caught.value)


def test_root_without_user_namespaces_gets_a_disk(tmp_path: Path, programs: Path) -> None:
    program(programs / "unshare", 'test "$1" = -m || exit 1; shift; exec "$@"')
    program(programs / "mount", "exit 0")
    for name in ("sh", "true", "echo"):
        program(programs / name, f'exec /bin/{name} "$@"')
    done = subprocess.run(
        with_small_disk(tmp_path, "echo", "done"), check=True, capture_output=True, text=True
    )
    assert done.stdout == "done\n"
