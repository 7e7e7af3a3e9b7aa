"""A stream of our own is opened anew before its time stamps have wrapped."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.retrocam.cameras.generated import REOPENED_EVERY, DrawnInstance

from ..waiting import until

TIME_STAMPS = timedelta(seconds=(1 << 33) / 90_000)


async def test_a_running_worker_is_restarted_before_the_time_stamps_wrap(
    home: HomeAssistant, quiet_demo: DrawnInstance, caplog: pytest.LogCaptureFixture
) -> None:
    assert REOPENED_EVERY < TIME_STAMPS
    stream, ring = quiet_demo.supply.stream, quiet_demo.ring
    assert stream is not None

    def figure(name: str) -> object:
        return stream.get_diagnostics().get(name)

    # One that does not run is left alone.
    async_fire_time_changed(home, dt_util.utcnow() + REOPENED_EVERY)
    await home.async_block_till_done()
    assert figure("start_worker") is None
    assert figure("update_source") is None
    release = quiet_demo.supply.hold()
    await until(lambda: ring.last_arrival is not None)
    outputs = stream.outputs()
    async_fire_time_changed(home, dt_util.utcnow() + 2 * REOPENED_EVERY)
    await until(lambda: figure("start_worker") == 2)
    before = ring.last_arrival
    await until(lambda: ring.last_arrival is not None and ring.last_arrival > (before or 0))
    assert stream.outputs() == outputs
    assert stream.available
    assert figure("worker_error") is None
    assert "Error from stream worker" not in caplog.text
    release()
