"""Repair issues of the extractor, yt-dlp; shared by all players."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..core.player.lookup.runtimes import javascript_runtime
from ..core.player.machine import Phase
from ..core.player.status import Status

JAVASCRIPT_ISSUE: Final = "javascript_runtime"
OUTDATED_ISSUE: Final = "extractor_outdated"
_LEARN_MORE: Final = {
    JAVASCRIPT_ISSUE: "https://github.com/yt-dlp/yt-dlp/wiki/EJS",
    OUTDATED_ISSUE: "https://github.com/yt-dlp/yt-dlp/releases",
}


@callback
def async_check_extractor(hass: HomeAssistant, status: Status) -> None:
    """Create an issue if the extractor lacks something; delete all once YouTube plays without."""
    error, issue = status.error, None
    if status.needs_javascript or (error is not None and error.needs_javascript):
        issue = JAVASCRIPT_ISSUE
    elif error is not None and error.outdated:
        issue = OUTDATED_ISSUE
    if issue is not None:
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue,
            # An update of yt-dlp comes with Retrocam: no repair flow can install it.
            is_fixable=issue == JAVASCRIPT_ISSUE,
            severity=ir.IssueSeverity.WARNING,
            translation_key=issue,
            learn_more_url=_LEARN_MORE[issue],
        )
    elif status.state is Phase.PLAYING and "youtube.com/" in (status.page or ""):
        for key in _LEARN_MORE:
            ir.async_delete_issue(hass, DOMAIN, key)


async def async_has_javascript(hass: HomeAssistant) -> bool:
    """Return whether a JavaScript runtime is installed."""
    return await hass.async_add_executor_job(javascript_runtime) is not None
