"""The `filename` of `record`: what its template may read, for whom, and what errors repeat of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from homeassistant.auth.models import Group, User
from homeassistant.auth.permissions.const import CAT_ENTITIES, POLICY_CONTROL, POLICY_READ
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.template import TemplateEnvironment
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN

from ..waiting import until

CAMERA = "camera.porch"
INSIDE = [
    "{{ entity_id.hass }}",
    "{{ entity_id.hass.config_entries.async_entries() }}",
    "{{ entity_id.instance.entry.data }}",
    "{{ name.hass }}",
    "{{ states('sensor.secret') }}",
    "{{ states.sensor.secret.state }}",
    "{{ config_entry_attr('1', 'title') }}",
    "{% set x = entity_id %}{{ x }}",
    "{{ 'a' * 10**9 }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{{ now() }}",
    "{{ now().strftime('%99999999d') }}",
    "{# a comment #}",
]
"""Templates that would read Home Assistant's state or block it, if rendered for any user."""

type Record = Callable[..., Any]


@pytest.fixture
def user(home: HomeAssistant) -> User:
    """A user who may control one camera and nothing else."""
    policy = {CAT_ENTITIES: {"entity_ids": {CAMERA: {POLICY_READ: True, POLICY_CONTROL: True}}}}
    user = MockUser(groups=[Group("Porch", policy, "porch")])
    added: User = user.add_to_hass(home)
    return added


@pytest.fixture
async def record(home: HomeAssistant, quiet_demo: CameraInstance, media_directory: Path) -> Record:
    """Call `record` with a file name in the media directory."""
    home.config.allowlist_external_dirs = {str(media_directory)}
    home.states.async_set("sensor.secret", "hunter2")

    async def call(name: str, user: User | None = None, **data: Any) -> str:
        response = await home.services.async_call(
            DOMAIN,
            "record",
            {
                "entity_id": CAMERA,
                "filename": f"{media_directory}/{name}.mp4",
                "lookback": 0,
                "duration": 2,
                **data,
            },
            blocking=True,
            return_response=True,
            context=Context(user_id=user.id if user else None),
        )
        assert response is not None
        answer = response[CAMERA]
        assert isinstance(answer, dict)
        return Path(str(answer["path"])).stem

    return call


@pytest.mark.parametrize("template", INSIDE)
async def test_user_template_is_rejected_and_repeated_as_written(
    record: Record, user: User, template: str
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await record(template, user)
    assert caught.value.translation_key == "filename_template"
    placeholders = caught.value.translation_placeholders or {}
    assert placeholders["filename"].endswith(f"/{template}.mp4")
    assert all(type(value) is str for value in placeholders.values())


@pytest.mark.parametrize("entity_id", [CAMERA, "camera.nowhere"])
async def test_user_template_is_not_compiled(
    record: Record, user: User, monkeypatch: pytest.MonkeyPatch, entity_id: str
) -> None:
    def refuse(self: TemplateEnvironment, source: str, *args: Any, **more: Any) -> None:
        raise AssertionError(f"{source} is compiled")

    monkeypatch.setattr(TemplateEnvironment, "compile", refuse)
    # Jinja evaluates constants when it compiles: this one would be 1 GB, and take a minute.
    constant = "{{ ('a' * 10**5)|replace('a', 'b' * 10**4) }}"
    with pytest.raises(HomeAssistantError):
        await record(constant, user, entity_id=entity_id)


async def test_invalid_template_of_an_administrator_is_rejected(record: Record) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await record("{% for a in b %}")
    assert caught.value.translation_key == "invalid_filename"


async def test_user_has_placeholders(record: Record, user: User) -> None:
    before = dt_util.now().strftime("%Y%m%d")
    stem = await record("{{ name }}-{{entity_id}}-{{ now().strftime('%Y%m%d') }}", user)
    assert stem in {f"Porch-camera.porch-{day:%Y%m%d}" for day in (dt_util.now(),)} | {
        f"Porch-camera.porch-{before}"
    }


async def test_automation_template_gets_strings(record: Record) -> None:
    assert (
        await record("{{ entity_id | replace('.', '_') }}-{{ name | lower }}")
        == "camera_porch-porch"
    )


@pytest.mark.parametrize("template", ["{{ entity_id.hass.data }}", "{{ name.instance.entry }}"])
async def test_template_reaches_no_object(record: Record, template: str) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await record(template)
    assert caught.value.translation_key == "invalid_filename"


async def test_error_repeats_the_template_not_its_rendering(
    home: HomeAssistant, quiet_demo: CameraInstance
) -> None:
    home.states.async_set("sensor.secret", "hunter2")
    for template in ("/etc/{{ states('sensor.secret') }}.mp4", "{{ states('sensor.secret') }}"):
        with pytest.raises(ServiceValidationError) as caught:
            await home.services.async_call(
                DOMAIN,
                "record",
                {"entity_id": CAMERA, "filename": template},
                blocking=True,
                return_response=True,
            )
        said = f"{caught.value!r} {caught.value} {caught.value.translation_placeholders}"
        assert "hunter2" not in said
        assert template in said
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "template",
    ["{{ " + "(" * 2000 + ")" * 2000 + " }}", "{{ 1e308٣ }}", "{% if 1 %}" * 40],
)
async def test_template_that_cannot_be_compiled_is_rejected(
    record: Record, user: User, template: str
) -> None:
    for who, key in ((user, "filename_template"), (None, "invalid_filename")):
        with pytest.raises(ServiceValidationError) as caught:
            await record(template, who)
        assert caught.value.translation_key == key


async def test_empty_file_name_is_ignored(
    home: HomeAssistant, quiet_demo: CameraInstance, record: Record
) -> None:
    await home.services.async_call(
        DOMAIN,
        "record",
        {"entity_id": CAMERA, "filename": "", "lookback": 0, "duration": 2},
        blocking=True,
    )
    await until(quiet_demo.media.recordings.count)
