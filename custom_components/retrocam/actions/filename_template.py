"""The `filename` of an action: a path with placeholders, rendered for one camera.

A template may read and compute whatever Home Assistant lets it, in the event loop, constants even when
it is compiled. Administrators and automations may use all of that; other users only a few placeholders,
which are replaced without a template engine. Nobody's template gets an object: variables are strings.
"""

from datetime import datetime
import re
from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import TemplateError
from homeassistant.helpers.template import Template, is_template_string
from homeassistant.util import dt as dt_util

from .exceptions import invalid

_PLACEHOLDER: Final = re.compile(
    r"""\{\{\s*(?:
        (?P<variable>entity_id|name)
        | now\(\)\.strftime\(\s*(?P<quote>["'])(?P<format>[^"'{}]{1,64})(?P=quote)\s*\)
    )\s*\}\}""",
    re.VERBOSE,
)
_FOR_EVERYONE: Final = '{{ name }}, {{ entity_id }}, {{ now().strftime("%Y%m%d-%H%M%S") }}'
_DIRECTIVE: Final = re.compile(r"%[A-Za-z%]")


async def async_render_filename(
    hass: HomeAssistant, call: ServiceCall, text: str, *, entity_id: str, name: str
) -> str:
    """Return the file name that the template `text` gives for the camera `entity_id` called `name`.

    Raises ServiceValidationError, which repeats the template and nothing that it rendered to.
    """
    if not is_template_string(text):
        return text.strip()
    variables = {"entity_id": entity_id, "name": name}
    if not await _async_may_render(hass, call):
        return _replaced(text, variables)
    try:
        return str(Template(text, hass).async_render(variables=variables, parse_result=False))
    except TemplateError, RecursionError, SyntaxError, ValueError, MemoryError:
        # All but the first are Python's, of the program that Jinja makes of a template.
        # Not chained: its message may hold values that the template read.
        raise invalid("invalid_filename", filename=text) from None


async def _async_may_render(hass: HomeAssistant, call: ServiceCall) -> bool:
    """Return True for administrators, and for Home Assistant itself, which automations call as."""
    if call.context.user_id is None:
        return True
    user = await hass.auth.async_get_user(call.context.user_id)
    return user is not None and user.is_admin


def _replaced(text: str, variables: dict[str, str]) -> str:
    """Replace the placeholders that every user may use. Raises ServiceValidationError for others."""
    if is_template_string(_PLACEHOLDER.sub("", text)):
        raise invalid("filename_template", filename=text, placeholders=_FOR_EVERYONE)
    now = dt_util.now()

    def value(match: re.Match[str]) -> str:
        variable = match["variable"]
        return variables[variable] if variable else _formatted(now, match["format"], text)

    return _PLACEHOLDER.sub(value, text)


def _formatted(now: datetime, form: str, text: str) -> str:
    """Return `now` in a strftime format without widths and flags, of which a large one fills memory."""
    if "%" in _DIRECTIVE.sub("", form):
        raise invalid("filename_template", filename=text, placeholders=_FOR_EVERYONE)
    return now.strftime(form)
