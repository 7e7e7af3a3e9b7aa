"""Devices and their entities: what is on at first, and the device of a wrapped camera."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.const import DOMAIN, KINDS

from .conftest import LoadEntry
from .viewers import QUIET

EVERYDAY = {
    "binary_sensor": {"connected", "recording"},
    "button": {"record_lookback", "take_snapshot"},
    "camera": {"camera"},
    "event": {"media"},
    "image": {"last_snapshot"},
    "switch": {"history", "lookback", "tape"},
}
"""The entities of a camera that are on at first."""
MORE = {
    "camera_url": {},
    "camera_entity": {},
    "demo": {},
    "grid": {"select": {"layout"}},
}
"""And those of a kind."""
PLAYER = {
    "camera": {"camera"},
    "media_player": {"media_player"},
    "select": {"charset", "preset"},
}
DATA: dict[str, dict[str, Any]] = {
    "camera_url": {"url": "rtsp://127.0.0.1:9/x"},
    "camera_entity": {"entity_id": "camera.shed"},
    "demo": {"name": "Demo"},
    "grid": {"cameras": ["camera.shed"]},
    "ascii_player": {"name": "Player"},
}


def device_of(home: HomeAssistant, entry: MockConfigEntry) -> dr.DeviceEntry:
    (device,) = dr.async_entries_for_config_entry(dr.async_get(home), entry.entry_id)
    assert isinstance(device, dr.DeviceEntry)
    return device


def keys_of(home: HomeAssistant, entry: MockConfigEntry, *, on: bool) -> dict[str, set[str]]:
    """Return the keys of an entry's entities that are on, or off, at first, by domain."""
    keys: dict[str, set[str]] = {}
    for entity in er.async_entries_for_config_entry(er.async_get(home), entry.entry_id):
        if (entity.disabled_by is None) == on:
            key = entity.unique_id.removeprefix(f"{entry.entry_id}_")
            keys.setdefault(entity.domain, set()).add(key)
    return keys


@pytest.mark.parametrize("kind", KINDS)
async def test_what_people_use_is_on_at_first(
    home: HomeAssistant, load: LoadEntry, kind: str
) -> None:
    home.states.async_set("camera.shed", "idle")
    entry = await load({"kind": kind, **DATA[kind]}, options=QUIET)
    on = PLAYER if kind == "ascii_player" else EVERYDAY | MORE[kind]
    assert keys_of(home, entry, on=True) == on
    off = keys_of(home, entry, on=False)
    assert set(off) == (set() if kind == "ascii_player" else {"number", "sensor"})


async def test_five_cameras_have_fifty_entities(home: HomeAssistant, load: LoadEntry) -> None:
    for name in "ABCDE":
        home.states.async_set(f"camera.{name.lower()}", "idle")
        data = {"kind": "camera_entity", "entity_id": f"camera.{name.lower()}"}
        await load(data, title=f"Camera {name}", options=QUIET)
    entities = [one for one in er.async_get(home).entities.values() if one.platform == DOMAIN]
    assert len([one for one in entities if one.disabled_by is None]) == 50
    assert len(entities) == 115


async def test_enabled_entities_of_an_existing_installation_stay_enabled(
    home: HomeAssistant, load: LoadEntry
) -> None:
    registry = er.async_get(home)
    entry = MockConfigEntry(
        domain=DOMAIN, title="Porch", data={"kind": "demo", "name": "Porch"}, options=QUIET
    )
    entry.add_to_hass(home)
    had = {"sensor": ("lookback_available", "snapshots"), "number": ("interval_sec",)}
    for domain, keys in had.items():
        for key in keys:
            registry.async_get_or_create(
                domain, DOMAIN, f"{entry.entry_id}_{key}", config_entry=entry
            )
    hidden = registry.async_get_or_create(
        "switch",
        DOMAIN,
        f"{entry.entry_id}_history",
        config_entry=entry,
        disabled_by=er.RegistryEntryDisabler.USER,
    )
    assert await home.config_entries.async_setup(entry.entry_id)
    await home.async_block_till_done()
    on = keys_of(home, entry, on=True)
    for domain, keys in had.items():
        assert on[domain] == set(keys)
        for key in keys:
            entity_id = registry.async_get_entity_id(domain, DOMAIN, f"{entry.entry_id}_{key}")
            assert home.states.get(entity_id or "") is not None
    assert home.states.get(hidden.entity_id) is None


async def test_physical_cameras_are_devices_without_a_maker(
    home: HomeAssistant, load: LoadEntry
) -> None:
    home.states.async_set("camera.shed", "idle")
    for kind in KINDS:
        entry = await load({"kind": kind, **DATA[kind]}, title=kind, options=QUIET)
        device = device_of(home, entry)
        is_physical = kind in ("camera_url", "camera_entity")
        assert device.entry_type == (None if is_physical else dr.DeviceEntryType.SERVICE), kind
        assert device.manufacturer == (None if is_physical else "Retrocam"), kind


class Source:
    """A camera of another integration, with devices that it may belong to."""

    def __init__(self, home: HomeAssistant) -> None:
        self.home = home
        self.entities, self.devices = er.async_get(home), dr.async_get(home)
        self.entry = MockConfigEntry(domain="other", title="Other")
        self.entry.add_to_hass(home)
        self.device = self.add_device("first")
        self.entity = self.entities.async_get_or_create(
            "camera", "other", "1", config_entry=self.entry, device_id=self.device.id
        )
        home.states.async_set(self.entity.entity_id, "idle")

    def add_device(self, name: str) -> dr.DeviceEntry:
        return self.devices.async_get_or_create(
            config_entry_id=self.entry.entry_id, identifiers={("other", name)}, name=name
        )

    def move(self, device_id: str | None) -> None:
        self.entities.async_update_entity(self.entity.entity_id, device_id=device_id)


@pytest.fixture
def source(home: HomeAssistant) -> Source:
    return Source(home)


@pytest.fixture
async def wrapper(load: LoadEntry, source: Source) -> MockConfigEntry:
    """An entry that wraps the camera `source`."""
    return await load({"kind": "camera_entity", "entity_id": source.entity.id}, options=QUIET)


async def test_wrapped_camera_is_tied_to_its_device(
    home: HomeAssistant, source: Source, wrapper: MockConfigEntry
) -> None:
    assert device_of(home, wrapper).via_device_id == source.device.id
    # Its own device, not that of the other integration.
    assert device_of(home, wrapper).id != source.device.id
    await home.config_entries.async_reload(wrapper.entry_id)
    assert device_of(home, wrapper).via_device_id == source.device.id


async def test_tie_follows_the_wrapped_camera(
    home: HomeAssistant, source: Source, wrapper: MockConfigEntry
) -> None:
    second = source.add_device("second")
    source.move(second.id)
    await home.async_block_till_done()
    assert device_of(home, wrapper).via_device_id == second.id
    source.move(None)
    await home.async_block_till_done()
    assert device_of(home, wrapper).via_device_id is None
    source.move(second.id)
    source.entities.async_update_entity(source.entity.entity_id, new_entity_id="camera.renamed")
    await home.async_block_till_done()
    assert device_of(home, wrapper).via_device_id == second.id


async def test_tie_is_renewed_at_load(
    home: HomeAssistant, source: Source, wrapper: MockConfigEntry
) -> None:
    assert await home.config_entries.async_unload(wrapper.entry_id)
    source.move(None)
    await home.async_block_till_done()
    assert await home.config_entries.async_setup(wrapper.entry_id)
    await home.async_block_till_done()
    assert device_of(home, wrapper).via_device_id is None


async def test_camera_of_a_child_device_is_tied_to_its_parent(
    home: HomeAssistant, load: LoadEntry, source: Source
) -> None:
    child = source.devices.async_get_or_create_child(
        config_entry_id=source.entry.entry_id,
        parent_device_id=source.device.id,
        identifiers={("other", "child")},
    )
    source.move(child.id)
    entry = await load({"kind": "camera_entity", "entity_id": source.entity.id}, options=QUIET)
    assert device_of(home, entry).via_device_id == source.device.id


async def test_removed_device_of_a_wrapped_camera_unties(
    home: HomeAssistant, source: Source, wrapper: MockConfigEntry
) -> None:
    source.devices.async_remove_device(source.device.id)
    await home.async_block_till_done()
    assert source.entities.async_get(source.entity.entity_id) is None
    assert device_of(home, wrapper).via_device_id is None
    assert wrapper.runtime_data.removed
    assert home.states.get("camera.porch") is not None
    # Its entities are there, to look at what was kept.
    assert home.states.get("image.porch_last_snapshot") is not None
    await home.config_entries.async_reload(wrapper.entry_id)
    assert device_of(home, wrapper).via_device_id is None


async def test_camera_that_comes_back_is_tied_again(
    home: HomeAssistant, source: Source, wrapper: MockConfigEntry
) -> None:
    source.entities.async_remove(source.entity.entity_id)
    await home.async_block_till_done()
    assert device_of(home, wrapper).via_device_id is None
    source.entities.async_get_or_create(
        "camera", "other", "1", config_entry=source.entry, device_id=source.device.id
    )
    await home.async_block_till_done()
    assert device_of(home, wrapper).via_device_id == source.device.id


async def test_camera_without_a_device_is_tied_to_none(
    home: HomeAssistant, load: LoadEntry
) -> None:
    home.states.async_set("camera.shed", "idle")
    entry = await load({"kind": "camera_entity", "entity_id": "camera.shed"}, options=QUIET)
    assert device_of(home, entry).via_device_id is None
