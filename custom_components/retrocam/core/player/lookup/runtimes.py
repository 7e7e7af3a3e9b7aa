"""What may run a site's JavaScript for yt-dlp, if it is there."""

import shutil
from typing import Final

JAVASCRIPT_RUNTIMES: Final = {"deno": "deno", "node": "node", "bun": "bun", "quickjs": "qjs"}
"""Their programs, by what yt-dlp calls them, the one that it likes best first."""


def javascript_runtime() -> str | None:
    """Return which of them is installed; None without any. Blocks."""
    return next(
        (name for name, program in JAVASCRIPT_RUNTIMES.items() if shutil.which(program)), None
    )
