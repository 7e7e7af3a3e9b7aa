"""What may run a site's JavaScript for yt-dlp, if it is there."""

from typing import Final

JAVASCRIPT_RUNTIMES: Final = ("deno", "node", "bun", "quickjs")
"""As yt-dlp calls them, the one that it likes best first."""
