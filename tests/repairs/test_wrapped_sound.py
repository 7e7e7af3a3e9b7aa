"""Sound that Home Assistant drops, of a camera of another integration: the way to add it by URL."""

from dataclasses import dataclass
import logging
from typing import Any, Final

from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.const import DOMAIN

from ..conftest import LoadEntry
from ..flows.steps import ADVANCED, start, submit
from ..foreign import SourceCamera, add, end_stream
from ..rtsp import Mount, RtspServer
from ..waiting import until
from .dialogs import FIX, Dialog, found

ISSUE: Final = "audio_dropped_wrapped"
SECRET: Final = "hunter2-%/"


@pytest.fixture
def mount(rtsp_server: RtspServer) -> Mount:
    """A camera with a password and sound in G.711."""
    return rtsp_server.mount("/porch", telephone=True, username="keeper", password=SECRET)


@dataclass
class Wrapped:
    """The entry of a camera of the integration `generic`."""

    home: HomeAssistant
    entry: MockConfigEntry

    async def streams(self) -> None:
        """Wait for its stream, and for the checks."""
        await until(lambda: self.entry.runtime_data.ring.available > 0)
        self.entry.runtime_data.async_update_listeners()


async def wrap(home: HomeAssistant, entity_id: str) -> Wrapped:
    """Wrap a camera by the config flow."""
    flow_id = await start(home, "camera_entity")
    result: Any = await submit(home, flow_id, {"entity_id": [entity_id]})
    await home.async_block_till_done()
    return Wrapped(home, result["result"])


@pytest.fixture
async def wrapped(home: HomeAssistant, load: LoadEntry, mount: Mount) -> Wrapped:
    """A wrapped camera of the integration `generic`, whose stream has run."""
    options = {
        "stream_source": mount.url,
        "username": "keeper",
        "password": SECRET,
        "content_type": "image/jpeg",
        "advanced": {"framerate": 2.0, "verify_ssl": False, "authentication": "basic"},
    }
    generic = MockConfigEntry(domain="generic", title="Source", options=options, version=2)
    generic.add_to_hass(home)
    assert await home.config_entries.async_setup(generic.entry_id)
    await home.async_block_till_done()
    camera = await wrap(home, "camera.source")
    await camera.streams()
    return camera


async def form_after(home: HomeAssistant, answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the id of the config flow that follows a repair, and what its form suggests."""
    assert answer["type"] == "create_entry"
    kind, flow_id = answer["next_flow"]
    assert kind == "config_flow"
    # As the frontend asks for it.
    form = await home.config_entries.flow.async_configure(flow_id)
    assert (form["type"], form["step_id"]) == ("form", "camera_url")
    schema = form["data_schema"]
    assert schema is not None
    fields: dict[Any, Any] = dict(schema.schema)
    return flow_id, {
        str(field): (field.description or {}).get("suggested_value") for field in fields
    }


async def test_repair_leads_to_the_camera_by_url(
    home: HomeAssistant,
    wrapped: Wrapped,
    mount: Mount,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    assert wrapped.entry.data["audio_codec"] == "pcm_alaw"
    issue = found(home, ISSUE, wrapped.entry)
    assert issue is not None
    assert issue.translation_placeholders == {"name": "Source", "codec": "G.711 A-law"}
    dialog = await Dialog.of(hass_client, ISSUE, wrapped.entry)
    assert dialog.answer["step_id"] == "confirm"
    flow_id, suggested = await form_after(home, await dialog.submit())
    assert suggested["name"] == "Source"
    assert suggested["url"] == mount.url
    assert (suggested["username"], suggested["password"]) == ("keeper", SECRET)

    data = {**suggested, "rtsp_transport": "tcp", "advanced": ADVANCED, "name": "Porch"}
    preview = await submit(home, flow_id, data)
    assert preview["step_id"] == "preview_sound"
    result: Any = await submit(home, flow_id, {})
    await home.async_block_till_done()
    added = result["result"].runtime_data
    await until(lambda: len(added.ring.segments) > 0)
    assert [track.codec for track in added.ring.segments[-1].tracks] == ["avc1", "mp4a"]
    # Nothing is left to repair, although the other entry is still there.
    wrapped.entry.runtime_data.async_update_listeners()
    assert found(home, ISSUE, wrapped.entry) is None
    told = [issue.to_json() for issue in ir.async_get(home).issues.values()]
    shown = f"{told} {issue} {dialog.answer} {home.states.async_all()} {dict(wrapped.entry.data)}"
    assert SECRET not in shown
    assert "hunter2" not in shown + caplog.text


async def test_repair_is_for_administrators(
    home: HomeAssistant,
    wrapped: Wrapped,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    client = await hass_client(hass_read_only_access_token)
    issue = {"handler": DOMAIN, "issue_id": f"{ISSUE}_{wrapped.entry.entry_id}"}
    assert (await client.post(FIX, json=issue)).status == 401
    dialog = await Dialog.of(hass_client, ISSUE, wrapped.entry)
    flow_id = dialog.answer["flow_id"]
    assert (await client.post(f"{FIX}/{flow_id}", json={})).status == 401
    assert home.config_entries.flow.async_progress() == []


@pytest.mark.parametrize("error", [KeyError, HomeAssistantError, TimeoutError])
async def test_form_is_empty_where_the_camera_gives_no_url(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
    error: type[Exception],
) -> None:
    mount = rtsp_server.mount("/porch", telephone=True)
    source = await add(home, SourceCamera(mount.url))
    camera = await wrap(home, source.entity_id)
    await camera.streams()

    def gone() -> str:
        raise error("rtsp://keeper:hunter2@camera")

    source.url = gone
    dialog = await Dialog.of(hass_client, ISSUE, camera.entry)
    _, suggested = await form_after(home, await dialog.submit())
    assert (suggested["name"], suggested["url"]) == ("Source", None)


async def test_url_that_cannot_be_added_is_not_suggested(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    source = await add(home, SourceCamera(rtsp_server.mount("/porch", telephone=True).url))
    camera = await wrap(home, source.entity_id)
    await camera.streams()
    source.url = "webrtc://somewhere"
    dialog = await Dialog.of(hass_client, ISSUE, camera.entry)
    _, suggested = await form_after(home, await dialog.submit())
    assert suggested["url"] is None


async def test_sound_that_home_assistant_takes_needs_no_repair(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    source = await add(home, SourceCamera(rtsp_server.mount("/porch", audio=True).url))
    camera = await wrap(home, source.entity_id)
    await camera.streams()
    assert camera.entry.data["audio_codec"] == "aac"
    assert found(home, ISSUE, camera.entry) is None


async def test_camera_that_is_read_is_not_opened_a_second_time(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", telephone=True)
    source = await add(home, SourceCamera(mount.url))
    stream = await source.async_create_stream()
    assert stream is not None
    stream.add_provider("hls")
    await stream.start()
    await until(lambda: mount.watchers == 1)
    camera = await wrap(home, source.entity_id)
    await camera.streams()
    assert mount.watchers_ever == 1
    assert "audio_codec" not in camera.entry.data
    assert found(home, ISSUE, camera.entry) is None
    # It would begin the stream again.
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    await end_stream(home, source.entity_id)


async def test_each_of_several_cameras_is_looked_at_and_remembered(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mounts = [rtsp_server.mount(f"/{sound}", sound=sound) for sound in ("pcma", "opus")]
    sources = [await add(home, SourceCamera(mount.url)) for mount in mounts]
    flow_id = await start(home, "camera_entity")
    await submit(home, flow_id, {"entity_id": [source.entity_id for source in sources]})
    await home.async_block_till_done()
    entries = {
        entry.data["entity_id"]: entry for entry in home.config_entries.async_entries(DOMAIN)
    }
    found_codecs = [entries[source.entity_id].data["audio_codec"] for source in sources]
    assert found_codecs == ["pcm_alaw", "opus"]
    # The camera is read by its entry meanwhile.
    entry = entries[sources[0].entity_id]
    await until(lambda: entry.runtime_data.ring.available > 0)
    context: Any = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    form = await home.config_entries.flow.async_init(DOMAIN, context=context)
    await submit(home, form["flow_id"], {"entity_id": sources[0].entity_id})
    await home.async_block_till_done()
    assert entry.data["audio_codec"] == "pcm_alaw"
