"""Lets the pytest plugin run on a Home Assistant newer than the one that it is pinned to.

pytest loads this module before the plugin (`-p` in pyproject.toml). On the plugin's own version it
changes nothing.
"""

# When 2026.11 is imported, it puts httpx2 in the place of httpx, and fails if httpx was imported
# before. The plugin starts with respx, which imports it.
import homeassistant  # noqa: F401  # for what its import does

# The plugin's own patches, which must come before any other module of Home Assistant.
from pytest_homeassistant_custom_component import (  # noqa: F401  # isort: skip  # for what they do
    patch_json,
    patch_recorder,
    patch_time,
)

from homeassistant.components import logger  # isort: skip  # after the patches
from homeassistant.components.logger import helpers  # isort: skip  # after the patches

# 2026.11 no longer has this function, which the plugin imports, in the package itself.
vars(logger)["_clear_logger_overwrites"] = helpers._clear_logger_overwrites
