"""The current frame of a camera as text."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
import voluptuous as vol

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.ascii.presets import CHARSETS

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.player.clips import clip
from ..viewers import QUIET, SMALL, working_threads
from ..waiting import until


async def ascii_frame(hass: HomeAssistant, entity_id: str, **data: Any) -> dict[str, Any]:
    return await answer_of(hass, "ascii_frame", entity_id, **data)


@pytest.fixture
async def porch(load: LoadEntry) -> str:
    await load({"kind": "demo", "name": "Porch", "advanced": SMALL}, options=QUIET)
    return "camera.porch"


async def test_frame_as_lines_of_text(home: HomeAssistant, porch: str) -> None:
    answer = await ascii_frame(home, porch)
    lines = answer["text"].split("\n")
    assert answer["columns"] == 80
    assert answer["rows"] == len(lines) == 22  # 16:9 in characters that are twice as high as wide
    assert {len(line) for line in lines} == {80}
    assert set(answer["text"]) <= {*CHARSETS["ramp"].glyphs, "\n"}
    assert len(set(answer["text"])) > 5
    age = datetime.now(UTC) - datetime.fromisoformat(answer["timestamp"])
    assert timedelta(0) <= age < timedelta(seconds=10)
    await until(lambda: working_threads() == [])


@pytest.mark.parametrize("charset", sorted(CHARSETS))
async def test_charsets_and_sizes(home: HomeAssistant, porch: str, charset: str) -> None:
    answer = await ascii_frame(home, porch, charset=charset, columns=120)
    assert {len(line) for line in answer["text"].split("\n")} == {120}
    assert set(answer["text"]) <= {*CHARSETS[charset].glyphs, "\n"}


async def test_inverted_text(home: HomeAssistant, porch: str) -> None:
    plain = await ascii_frame(home, porch, columns=20)
    inverted = await ascii_frame(home, porch, columns=20, invert=True)
    ramp = CHARSETS["ramp"].glyphs
    levels = [
        (ramp.index(one), ramp.index(other))
        for one, other in zip(plain["text"], inverted["text"], strict=True)
        if one != "\n"
    ]
    # Little moves between the two frames.
    opposite = sum(abs(one + other - len(ramp) + 1) <= 1 for one, other in levels)
    assert opposite > 0.8 * len(levels)


async def test_invalid_arguments_are_rejected(home: HomeAssistant, porch: str) -> None:
    for data in ({"columns": 19}, {"columns": 401}, {"charset": "runes"}):
        with pytest.raises(vol.Invalid):
            await ascii_frame(home, porch, **data)


async def test_unavailable_camera_raises(home: HomeAssistant, load: LoadEntry) -> None:
    await load({"kind": "camera_entity", "entity_id": "camera.gone"}, options=QUIET)
    with pytest.raises(HomeAssistantError) as error:
        await ascii_frame(home, "camera.porch")
    assert error.value.translation_key == "cannot_connect"


async def test_player_returns_source_frame(
    home: HomeAssistant, load: LoadEntry, media_directory: Any
) -> None:
    (media_directory / "film.mp4").write_bytes(clip(5.0))
    # Again and again: a busy machine may come after its end.
    options = {**QUIET, "player": {"loop": True}}
    await load({"kind": "ascii_player", "name": "Screen"}, title="Screen", options=options)
    idle = await ascii_frame(home, "camera.screen")
    assert set(idle["text"]) <= set(" .-:+*\n")
    media = "media-source://media_source/local/film.mp4"
    data = {"entity_id": "media_player.screen", "media": media}
    await home.services.async_call(DOMAIN, "play", data, blocking=True)
    for action in (None, "media_pause"):
        if action:
            target = {"entity_id": "media_player.screen"}
            await home.services.async_call("media_player", action, target, blocking=True)
        playing = await ascii_frame(home, "camera.screen", charset="shape")
        assert len(set(playing["text"])) > 20
        assert playing["rows"] == 22
