"""The options flow: what a user tunes, in sections."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)
import voluptuous as vol

from ..cameras.directories import chosen_directory, media_directory
from ..cameras.share_access import SHARE_LOCK, open_lock, stored_lock
from ..const import CONF_KIND, DOMAIN, KIND_ASCII_PLAYER, KIND_GRID
from ..core.ascii.presets import CHARSETS
from ..core.library.places import is_path, same_place
from ..core.share.credentials import Lock
from ..core.share.pins import draw_pin
from ..core.threads import run_in_thread
from ..settings import (
    INTERVAL_SEC,
    LOOKBACK_MEGABYTES,
    LOOKBACK_SECONDS,
    PICTURE_HEIGHT,
    PICTURE_WIDTH,
    SECTION_HISTORY,
    SECTION_LOOKBACK,
    SECTION_MJPEG,
    SECTION_PICTURE,
    SECTION_PLAYER,
    SECTION_RECORDINGS,
    SECTION_SHARE,
    SECTION_STORAGE,
    SOURCE_HEIGHT,
    Settings,
    defaults_of,
)
from .schemas import LAYOUT_SELECTOR, PRESET_SELECTOR, number_within, whole_number
from .share_options import (
    OptionsError,
    async_changed_lock,
    forget_guesses,
    kept,
    link_fields,
    share_link,
    share_schema,
)

_DEFAULTS: Final = Settings()


LOOKBACK_SCHEMA: Final = vol.Schema(
    {
        vol.Required("lookback_enabled", default=_DEFAULTS.lookback_enabled): BooleanSelector(),
        vol.Required("lookback_seconds", default=_DEFAULTS.lookback_seconds): number_within(
            LOOKBACK_SECONDS, "s"
        ),
        vol.Required("lookback_megabytes", default=_DEFAULTS.lookback_megabytes): number_within(
            LOOKBACK_MEGABYTES, "MB"
        ),
    }
)

HISTORY_SCHEMA: Final = vol.Schema(
    {
        vol.Required("history_enabled", default=_DEFAULTS.history_enabled): BooleanSelector(),
        vol.Required("interval_sec", default=_DEFAULTS.interval_sec): number_within(
            INTERVAL_SEC, "s"
        ),
        vol.Required("keep_last", default=_DEFAULTS.keep_last): whole_number(1, 1_000_000),
        vol.Required("keep_days", default=_DEFAULTS.keep_days): whole_number(0, 36_500, "d"),
        vol.Required("keep_megabytes", default=_DEFAULTS.keep_megabytes): whole_number(
            0, 100_000_000, "MB"
        ),
        vol.Required("image_format", default=_DEFAULTS.image_format): SelectSelector(
            SelectSelectorConfig(options=["jpeg", "png"], translation_key="image_format")
        ),
    }
)

RECORDINGS_SCHEMA: Final = vol.Schema(
    {
        vol.Required("recordings_keep_last", default=_DEFAULTS.recordings_keep_last): whole_number(
            0, 1_000_000
        ),
        vol.Required("recordings_keep_days", default=_DEFAULTS.recordings_keep_days): whole_number(
            0, 36_500, "d"
        ),
        vol.Required(
            "recordings_keep_megabytes", default=_DEFAULTS.recordings_keep_megabytes
        ): whole_number(0, 100_000_000, "MB"),
    }
)

STORAGE_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("directory"): TextSelector(),
        vol.Required("min_free_megabytes", default=_DEFAULTS.min_free_megabytes): whole_number(
            0, 100_000_000, "MB"
        ),
    }
)

MJPEG_SCHEMA: Final = vol.Schema(
    {
        vol.Required("mjpeg_fps", default=_DEFAULTS.mjpeg_fps): whole_number(1, 30, "fps"),
        vol.Required("mjpeg_width", default=_DEFAULTS.mjpeg_width): whole_number(0, 7680, "px"),
        vol.Required("ring_size", default=_DEFAULTS.ring_size): whole_number(1, 300),
    }
)

OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(SECTION_LOOKBACK): section(LOOKBACK_SCHEMA, {"collapsed": False}),
        vol.Required(SECTION_HISTORY): section(HISTORY_SCHEMA, {"collapsed": True}),
        vol.Required(SECTION_RECORDINGS): section(RECORDINGS_SCHEMA, {"collapsed": True}),
        vol.Required(SECTION_STORAGE): section(STORAGE_SCHEMA, {"collapsed": True}),
        vol.Required(SECTION_MJPEG): section(MJPEG_SCHEMA, {"collapsed": True}),
    }
)


PICTURE_SCHEMA: Final = vol.Schema(
    {
        vol.Required("layout", default=_DEFAULTS.layout): LAYOUT_SELECTOR,
        vol.Required("width", default=_DEFAULTS.width): number_within(PICTURE_WIDTH, "px"),
        vol.Required("height", default=_DEFAULTS.height): number_within(PICTURE_HEIGHT, "px"),
        vol.Required("fps", default=_DEFAULTS.fps): whole_number(1, 30, "fps"),
    }
)

PLAYER_SCHEMA: Final = vol.Schema(
    {
        vol.Required("preset", default=_DEFAULTS.preset): PRESET_SELECTOR,
        vol.Required("max_source_height", default=_DEFAULTS.max_source_height): number_within(
            SOURCE_HEIGHT, "px"
        ),
        vol.Required("charset", default=_DEFAULTS.charset): SelectSelector(
            SelectSelectorConfig(options=list(CHARSETS), translation_key="charset")
        ),
        vol.Required("loop", default=_DEFAULTS.loop): BooleanSelector(),
    }
)

_OF_A_KIND: Final[dict[str, dict[Any, Any]]] = {
    KIND_ASCII_PLAYER: {vol.Required(SECTION_PLAYER): section(PLAYER_SCHEMA, {"collapsed": False})},
    KIND_GRID: {vol.Required(SECTION_PICTURE): section(PICTURE_SCHEMA, {"collapsed": False})},
}


def options_schema(kind: str, link: str | None = None, offered: str | None = None) -> vol.Schema:
    """Return the form of a kind of entry: its defaults, what only it has, and its page at the end.

    `link` and `offered` are those of `share_schema`.
    """
    defaults = defaults_of(kind)
    common = {
        key: section(_with_defaults(part.schema, defaults), part.options)
        for key, part in OPTIONS_SCHEMA.schema.items()
    }
    shared = section(share_schema(link, offered), {"collapsed": True})
    return vol.Schema({**common, **_OF_A_KIND.get(kind, {}), vol.Required(SECTION_SHARE): shared})


def _with_defaults(schema: vol.Schema, defaults: Mapping[str, Any]) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required(key.schema, default=defaults[key]) if key in defaults else key: value
            for key, value in schema.schema.items()
        }
    )


class RetrocamOptionsFlow(OptionsFlowWithReload):
    """One form; the entry is loaded anew when something changed.

    A new link of the share page is shown in a form of its own, before it holds.
    """

    _taken: dict[str, Any]
    """What is to be saved."""

    def __init__(self) -> None:
        """Draw a PIN, which the form offers."""
        self._offered = draw_pin()

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the options, or take them."""
        errors: dict[str, str] = {}
        if user_input is not None:
            share = user_input[SECTION_SHARE]
            user_input = {**user_input, SECTION_SHARE: kept(share)}
            try:
                await self._async_check_directory(user_input[SECTION_STORAGE])
                lock = await async_changed_lock(self.hass, self.config_entry, share, self._offered)
            except OptionsError as err:
                errors["base"] = str(err)
            else:
                return await self._async_take(user_input, lock)
        opened = open_lock(self.config_entry)
        link = None if opened is None else share_link(self.hass, opened)
        offered = None if stored_lock(self.config_entry.options) else self._offered
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                options_schema(self.config_entry.data[CONF_KIND], link, offered),
                user_input or self.config_entry.options,
            ),
            description_placeholders={"share_link": link or "", "pin": self._offered},
            errors=errors,
        )

    async def async_step_share_link(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the new link, then save."""
        lock = stored_lock(self._taken)
        assert lock is not None  # noqa: S101  # for the type checker: it is what is shown
        if user_input is not None:
            return self._save(lock)
        link = share_link(self.hass, lock)
        return self.async_show_form(
            step_id="share_link",
            data_schema=vol.Schema(link_fields(link)),
            description_placeholders={"share_link": link},
        )

    async def _async_take(
        self, user_input: Mapping[str, Any], lock: Lock | None
    ) -> ConfigFlowResult:
        """Save the options, after showing the link if nobody has seen it yet."""
        before = open_lock(self.config_entry)
        self._taken = {**self.config_entry.options, **user_input}
        if lock is not None:
            self._taken[SHARE_LOCK] = lock.stored()
            seen = before is not None and before.slug == lock.slug
            if user_input[SECTION_SHARE]["share_enabled"] and not seen:
                return await self.async_step_share_link()
        return self._save(lock)

    def _save(self, lock: Lock | None) -> ConfigFlowResult:
        forget_guesses(self.hass, stored_lock(self.config_entry.options), lock)
        return self.async_create_entry(data=self._taken)

    async def _async_check_directory(self, storage: Mapping[str, Any]) -> None:
        """Accept what Home Assistant may write to and no other entry has. Raises OptionsError."""
        hass = self.hass
        choice: str = storage.get("directory") or ""
        if choice and not is_path(choice):
            raise OptionsError("directory_not_allowed")
        wanted = chosen_directory(hass, self.config_entry, choice)
        others = [
            media_directory(hass, entry)
            for entry in hass.config_entries.async_entries(DOMAIN)
            if entry is not self.config_entry
        ]

        def check() -> None:
            if choice and not hass.config.is_allowed_path(choice):
                raise OptionsError("directory_not_allowed")
            # Each would delete by its own limits what the other one keeps.
            if _is_one_of(wanted, others):
                raise OptionsError("directory_taken")

        # Not in Home Assistant's threads: any of these places may be on a drive that hangs.
        await run_in_thread("retrocam directory", check)


def _is_one_of(directory: Path, others: list[Path]) -> bool:
    """Tell whether one of these is the same place, also by a link; blocks."""
    return any(same_place(directory, other) for other in others)
