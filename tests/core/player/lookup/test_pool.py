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
    doing,
    print_much,
    start_another,
    take_memory,
    tell_all,
    write_much,
)

URL = "http://site.example/"


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Resolver]:
    """A resolver whose server is its own."""
    resolver = Resolver(allow_private=True, cache_dir=str(tmp_path / "cache"))
    yield resolver
    assert await resolver.close()
    assert resolver.pool.server.pid is None


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


async def test_the_server_is_kept_warm_and_each_look_up_has_its_process(
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


async def test_an_idle_server_ends(server: MediaServer) -> None:
    resolver = Resolver(LookupPool(warm=0.0), allow_private=True)
    await resolver.resolve(server.add("/film.mp4", Page(clip(1.0), "video/mp4")))
    await until(lambda: resolver.pool.server.pid is None)
    assert await resolver.pool.close()


async def test_nothing_of_the_user_or_the_system_reaches_a_look_up(
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
    resolver = Resolver(lookup=doing(tell_all, log), cache_dir=str(tmp_path / "cache"), timeout=20)
    with pytest.raises(PlayError):
        await resolver.resolve(URL)
    said = json.loads(log.read_text())
    known = {"PATH", "LANG", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    known |= {"HOME", "YTDLP_NO_PLUGINS", "DENO_NO_UPDATE_CHECK", "NO_COLOR"}
    assert set(said["environment"]) <= known
    assert said["environment"]["HOME"] == str(tmp_path / "cache")
    assert said["folder"] == "/"
    assert said["group"]
    assert said["nice"] >= 5
    limits = {name: soft for name, (soft, _) in said["limits"].items()}
    assert limits["RLIMIT_CPU"] == 21
    assert 0 < limits["RLIMIT_DATA"] < 1 << 30
    assert 0 < limits["RLIMIT_FSIZE"] < 1 << 30
    assert 0 < limits["RLIMIT_NOFILE"] <= 256
    assert limits["RLIMIT_CORE"] == 0
    assert await resolver.close()


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
    assert await resolver.close()


async def test_a_look_up_is_killed_with_all_that_it_started(log: Path) -> None:
    os.mkfifo(log)
    resolver = a_resolver(lookup=doing(start_another, log))
    lookup = asyncio.ensure_future(resolver.resolve(URL))
    pids = [int(each) for each in (await asyncio.to_thread(log.read_text)).split()]
    assert all(map(is_running, pids))
    lookup.cancel()
    await until(lambda: not any(map(is_running, pids)))
    assert await resolver.pool.close()


async def test_the_deadline_kills_what_computes(server: MediaServer, log: Path) -> None:
    resolver = a_resolver(lookup=doing(compute, log), timeout=0.5)
    with pytest.raises(PlayTimeoutError):
        await resolver.resolve(URL)
    await until(lambda: resolver.pool.running == 0)
    assert children(resolver.pool.server) == []
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    assert (await a_resolver().resolve(url)).title == "film"
    assert await resolver.pool.close()


async def test_more_cpu_time_than_allowed_ends_a_look_up(log: Path) -> None:
    resolver = a_resolver(lookup=doing(compute, log), timeout=60)
    job = resolver.job(URL, trusted=True, cpu_seconds=0)
    with pytest.raises(PlayNetworkError):
        await resolver.pool.run(job, 60)
    assert await resolver.pool.close()


@pytest.mark.parametrize("deed", [take_memory, write_much, print_much])
async def test_what_goes_beyond_a_limit_is_an_error(log: Path, deed: object) -> None:
    resolver = a_resolver(lookup=doing(deed, log))  # type: ignore[arg-type]  # one of those above
    with pytest.raises(PlayError):
        await resolver.resolve("http://127.0.0.1:9/")
    assert not log.exists() or log.stat().st_size <= 64 << 20
    assert await resolver.pool.close()


async def test_a_server_that_was_killed_is_started_again(
    own: Resolver, server: MediaServer
) -> None:
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    await own.resolve(url)
    pid = own.pool.server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: own.pool.server.pid is None)
    assert (await own.resolve(url)).title == "film"


async def test_a_closed_pool_runs_nothing() -> None:
    resolver = Resolver()
    assert await resolver.close()
    with pytest.raises(PlayNetworkError):
        await resolver.resolve(URL)
    assert resolver.pool.server.pid is None


async def test_what_cannot_be_loaded_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "path", [each for each in sys.path if "site-packages" not in each])
    resolver = Resolver()
    with pytest.raises(PlayNetworkError):
        await resolver.resolve(URL)
    assert "No module named 'yt_dlp'" in caplog.text
    assert await resolver.close()


async def test_no_program_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    resolver = Resolver()
    with pytest.raises(PlayNetworkError):
        await resolver.resolve(URL)
    assert await resolver.close()


PARENT = """
import asyncio, sys
from pathlib import Path
from tests.core.player.lookup.misbehaving import compute, doing, start_another
from custom_components.retrocam.core.player.lookup.resolver import Resolver

async def main():
    resolvers = [Resolver(lookup=doing(deed, Path(sys.argv[1]))) for deed in (start_another, compute)]
    jobs = [asyncio.ensure_future(each.resolve("http://site.example/")) for each in resolvers]
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


async def test_nothing_outlives_a_home_assistant_that_is_killed(
    log: Path, parent: subprocess.Popen[bytes]
) -> None:
    pids = [int(each) for each in (await asyncio.to_thread(log.read_text)).split()]
    servers = children_of(parent.pid)
    assert len(servers) == 2
    await until(lambda: all(children_of(each) for each in servers))
    pids += servers + [child for each in servers for child in children_of(each)]
    parent.kill()
    await until(lambda: not any(map(is_running, pids)))


def test_the_server_class_leaves_nothing_when_it_never_started() -> None:
    assert LookupServer().end()
