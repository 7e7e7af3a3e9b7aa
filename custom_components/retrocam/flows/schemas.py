"""Schemas of the config flow's forms, and fields shared with the options flow."""

from typing import Any, Final, override

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.stream import (
    CONF_RTSP_TRANSPORT,
    CONF_USE_WALLCLOCK_AS_TIMESTAMPS,
    RTSP_TRANSPORTS,
)
from homeassistant.const import (
    CONF_ENTITY_ID,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_URL,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..const import CONF_ADVANCED, CONF_CAMERAS
from ..core.ascii.presets import PRESETS
from ..core.grid.layout import Layout

_NAME: Final = TextSelector()
CAMERAS_SELECTOR: Final = EntitySelector(
    EntitySelectorConfig(domain=CAMERA_DOMAIN, multiple=True, reorder=True)
)
LAYOUT_SELECTOR: Final = SelectSelector(
    SelectSelectorConfig(
        options=[layout.value for layout in Layout],
        mode=SelectSelectorMode.DROPDOWN,
        translation_key="layout",
    )
)
PRESET_SELECTOR: Final = SelectSelector(
    SelectSelectorConfig(
        options=list(PRESETS), mode=SelectSelectorMode.DROPDOWN, translation_key="preset"
    )
)
_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)

URL_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_NAME): _NAME,
        # Not of type URL: the browser would reject an address without our error message.
        vol.Required(CONF_URL): TextSelector(),
        vol.Required(CONF_RTSP_TRANSPORT, default="tcp"): SelectSelector(
            SelectSelectorConfig(
                options=list(RTSP_TRANSPORTS),
                mode=SelectSelectorMode.DROPDOWN,
                translation_key="rtsp_transport",
            )
        ),
        vol.Optional(CONF_USERNAME): TextSelector(),
        vol.Optional(CONF_PASSWORD): _PASSWORD,
        vol.Required(CONF_ADVANCED): section(
            vol.Schema(
                {
                    vol.Required(CONF_VERIFY_SSL, default=False): BooleanSelector(),
                    vol.Required(
                        CONF_USE_WALLCLOCK_AS_TIMESTAMPS, default=False
                    ): BooleanSelector(),
                }
            ),
            {"collapsed": True},
        ),
    }
)

CREDENTIALS_SCHEMA: Final = vol.Schema(
    {vol.Required(CONF_USERNAME): TextSelector(), vol.Required(CONF_PASSWORD): _PASSWORD}
)


class _EntitiesSelector(EntitySelector):
    """Selector of a list of entities, which accepts a single one as well: scripts used to send one."""

    @override
    def __call__(self, data: Any) -> str | list[str]:
        return super().__call__([data] if isinstance(data, str) else data)


def entities_schema(excluded: list[str]) -> vol.Schema:
    """Return the form of new cameras by entity, without the entities `excluded`."""
    config = EntitySelectorConfig(domain=CAMERA_DOMAIN, exclude_entities=excluded, multiple=True)
    return vol.Schema(
        {
            vol.Required(CONF_ENTITY_ID): _EntitiesSelector(config),
            vol.Required("lookback_enabled", default=True): BooleanSelector(),
        }
    )


def entity_schema(excluded: list[str]) -> vol.Schema:
    """Return the form of an existing camera by entity, the lookback of which is an option."""
    config = EntitySelectorConfig(domain=CAMERA_DOMAIN, exclude_entities=excluded)
    return vol.Schema({vol.Required(CONF_ENTITY_ID): EntitySelector(config)})


def demo_schema() -> vol.Schema:
    """Return the form of the demo camera."""
    return vol.Schema(
        {
            vol.Required(CONF_NAME, default="Demo camera"): _NAME,
            vol.Optional(CONF_ADVANCED): section(
                vol.Schema(
                    {
                        vol.Required("width", default=1280): whole_number(160, 3840, step=2),
                        vol.Required("height", default=720): whole_number(90, 2160, step=2),
                        vol.Required("fps", default=25): whole_number(1, 60),
                    }
                ),
                {"collapsed": True},
            ),
        }
    )


def grid_schema(*, new: bool) -> vol.Schema:
    """Return the form of a grid; a `new` one with the layout, which is an option later."""
    return vol.Schema(
        {
            vol.Required(CONF_NAME, default="Grid"): _NAME,
            vol.Required(CONF_CAMERAS): CAMERAS_SELECTOR,
            **({vol.Required("layout", default=Layout.QUAD): LAYOUT_SELECTOR} if new else {}),
        }
    )


def player_schema(*, new: bool) -> vol.Schema:
    """Return the form of an ASCII player; a `new` one with the preset, which is an option later."""
    return vol.Schema(
        {
            vol.Required(CONF_NAME, default="ASCII player"): _NAME,
            **({vol.Required("preset", default="low"): PRESET_SELECTOR} if new else {}),
        }
    )


def whole_number(low: int, high: int, unit: str | None = None, *, step: int = 1) -> vol.All[Any]:
    """Return a field for an integer from `low` to `high`."""
    config = NumberSelectorConfig(min=low, max=high, step=step, mode=NumberSelectorMode.BOX)
    if unit:
        config["unit_of_measurement"] = unit
    return vol.All(NumberSelector(config), vol.Coerce(int))


def number_within(numbers: range, unit: str) -> vol.All[Any]:
    """Return a field for an integer of a range."""
    return whole_number(numbers.start, numbers.stop - 1, unit)
