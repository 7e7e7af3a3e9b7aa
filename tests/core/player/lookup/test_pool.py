"""The processes of look-ups: what they may use, and how they end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
import json
import os
from pathlib import Path
import signal
import subprocess
import sys

import pytest

from custom_components.retrocam.core.errors import PlayError, PlayNetworkError, PlayTimeoutError
from custom_components.retrocam.core.player.lookup.pool import LookupPool
from custom_components.retrocam.core.player.lookup.resolver import Resolver
from custom_components.retrocam.core.player.lookup.server import LookupServer

from ....house import ROOT
from ....waiting import until
from ..clips import clip
from ..lookups import a_resolver
from ..server import MediaServer, Page
from .children import children, children_of, is_running
from .misbehaving import (
    compute,
    print_much,
    running,
    start_another,
    take_memory,
    write_environment,
    write_much,
)

URL = "http://site.example/"


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Resolver]:
    """A resolver with an own server."""
    resolver = Resolver(allow_private=True, cache_dir=str(tmp_path / "cache"))
    yield resolver
    assert await resolver.close(60)
    assert resolver.pool.server.pid is None


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


async def test_the_server_stays_and_each_look_up_has_its_process(
    own: Resolver, server: MediaServer
) -> None:
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    assert own.pool.server.pid is None
    for _ in range(3):
        assert (await own.resolve(url)).title == "film"
        assert children(own.pool.server) == []
    first = own.pool.server.pid
    assert (await own.resolve(url)).title == "film"
    assert own.pool.server.pid == first


async def test_an_idle_server_ends(server: MediaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Python takes a while to end on a busy machine.
    monkeypatch.setattr(LookupPool._stop_server, "__defaults__", (60.0,))
    resolver = Resolver(LookupPool(idle_seconds=0.0), allow_private=True)
    await resolver.resolve(server.add("/film.mp4", Page(clip(1.0), "video/mp4")))
    await until(lambda: resolver.pool.server.pid is None)
    assert await resolver.pool.close(60)


async def test_environment_and_limits_of_a_look_up(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "http_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "PYTHONPATH",
        "XDG_CONFIG_HOME",
        "NETRC",
    ):
        monkeypatch.setenv(name, "http://127.0.0.9:9")
    resolver = Resolver(
        lookup=running(write_environment, log), cache_dir=str(tmp_path / "cache"), timeout=60
    )
    with pytest.raises(PlayError):
        await resolver.resolve(URL)
    report = json.loads(log.read_text())
    allowed = {"PATH", "LANG", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    allowed |= {"HOME", "YTDLP_NO_PLUGINS", "DENO_NO_UPDATE_CHECK", "NO_COLOR"}
    assert set(report["environment"]) <= allowed
    assert report["environment"]["HOME"] == str(tmp_path / "cache")
    assert report["folder"] == "/"
    assert report["group"]
    assert report["nice"] >= 5
    limits = {name: soft for name, (soft, _) in report["limits"].items()}
    assert limits["RLIMIT_CPU"] == 61
    assert 0 < limits["RLIMIT_DATA"] < 1 << 30
    assert 0 < limits["RLIMIT_FSIZE"] < 1 << 30
    assert 0 < limits["RLIMIT_NOFILE"] <= 256
    assert limits["RLIMIT_CORE"] == 0
    assert await resolver.close(60)


async def test_plugins_are_not_loaded(
    log: Path, tmp_path: Path, server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins = tmp_path / "site" / "yt_dlp_plugins" / "extractor"
    plugins.mkdir(parents=True)
    (plugins / "mine.py").write_text(f"open({str(log)!r}, 'w')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    resolver = Resolver(allow_private=True)
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    assert (await resolver.resolve(url)).title == "film"
    assert not log.exists()
    assert await resolver.close(60)


async def test_a_look_up_is_killed_with_its_descendants(log: Path) -> None:
    os.mkfifo(log)
    resolver = a_resolver(lookup=running(start_another, log))
    lookup = asyncio.ensure_future(resolver.resolve(URL))
    pids = [int(pid) for pid in (await asyncio.to_thread(log.read_text)).split()]
    assert all(map(is_running, pids))
    lookup.cancel()
    await until(lambda: not any(map(is_running, pids)))
    assert await resolver.pool.close(60)


async def test_the_deadline_kills_a_busy_look_up(server: MediaServer, log: Path) -> None:
    resolver = a_resolver(lookup=running(compute, log), timeout=0.5)
    with pytest.raises(PlayTimeoutError):
        await resolver.resolve(URL)
    await until(lambda: not resolver.pool._tasks)
    assert children(resolver.pool.server) == []
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    assert (await a_resolver().resolve(url)).title == "film"
    assert await resolver.pool.close(60)


async def test_a_look_up_is_killed_at_its_cpu_limit(log: Path) -> None:
    resolver = a_resolver(lookup=running(compute, log), timeout=60)
    job = resolver.job(URL, trusted=True, cpu_seconds=0)
    with pytest.raises(PlayNetworkError):
        await resolver.pool.run(job, 60)
    assert await resolver.pool.close(60)


@pytest.mark.parametrize("action", [take_memory, write_much, print_much])
async def test_exceeding_a_resource_limit_raises(log: Path, action: object) -> None:
    resolver = a_resolver(lookup=running(action, log))  # type: ignore[arg-type]  # one of those above
    with pytest.raises(PlayError):
        await resolver.resolve("http://127.0.0.1:9/")
    assert not log.exists() or log.stat().st_size <= 64 << 20
    assert await resolver.pool.close(60)


async def test_a_killed_server_is_restarted(own: Resolver, server: MediaServer) -> None:
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    await own.resolve(url)
    pid = own.pool.server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: own.pool.server.pid is None)
    assert (await own.resolve(url)).title == "film"


async def test_a_closed_pool_runs_no_job() -> None:
    resolver = Resolver()
    assert await resolver.close(60)
    with pytest.raises(PlayNetworkError):
        await resolver.resolve(URL)
    assert resolver.pool.server.pid is None


async def test_a_failed_import_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path])
    resolver = Resolver()
    with pytest.raises(PlayNetworkError):
        await resolver.resolve(URL)
    assert "No module named 'yt_dlp'" in caplog.text
    assert await resolver.close(60)


async def test_a_missing_interpreter_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    resolver = Resolver()
    with pytest.raises(PlayNetworkError):
        await resolver.resolve(URL)
    assert await resolver.close(60)


PARENT = """
import asyncio, sys
from pathlib import Path
from tests.core.player.lookup.misbehaving import compute, running, start_another
from custom_components.retrocam.core.player.lookup.resolver import Resolver

ACTIONS = (start_another, compute)

async def main():
    resolvers = [Resolver(lookup=running(action, Path(sys.argv[1]))) for action in ACTIONS]
    jobs = [asyncio.ensure_future(resolver.resolve("http://site.example/")) for resolver in resolvers]
    await asyncio.gather(*jobs)

asyncio.run(main())
"""


@pytest.fixture
def parent(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with two look-ups that never end."""
    os.mkfifo(log)
    with subprocess.Popen([sys.executable, "-c", PARENT, str(log)], cwd=ROOT) as process:
        yield process
        process.kill()


async def test_no_process_outlives_a_killed_home_assistant(
    log: Path, parent: subprocess.Popen[bytes]
) -> None:
    pids = [int(pid) for pid in (await asyncio.to_thread(log.read_text)).split()]
    await until(lambda: len(children_of(parent.pid)) == 2)
    servers = children_of(parent.pid)
    await until(lambda: all(children_of(pid) for pid in servers))
    pids += servers + [child for pid in servers for child in children_of(pid)]
    parent.kill()
    await until(lambda: not any(map(is_running, pids)))


def test_stopping_an_unstarted_server() -> None:
    assert LookupServer().stop()
