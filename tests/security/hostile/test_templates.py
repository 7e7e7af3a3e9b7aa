"""File name templates of users and automations: rejected, or a name in an allowed place."""

from pathlib import Path
from typing import Any

from homeassistant.auth.models import Group
from homeassistant.auth.permissions.const import CAT_ENTITIES
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockUser
import voluptuous as vol

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN

from .limits import bounded, case_random, cases
from .mutations import with_number, with_odd

TEMPLATES = (
    "/nowhere/{{ name }}-{{ entity_id }}.mp4",
    '/nowhere/{{ now().strftime("%Y%m%d-%H%M%S") }}.mp4',
    "/nowhere/{{ entity_id | replace('.', '_') }}/{{ name | lower }}.mp4",
    "/nowhere/{% if name == 'Porch' %}{{ name[0:3] }}{% else %}x{% endif %}.mp4",
)
PARTS = (
    *("{{", "}}", "{%", "%}", "{#", "#}", "(", ")", "[", "|", "%Y", "%", "'", '"', "\ud800"),
    *(" " * 3000, "((" * 3000, "{{" * 3000, "{{ [" * 300, "-" * 3000, ".a" * 3000, " or 1" * 500),
    "{% if 1 %}" * 300,
)


def changed(number: int) -> str:
    """Return a mutation of a template."""
    rng = case_random("template", number)
    text = rng.choice(TEMPLATES)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len("/nowhere/"), len(text) + 1)
        match rng.randrange(4):
            case 0:
                text = text[:at] + rng.choice(PARTS) + text[at:]
            case 1:
                text = text[:at] + text[at + rng.randrange(1, 6) :]
            case 2:
                text = text[:9] + with_odd(text[9:], rng)
            case _:
                text = text[:9] + with_number(text[9:], rng)
    return text


@pytest.mark.parametrize("who", ["user", "automation"])
async def test_templates_are_rendered_or_rejected(
    home: HomeAssistant, quiet_demo: CameraInstance, tmp_path: Path, who: str
) -> None:
    policy = {CAT_ENTITIES: {"entity_ids": {"camera.porch": True}}}
    user = MockUser(groups=[Group("Porch", policy, "porch")]).add_to_hass(home)
    context = Context(user_id=user.id if who == "user" else None)
    reasons: set[Any] = set()
    async with bounded():
        for number in cases(150):
            template = changed(number)
            data = {"entity_id": "camera.porch", "lookback": 0, "duration": 1, "filename": template}
            with pytest.raises((HomeAssistantError, vol.Invalid)) as caught:
                await home.services.async_call(
                    DOMAIN, "record", data, blocking=True, return_response=True, context=context
                )
            key = getattr(caught.value, "translation_key", None)
            assert isinstance(caught.value, vol.Invalid) or key, template[:500]
            reasons.add(key)
    assert reasons >= {"invalid_filename", "path_not_allowed"}
    assert ("filename_template" in reasons) == (who == "user")
