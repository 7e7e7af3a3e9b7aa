"""Recording a camera of another integration that gives stills only."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.retrocam.cameras import CameraInstance

from ..calling import answer_of
from ..conftest import LoadEntry
from ..foreign import SourceCamera, StillCamera, add
from ..viewers import QUIET


@pytest.mark.parametrize("has_lookback", [True, False])
async def test_recording_offers_the_history(
    home: HomeAssistant, load: LoadEntry, *, has_lookback: bool
) -> None:
    await add(home, StillCamera())
    options = None if has_lookback else QUIET
    entry = await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=options)
    with pytest.raises(ServiceValidationError) as caught:
        await answer_of(home, "record", "camera.porch", lookback=5, duration=5)
    assert caught.value.translation_key == "no_stream"
    assert "history" in str(caught.value)
    with pytest.raises(ServiceValidationError) as caught:
        await home.services.async_call(
            "button", "press", {"entity_id": "button.porch_save_lookback"}, blocking=True
        )
    assert caught.value.translation_key == "no_stream"
    instance: CameraInstance = entry.runtime_data
    assert instance.recorder.active == 0


async def test_failing_camera_is_not_said_to_have_no_stream(
    home: HomeAssistant, load: LoadEntry
) -> None:
    def source() -> str:
        raise KeyError("no login")

    await add(home, SourceCamera(source))
    await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)
    with pytest.raises(HomeAssistantError) as caught:
        await answer_of(home, "record", "camera.porch", lookback=0, duration=1)
    assert caught.value.translation_key != "no_stream"
