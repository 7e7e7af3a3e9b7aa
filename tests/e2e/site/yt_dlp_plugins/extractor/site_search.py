"""A plugin of yt-dlp that searches the test's site instead of YouTube; the resolver is the real one."""

from collections.abc import Iterator
from typing import Any

from yt_dlp.extractor.youtube import YoutubeSearchIE


class SiteSearchIE(YoutubeSearchIE, plugin_name="retrocam"):  # type: ignore[misc, call-arg]  # yt-dlp has no types
    """What `ytsearch1:` and words find."""

    def _search_results(self, query: str) -> Iterator[dict[str, Any]]:
        found = self._download_json("http://site.example/search", query, query={"q": query})
        for url in found:
            yield self.url_result(url)
