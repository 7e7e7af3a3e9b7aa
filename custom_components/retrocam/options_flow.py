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

from .const import CONF_KIND, KIND_ASCII_PLAYER, KIND_GRID
from .core.cells.presets import CHARSETS
from .flow_schemas import LAYOUT_SELECTOR, PRESET_SELECTOR, whole_number
from .settings import (
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
    SECTION_STORAGE,
    SOURCE_HEIGHT,
    Settings,
)

_DEFAULTS: Final = Settings()


LOOKBACK_SCHEMA: Final = vol.Schema(
    {
        vol.Required("lookback_enabled", default=_DEFAULTS.lookback_enabled): BooleanSelector(),
        vol.Required("lookback_seconds", default=_DEFAULTS.lookback_seconds): whole_number(
            LOOKBACK_SECONDS.start, LOOKBACK_SECONDS.stop - 1, "s"
        ),
        vol.Required("lookback_megabytes", default=_DEFAULTS.lookback_megabytes): whole_number(
            LOOKBACK_MEGABYTES.start, LOOKBACK_MEGABYTES.stop - 1, "MB"
        ),
    }
)

HISTORY_SCHEMA: Final = vol.Schema(
    {
        vol.Required("history_enabled", default=_DEFAULTS.history_enabled): BooleanSelector(),
        vol.Required("interval_sec", default=_DEFAULTS.interval_sec): whole_number(
            INTERVAL_SEC.start, INTERVAL_SEC.stop - 1, "s"
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
        vol.Required("width", default=_DEFAULTS.width): whole_number(
            PICTURE_WIDTH.start, PICTURE_WIDTH.stop - 1, "px"
        ),
        vol.Required("height", default=_DEFAULTS.height): whole_number(
            PICTURE_HEIGHT.start, PICTURE_HEIGHT.stop - 1, "px"
        ),
        vol.Required("fps", default=_DEFAULTS.fps): whole_number(1, 30, "fps"),
    }
)

PLAYER_SCHEMA: Final = vol.Schema(
    {
        vol.Required("preset", default=_DEFAULTS.preset): PRESET_SELECTOR,
        vol.Required("max_source_height", default=_DEFAULTS.max_source_height): whole_number(
            SOURCE_HEIGHT.start, SOURCE_HEIGHT.stop - 1, "px"
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


def options_schema(kind: str) -> vol.Schema:
    """Return the form of an entry of this kind, with what only that has at the end."""
    return OPTIONS_SCHEMA.extend(_OF_A_KIND.get(kind, {}))


class RetrocamOptionsFlow(OptionsFlowWithReload):
    """One form; the entry is loaded anew when something changed."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the options, or take them."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if not await self._async_may_keep_media_in(user_input[SECTION_STORAGE]):
                errors["base"] = "directory_not_allowed"
            else:
                return self.async_create_entry(data={**self.config_entry.options, **user_input})
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                options_schema(self.config_entry.data[CONF_KIND]),
                user_input or self.config_entry.options,
            ),
            errors=errors,
        )

    async def _async_may_keep_media_in(self, storage: Mapping[str, Any]) -> bool:
        """Tell whether the directory is one that Home Assistant may write to, or the default."""
        if not (directory := storage.get("directory")):
            return True
        return Path(directory).is_absolute() and await self.hass.async_add_executor_job(
            self.hass.config.is_allowed_path, directory
        )
