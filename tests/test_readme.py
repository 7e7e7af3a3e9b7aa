"""Examples of the README, which are run, and what else it refers to."""

import asyncio
import re
from typing import Any, Final

from homeassistant.components.automation.config import async_validate_config_item
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.media.items import MediaKind

from .conftest import LoadEntry
from .core.frames.stills import jpeg
from .house import README, ROOT
from .viewers import QUIET
from .waiting import until

EXAMPLES: Final[list[Any]] = [
    parse_yaml(text) for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
]
ACTIONS: Final = [example for example in EXAMPLES if "action" in example]


async def test_every_action_has_an_example(home: HomeAssistant) -> None:
    shown = {example["action"] for example in ACTIONS}
    assert shown == {f"{DOMAIN}.{name}" for name in home.services.async_services_for_domain(DOMAIN)}


@pytest.fixture
async def porch(home: HomeAssistant, load: LoadEntry) -> CameraInstance:
    """The entries of the README's examples: a camera, a grid and a player."""
    advanced = {"width": 320, "height": 180, "fps": 10}
    entry = await load({"kind": "demo", "name": "Porch", "advanced": advanced})
    await load({"kind": "grid", "cameras": ["camera.porch"]}, title="Grid", options=QUIET)
    await load({"kind": "ascii_player", "name": "ASCII"}, title="ASCII", options=QUIET)
    camera: CameraInstance = entry.runtime_data
    noon = dt_util.parse_datetime("2026-11-20 12:00:00")
    assert noon is not None
    time = dt_util.as_utc(noon).timestamp()
    store = camera.media.snapshots
    for second in range(3):
        await camera.media.async_run(
            lambda second=second: save_still(store, jpeg(second), time + second),  # type: ignore[misc]  # a default of a lambda has no type
            MediaKind.SNAPSHOTS,
        )
    await until(lambda: camera.ring.available > 2)
    return camera


async def run_example(
    home: HomeAssistant, example: dict[str, Any], variables: dict[str, Any]
) -> dict[str, Any]:
    """Run an action in a script, and return its response variable."""
    config = await async_validate_actions_config(home, cv.SCRIPT_SCHEMA([example]))
    result = await Script(home, config, example["action"], DOMAIN).async_run(variables, Context())
    assert result is not None
    if "response_variable" not in example:
        return {}
    answer = result.variables[example["response_variable"]]
    assert list(answer) == [example["target"]["entity_id"]]
    return {example["response_variable"]: answer}


PLAYERS: Final = {"browsers", "some_browsers", "players"}
"""Values of `plays_in`."""


def named_in(beginning: str) -> set[str]:
    """Return the words in backticks of the paragraph with this beginning."""
    (paragraph,) = re.findall(rf"^{re.escape(beginning)}.*?\n\n", README, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`(\w+)`", paragraph))


async def test_action_examples_run(home: HomeAssistant, porch: CameraInstance) -> None:
    variables: dict[str, Any] = {}
    clip: asyncio.Task[dict[str, Any]] | None = None
    for example in ACTIONS:
        name = example["action"].partition(".")[2]
        job = home.async_create_task(run_example(home, example, dict(variables)))
        if name == "record" and "lookback" in example["data"]:
            # It answers at the clip's end, caused by the example of `stop_recording`.
            clip = job
            await until(lambda: porch.recorder.active)
            continue
        variables |= await job
        if name == "stop_recording":
            assert clip is not None
            variables |= await clip
    assert variables["recordings"]["camera.porch"]["requested_lookback"] == 20
    assert variables["recordings"]["camera.porch"]["lookback"] > 1
    assert variables["timelapses"]["camera.porch"]["frames"] == 3
    assert variables["stills"]["camera.porch"]["total"] == 4
    assert len(variables["ascii"]["camera.porch"]["text"].splitlines()[0]) == 60
    assert variables["playing"]["media_player.ascii"]["state"] == "playing"
    assert named_in("`lookback` (10)") - PLAYERS <= set(variables["recordings"]["camera.porch"])
    asked = {"at", "ago", "requested"}
    assert named_in("The response contains `filename`") - asked <= set(
        variables["snapshots"]["camera.porch"]
    )
    held = variables["footage"]["camera.porch"]
    assert {*held, *held["spans"][0]} == {"spans", "start", "end", "where", "total"}
    newest = variables["newest"]["camera.porch"]["items"][0]["filename"]
    assert porch.media.recordings.find(newest) is None


AUTOMATIONS: Final = [example for example in EXAMPLES if "triggers" in example]


async def set_up_automation(home: HomeAssistant, example: dict[str, Any]) -> list[ServiceCall]:
    """Set up an automation; return what it will send."""
    sent: list[ServiceCall] = async_mock_service(home, "notify", "persistent_notification")
    assert await async_validate_config_item(home, "shown", example) is not None
    assert await async_setup_component(home, "automation", {"automation": [example]})
    return sent


async def test_bell_example_runs(home: HomeAssistant, porch: CameraInstance) -> None:
    sent = await set_up_automation(home, AUTOMATIONS[0])
    home.states.async_set("binary_sensor.doorbell", "on")
    await until(lambda: porch.recorder.active)
    data = {"entity_id": "camera.porch"}
    await home.services.async_call(DOMAIN, "stop_recording", data, blocking=True)
    await until(lambda: sent)
    message = sent[0].data["message"]
    seconds = re.match(r"Saved \d+ s, (\d+) of them from before the bell", message)
    assert seconds is not None
    assert int(seconds[1]) >= 1
    assert "[watch the clip](/api/retrocam/recordings/" in message
    assert "![The door](/api/retrocam/thumbnails/" in message


async def test_event_example_runs(home: HomeAssistant, porch: CameraInstance) -> None:
    _, example = AUTOMATIONS
    sent = await set_up_automation(home, example)
    data = {"entity_id": "camera.porch", "lookback": 1, "duration": 0}
    await home.services.async_call(DOMAIN, "record", data, blocking=True)
    await until(lambda: sent)
    assert sent[0].data["message"].startswith("media-source://retrocam/")


def test_every_claim_of_the_security_document_names_its_test() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    # That they exist is seen by test_documents.py.
    assert len(re.findall(r"`tests/[\w/]+\.py::\w+`", text)) > 30
    for line in text.splitlines():
        if line.startswith("- "):
            assert "`tests/" in line, line


def test_every_blueprint_is_in_the_readme() -> None:
    paths = list((ROOT / "blueprints" / "automation" / DOMAIN).glob("*.yaml"))
    assert paths
    for path in paths:
        assert str(path.relative_to(ROOT)) in README
