"""URLs of this Home Assistant: its address here and for others, and recognising its URLs."""

from ipaddress import ip_address
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.network import NoURLAvailableError, get_url, is_hass_url
from homeassistant.util.network import is_loopback
from yarl import URL

from .core.errors import UnsupportedMediaError

_GO2RTC: Final = "go2rtc"
"""Key in `hass.data` of what its integration knows; it has the URL of the server."""


@callback
def own_url(hass: HomeAssistant) -> URL:
    """Return the base URL at which this machine reaches Home Assistant."""
    host = (hass.http.server_host or ["0.0.0.0"])[0]  # noqa: S104  # what Home Assistant listens on
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # compared, not bound
        host = "127.0.0.1"
    api = hass.config.api
    secure = api is not None and api.use_ssl
    port = api.port if api is not None else hass.http.server_port
    return URL.build(scheme="https" if secure else "http", host=host, port=port)


@callback
def url_for_readers(hass: HomeAssistant) -> URL:
    """Return the base URL for programs that read streams of cameras, above all go2rtc.

    Home Assistant's internal URL, since they may run on another machine. A go2rtc on this one, such as
    Home Assistant's own, gets the local one: it may be unable to resolve the internal URL.
    """
    server = getattr(hass.data.get(_GO2RTC), "url", None)
    if server is not None and _is_local(URL(server)):
        return own_url(hass)
    try:
        return URL(get_url(hass, allow_external=False, allow_cloud=False, allow_ip=True))
    except NoURLAvailableError:
        return own_url(hass)


def _is_local(url: URL) -> bool:
    try:
        return url.host == "localhost" or is_loopback(ip_address(url.host or ""))
    except ValueError:
        return False


def own_path(hass: HomeAssistant, url: str) -> URL | None:
    """Return path and query of a URL of Home Assistant; None for any other URL.

    Raises ValueError for a malformed URL, UnsupportedMediaError for a path that browsers read as a host.
    """
    if url.startswith("/"):
        if url.startswith(("//", "/\\")):
            raise UnsupportedMediaError("neither a path nor a URL")
        return URL(url).with_fragment(None)
    parsed = URL(url)
    if not parsed.absolute or parsed.scheme not in ("http", "https"):
        return None
    own = own_url(hass)
    api = hass.config.api
    names = {own.host, "localhost", "127.0.0.1", "::1", api.local_ip if api is not None else None}
    if is_hass_url(hass, url) or (parsed.port == own.port and parsed.host in names):
        return parsed.relative().with_fragment(None)
    return None
