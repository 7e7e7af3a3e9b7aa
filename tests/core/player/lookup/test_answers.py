"""Validation of look-up answers, which may be any bytes; and the worker."""

from dataclasses import replace
import json
import logging
import socket
import threading
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.retrocam.core.errors import (
    BotCheckError,
    PlayError,
    PlayNetworkError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.lookup.answers import load_answer
from custom_components.retrocam.core.player.lookup.messages import (
    LENGTH,
    LookupJob,
    dump_crash,
    dump_error,
    dump_found,
    dump_job,
    framed,
    load_job,
)
from custom_components.retrocam.core.player.lookup.worker import work
from custom_components.retrocam.core.player.net.addresses import is_any, look_up
from custom_components.retrocam.core.player.net.streams import MediaInput, ResolvedMedia

from ..clips import clip
from ..server import MediaServer, Page

FOUND = ResolvedMedia(
    inputs=(
        MediaInput("https://site.example/picture", {"Cookie": "a=b"}, is_playlist=True),
        MediaInput("https://site.example/sound", chunk_size=10_485_760, not_before=1.5),
    ),
    title="A film",
    page="https://site.example/",
    thumbnail="https://site.example/a.jpg",
    duration=12.5,
    expires=1_800_000_000.0,
)


def test_a_result_survives_serialization() -> None:
    assert load_answer(dump_found(FOUND, ["a line"])) == FOUND


def test_an_error_survives_serialization() -> None:
    error = BotCheckError("show that you are human")
    error.outdated = True
    with pytest.raises(BotCheckError, match="human") as caught:
        load_answer(dump_error(error, []))
    assert (caught.value.outdated, caught.value.needs_javascript) == (True, False)


def test_a_crash_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PlayNetworkError):
        load_answer(dump_crash("Traceback: no such module"))
    assert "no such module" in caplog.text
    assert caplog.records[-1].levelno == logging.ERROR


def test_a_long_title_is_truncated() -> None:
    found = ResolvedMedia(FOUND.inputs, title="a" * 100_000)
    assert len(load_answer(dump_found(found, [])).title) == 1000


def test_invalid_characters_of_a_title_are_replaced() -> None:
    found = ResolvedMedia(FOUND.inputs, title="a\ud800\x00b")
    assert load_answer(dump_found(found, [])).title == "a\ufffd\ufffdb"


@pytest.mark.parametrize("seconds", [10**400, 1e300, float("inf"), float("nan"), -1, "1:30"])
def test_an_invalid_time_is_unknown(seconds: Any) -> None:
    found = load_answer(dump_found(replace(FOUND, duration=seconds, expires=seconds), []))
    assert (found.duration, found.expires) == (None, None)


def test_invalid_characters_of_messages_are_replaced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(BotCheckError, match="no \ufffd"):
        load_answer(dump_error(BotCheckError("no \ud800"), ["a line\nand \udcff another"]))
    assert caplog.messages == ["a line\ufffdand \ufffd another"]


def altered(**changes: Any) -> bytes:
    """Return an answer that found something, with other values."""
    answer = json.loads(dump_found(FOUND, []))
    answer["found"] |= changes
    return json.dumps(answer).encode()


def an_input(**changes: Any) -> dict[str, Any]:
    return {
        "url": "https://site.example/",
        "headers": {},
        "is_playlist": False,
        "chunk_size": None,
        "not_before": None,
        **changes,
    }


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"null", b"[]", b"{}", b'{"log": []}', b"[" * 100_000, b'{"found": 1, "log": []}',
        b'{"found": {}, "log": []}', b'{"error": {"code": "unknown"}, "log": []}',
        altered(inputs=[]),
        altered(inputs=[an_input()] * 3),
        altered(inputs=[an_input(url="file:///etc/passwd")]),
        altered(inputs=[an_input(url="https://" + "a" * 100_000)]),
        altered(inputs=[an_input(headers={"Cookie": "a\r\nHost: b"})]),
        altered(inputs=[an_input(headers={"a\nb": "c"})]),
        altered(inputs=[an_input(headers={str(n): "" for n in range(100)})]),
        altered(inputs=[an_input(chunk_size=0)]),
        altered(inputs=[an_input(not_before=True)]),
        altered(title=None),
        altered(title="a" * 2000),
        altered(duration="long"),
        altered(duration=float("nan")),
        altered(duration=float("inf")),
        altered(duration=10**400),
        altered(duration=1e300),
        altered(duration=-1),
        altered(expires=10**400),
        altered(inputs=[an_input(not_before=10**400)]),
        altered(inputs=[an_input(chunk_size=10**400)]),
        altered(inputs=[an_input(url="https://site.example/\ud800")]),
        altered(more="than is known"),
    ],
)  # fmt: skip
def test_an_invalid_answer_raises(data: bytes) -> None:
    with pytest.raises(UnsupportedMediaError):
        load_answer(data)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "//site", "http://a/\ud800", 1, {}]
)
def test_invalid_links_are_dropped(link: Any) -> None:
    found = load_answer(altered(page=link, thumbnail=link))
    assert (found.page, found.thumbnail) == (None, None)


KEYS = st.sampled_from(["found", "error", "crash", "log", "inputs", "url", "title"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.recursive(LEAVES, lambda value: st.lists(value) | st.dictionaries(KEYS, value)))
def test_any_json_raises_a_play_error_only(value: Any) -> None:
    with pytest.raises(PlayError):
        load_answer(json.dumps(value).encode())


def answer_to(job: LookupJob) -> bytes:
    """Run a job in a thread of this process and return the answer."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(framed(dump_job(job)))
        worker = threading.Thread(target=work, args=(theirs, None, lambda _seconds: None))
        worker.start()
        with ours.makefile("rb") as stream:
            (length,) = LENGTH.unpack(stream.read(LENGTH.size))
            answer = stream.read(length)
        worker.join()
    return answer


def a_job(query: str, **changes: Any) -> LookupJob:
    settings: dict[str, Any] = {
        "allowed": is_any,
        "trusted": None,
        "lookup": look_up,
        "max_height": 360,
        "cache_dir": None,
        "cpu_seconds": 30.0,
        **changes,
    }
    return LookupJob(query, **settings)


def test_a_job_is_answered(server: MediaServer) -> None:
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    assert load_answer(answer_to(a_job(url))).title == "film"


def test_the_answer_carries_the_log_without_secrets(
    server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = server.add("/film.mp4?token=hunter2", Page(status=404))
    with pytest.raises(PlayError):
        load_answer(answer_to(a_job(url, verbose=True)))
    assert "HTTP Error 404" in caplog.text
    assert "hunter2" not in caplog.text


def test_an_exception_is_answered_with_an_error(server: MediaServer) -> None:
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    with pytest.raises(UnsupportedMediaError):
        load_answer(answer_to(a_job(url, max_height="tall")))


def test_a_job_survives_serialization() -> None:
    job = a_job("https://site.example/")
    assert load_job(dump_job(job)) == job
