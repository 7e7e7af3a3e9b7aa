"""Which picture is new enough to be shown as the present."""

import time

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance

from ..core.frames.stills import jpeg


@pytest.mark.parametrize("age", [-3600, 3600], ids=["before the clock was set back", "an hour ago"])
async def test_an_old_frame_is_not_the_newest_picture(
    home: HomeAssistant, quiet_url_camera: CameraInstance, age: float
) -> None:
    taken = time.time() - age
    quiet_url_camera.frames.add_frame(jpeg(7), taken)
    still = await quiet_url_camera.async_still()
    assert still.time != taken
    assert abs(still.time - time.time()) < 60


async def test_a_frame_that_viewers_see_now_is_the_newest_picture(
    home: HomeAssistant, quiet_url_camera: CameraInstance
) -> None:
    taken = time.time()
    quiet_url_camera.frames.add_frame(jpeg(7), taken)
    assert (await quiet_url_camera.async_still()).time == taken
