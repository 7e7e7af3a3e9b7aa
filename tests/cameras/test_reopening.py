"""Restart of generated streams before their time stamps wrap."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.cameras.live_source import REOPEN_INTERVAL

from ..waiting import until

TIME_STAMPS = timedelta(seconds=(1 << 33) / 90_000)


async def test_worker_restarts_before_time_stamps_wrap(
    home: HomeAssistant, quiet_demo: GeneratedCamera, caplog: pytest.LogCaptureFixture
) -> None:
    assert REOPEN_INTERVAL < TIME_STAMPS
    stream, ring = quiet_demo.provider.stream, quiet_demo.ring
    assert stream is not None

    def figure(name: str) -> object:
        return stream.get_diagnostics().get(name)

    # A worker that is not running is not started.
    async_fire_time_changed(home, dt_util.utcnow() + REOPEN_INTERVAL)
    await home.async_block_till_done()
    assert figure("start_worker") is None
    assert figure("update_source") is None
    release = quiet_demo.provider.acquire()
    await until(lambda: ring.last_arrival is not None)
    outputs = stream.outputs()
    async_fire_time_changed(home, dt_util.utcnow() + 2 * REOPEN_INTERVAL)
    await until(lambda: figure("start_worker") == 2)
    before = ring.last_arrival
    await until(lambda: ring.last_arrival is not None and ring.last_arrival > (before or 0))
    assert stream.outputs() == outputs
    assert stream.available
    assert figure("worker_error") is None
    assert "Error from stream worker" not in caplog.text
    release()
