"""A simulated internet for a Home Assistant under test; Python loads it from PYTHONPATH at its start.

Home Assistant and its look-ups see a site at a public address, but connections reach the test's own
server. All address checks are therefore real, and nothing of ours is replaced. The look-up process has
neither this environment nor this module: a wrapper around its interpreter gives it both, and there the
site is searched instead of YouTube.
"""

from collections.abc import Iterator
import os
from pathlib import Path
import shlex
import socket
import sys
from typing import Any, Final

HOST: Final = "site.example"
ADDRESS: Final = "93.184.215.14"
PORT: Final = int(os.environ["RETROCAM_TEST_SITE"])

_getaddrinfo = socket.getaddrinfo
_connect = socket.socket.connect


def _look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
    return _getaddrinfo(ADDRESS if host == HOST else host, *args, **kwargs)


def _lead(self: socket.socket, address: Any) -> None:
    if address[0] == ADDRESS:
        address = ("127.0.0.1", PORT)
    _connect(self, address)


def _wrapper(folder: Path) -> str:
    """Write a program that runs Python with this module, whatever options come first."""
    program = folder / "python"
    environment = {
        "PYTHONPATH": str(Path(__file__).parent),
        "RETROCAM_TEST_SITE": str(PORT),
        "RETROCAM_TEST_LOOKUP": "1",
    }
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    lines = ["#!/bin/sh", 'while [ "${1#-}" != "$1" ]; do shift; done']
    lines += [f'exec env {settings} {shlex.quote(sys.executable)} "$@"', ""]
    program.write_text("\n".join(lines))
    program.chmod(0o755)
    return str(program)


def _search_the_site() -> None:
    from yt_dlp.extractor.youtube import YoutubeSearchIE  # noqa: PLC0415  # takes a second, only here

    def results(self: Any, query: str) -> Iterator[dict[str, Any]]:
        found = self._download_json(f"http://{HOST}/search", query, query={"q": query})
        for url in found:
            yield self.url_result(url)

    YoutubeSearchIE._search_results = results  # type: ignore[method-assign]  # for the child


socket.getaddrinfo = _look_up
socket.socket.connect = _lead  # type: ignore[method-assign, assignment]  # for the child
if "RETROCAM_TEST_LOOKUP" in os.environ:
    _search_the_site()
else:
    sys.executable = _wrapper(Path(os.environ["RETROCAM_TEST_FOLDER"]))
