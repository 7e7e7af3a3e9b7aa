"""The `filename` of an action: a path that may be a template, rendered for one camera.

A template may read all states and compute, in the event loop; Jinja evaluates constants even when it
compiles one. So only administrators and automations may use templates. For other users a few
placeholders are replaced without a template engine. Variables are strings, never objects.
"""

from datetime import datetime
import re
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import TemplateError
from homeassistant.helpers.template import Template, is_template_string
from homeassistant.util import dt as dt_util

from ..rights import current_user
from .exceptions import validation_error

_PLACEHOLDER: Final = re.compile(
    r"""\{\{\s*(?:
        (?P<variable>entity_id|name)
        | now\(\)\.strftime\(\s*(?P<quote>["'])(?P<format>[^"'{}]{1,64})(?P=quote)\s*\)
    )\s*\}\}""",
    re.VERBOSE,
)
_PLACEHOLDERS: Final = '{{ name }}, {{ entity_id }}, {{ now().strftime("%Y%m%d-%H%M%S") }}'
_DIRECTIVE: Final = re.compile(r"%[A-Za-z%]")


def render_filename(hass: HomeAssistant, template: str, *, entity_id: str, name: str) -> str:
    """Return `template` rendered for the camera `entity_id` called `name`, for the current user.

    Raises ServiceValidationError, which quotes the template and no rendered value.
    """
    if not is_template_string(template):
        return template.strip()
    variables = {"entity_id": entity_id, "name": name}
    user = current_user()
    if user is not None and not user.is_admin:
        return _replace_placeholders(template, variables)
    try:
        return str(Template(template, hass).async_render(variables=variables, parse_result=False))
    except TemplateError, RecursionError, SyntaxError, ValueError, MemoryError:
        # All but the first come from Python's compiler, of the code that Jinja generates.
        # Not chained: the message may contain values that the template read.
        raise validation_error("invalid_filename", filename=template) from None


def _replace_placeholders(template: str, variables: dict[str, str]) -> str:
    """Replace the placeholders allowed to every user. Raises ServiceValidationError for others."""
    if is_template_string(_PLACEHOLDER.sub("", template)):
        raise _unsupported(template)
    now = dt_util.now()

    def value(match: re.Match[str]) -> str:
        variable = match["variable"]
        return variables[variable] if variable else _formatted(now, match["format"], template)

    return _PLACEHOLDER.sub(value, template)


def _formatted(now: datetime, time_format: str, template: str) -> str:
    """Format `now`; refuse strftime flags and widths, since a large width fills the memory."""
    if "%" in _DIRECTIVE.sub("", time_format):
        raise _unsupported(template)
    return now.strftime(time_format)


def _unsupported(template: str) -> Exception:
    return validation_error("filename_template", filename=template, placeholders=_PLACEHOLDERS)
