"""Small file systems for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import subprocess
from typing import Final

from ...missing import missing

_MOUNT: Final = 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"'
_NAMESPACES: Final = (["unshare", "-rm"], ["unshare", "-m"])
"""With a user namespace, which needs no privileges, and without, for root where there are none."""


def with_small_disk(directory: Path, *command: str) -> list[str]:
    """Return the command that runs `command` with a file system of 1 MB at `directory`.

    Skips the test where no mount namespace is to be had, as in many containers; fails it in CI.
    """
    refusals = []
    for namespace in _NAMESPACES:
        start = [*namespace, "sh", "-c", _MOUNT, "sh", str(directory)]
        try:
            tried = subprocess.run([*start, "true"], check=False, capture_output=True, text=True)
        except FileNotFoundError:
            missing("no small disk: unshare (util-linux) is missing")
        if not tried.returncode:
            return [*start, *command]
        refusals.append(f"{' '.join(namespace)}: {tried.stderr.strip()}")
    return missing(f"no small disk, for want of a mount namespace: {'; '.join(refusals)}")


@contextmanager
def mounted_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a tmpfs of a size at a new folder. Skips the test where that is not allowed."""
    folder.mkdir()
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mounted = subprocess.run(
        [*root, "mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        missing("no permission to mount a disk")
    try:
        yield folder
    finally:
        subprocess.run([*root, "umount", "-l", str(folder)], check=True)
