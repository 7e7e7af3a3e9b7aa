"""Text messages of the ASCII stream."""

import json

import pytest

from custom_components.retrocam.core.ascii.messages import (
    StreamConfig,
    init_message,
    read_ack,
    state_message,
)
from custom_components.retrocam.core.errors import DamagedPacketError


def test_init_message_of_a_live_stream() -> None:
    stream_config = StreamConfig(
        cols=120,
        rows=50,
        fps=24.0,
        title="A film",
        duration=30.0,
        live=False,
        audio="/api/retrocam/audio/x/{start_us}.aac",
    )
    assert json.loads(json.dumps(init_message(stream_config, 3))) == {
        "type": "init",
        "epoch": 3,
        "cols": 120,
        "rows": 50,
        "fps": 24.0,
        "planes": ["y", "cb", "cr"],
        "y_bits": 7,
        "c_bits": 6,
        "charset": "ramp",
        "glyphs": " .-:+*=#%@",
        "title": "A film",
        "duration": 30.0,
        "live": False,
        "aspect": None,
        "audio": "/api/retrocam/audio/x/{start_us}.aac",
    }


def test_init_of_a_matched_charset_has_a_glyph_plane() -> None:
    init = init_message(StreamConfig(cols=80, rows=40, fps=10, charset="shape"), 0)
    assert init["planes"] == ["y", "cb", "cr", "g"]
    assert init["glyphs"][0] == " "
    assert init["live"]


def test_groups_are_shorter_in_live_streams() -> None:
    assert StreamConfig(cols=1, rows=1, fps=1, live=True).group_us == 1_000_000
    assert StreamConfig(cols=1, rows=1, fps=1, live=False).group_us == 2_000_000


def test_state_names_the_error() -> None:
    assert state_message("playing") == {"type": "state", "state": "playing", "error": None}
    assert state_message("error", error_code="private", error_text="Not for you") == {
        "type": "state",
        "state": "error",
        "error": {"code": "private", "message": "Not for you"},
    }


def test_acknowledgement_is_parsed() -> None:
    assert read_ack('{"ack": 4294967295}') == 4294967295


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "7", "{}", '{"ack": -1}', '{"ack": 4294967296}', '{"ack": 1.5}'),
        *('{"ack": true}', '{"ack": "1"}', '{"ack": null}'),
        "[" * 500_000,
    ],
)
def test_invalid_message_is_rejected(text: str) -> None:
    with pytest.raises(DamagedPacketError):
        read_ack(text)
