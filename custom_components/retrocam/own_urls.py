"""Home Assistant's own URLs: where this machine reaches it, and which URLs lead to it."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.network import is_hass_url
from yarl import URL

from .core.errors import UnsupportedMediaError


@callback
def own_url(hass: HomeAssistant) -> URL:
    """Return where Home Assistant is reached from this machine, without a path."""
    host = (hass.http.server_host or ["0.0.0.0"])[0]  # noqa: S104  # what Home Assistant listens on
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # compared, not bound
        host = "127.0.0.1"
    api = hass.config.api
    secure = api is not None and api.use_ssl
    port = api.port if api is not None else hass.http.server_port
    return URL.build(scheme="https" if secure else "http", host=host, port=port)


def own_path(hass: HomeAssistant, url: str) -> URL | None:
    """Return path and query of a URL of Home Assistant; None for a URL of anybody else.

    Raises ValueError for no URL, UnsupportedMediaError for a path that may mean a host.
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
