"""Disks of a test's own."""

import shutil
import subprocess


def may_mount() -> bool:
    """Whether `unshare -rm` gives a mount namespace, for a tmpfs of any size."""
    unshare = shutil.which("unshare")
    return (
        unshare is not None
        and subprocess.run([unshare, "-rm", "true"], check=False, capture_output=True).returncode
        == 0
    )
