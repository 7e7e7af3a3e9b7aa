"""Issues of what looks media up, yt-dlp: they concern all players at once."""

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
    """Have an issue from the time that something was missed until YouTube works without a miss."""
    error = status.error
    if status.needs_javascript or (error is not None and error.needs_javascript):
        _raise(hass, JAVASCRIPT_ISSUE)
    elif error is not None and error.outdated:
        _raise(hass, OUTDATED_ISSUE)
    elif status.state is Phase.PLAYING and "youtube.com/" in (status.page or ""):
        for issue in _LEARN_MORE:
            ir.async_delete_issue(hass, DOMAIN, issue)


async def async_has_javascript(hass: HomeAssistant) -> bool:
    """Tell whether a JavaScript runtime is installed where Home Assistant runs."""
    return await hass.async_add_executor_job(javascript_runtime) is not None


def _raise(hass: HomeAssistant, issue: str) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        # A newer yt-dlp comes with a newer Retrocam: no dialog can bring it.
        is_fixable=issue == JAVASCRIPT_ISSUE,
        severity=ir.IssueSeverity.WARNING,
        translation_key=issue,
        learn_more_url=_LEARN_MORE[issue],
    )
