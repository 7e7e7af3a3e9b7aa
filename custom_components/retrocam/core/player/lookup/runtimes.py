"""JavaScript runtimes supported by yt-dlp."""

import shutil
from typing import Final

JAVASCRIPT_RUNTIMES: Final = {"deno": "deno", "node": "node", "bun": "bun", "quickjs": "qjs"}
"""Executables by yt-dlp's names, in its order of preference."""


def javascript_runtime() -> str | None:
    """Return the first one installed, or None. Blocks."""
    return next(
        (name for name, program in JAVASCRIPT_RUNTIMES.items() if shutil.which(program)), None
    )
