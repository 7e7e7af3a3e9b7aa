"""Runs the demo until Ctrl-C, or with `--once` runs each of its jobs and prints the results."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
import contextlib
import json
from pathlib import Path
import signal
import sys
import tempfile

from .ascii import ascii_player, play_film
from .client import PASSWORD, USERNAME, Client
from .film import make_film
from .jobs import JOBS, Facts, JobError, run
from .rewind import TAPED_NAME, after_restart, rewind, switch_on_tape, tape
from .server import ROOT, free_port, running
from .setting import DASHBOARD, set_up
from .sharing import guest_of, share_demo

PORT = 8123


async def _once() -> int:
    with tempfile.TemporaryDirectory(prefix="retrocam-demo-") as directory:
        await asyncio.to_thread(make_film, Path(directory))
        facts = await _session(Path(directory), _jobs)
        if facts is not None:
            # Another Home Assistant: the tape is what is left of the past.
            later = await _session(Path(directory), _jobs_after_restart)
            facts = None if later is None else facts | later
    if facts is not None:
        print(json.dumps(facts))
    return 0 if facts is not None else 1


async def _session(directory: Path, jobs: Callable[[Client], Awaitable[Facts]]) -> Facts | None:
    """Run Home Assistant in `directory` and jobs in it; return their results, None if one failed."""
    async with (
        running(directory, free_port()) as server,
        Client.logged_in(server.url) as client,
    ):
        try:
            return await jobs(client)
        except JobError as err:
            print(f"job failed: {err}", file=sys.stderr)
            print(server.log, file=sys.stderr)
            return None


async def _jobs(client: Client) -> Facts:
    entry_id = await set_up(client)
    pages = await share_demo(client)
    more = {"share": guest_of(pages), "rewind": rewind, "tape": tape}
    return await run(client, entry_id, {**JOBS, **more})


async def _jobs_after_restart(client: Client) -> Facts:
    await client.wait_until_loaded()
    entries = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
    return await run(client, entries[TAPED_NAME], {"restart": after_restart})


async def _until_interrupted(directory: Path) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await asyncio.to_thread(make_film, directory)
    async with running(directory, PORT) as server:
        async with Client.logged_in(server.url) as client:
            entry_id = await set_up(client)
            pages = await share_demo(client)
            await switch_on_tape(client, entry_id)
            await ascii_player(client, entry_id)
            await play_film(client)
        print(f"\nReady: {server.url}/{DASHBOARD}   user: {USERNAME}   password: {PASSWORD}")
        for name, page in pages.items():
            print(f"Share page, {name}: {page.url}   PIN: {page.pin}")
        print("Press Ctrl-C to stop.", flush=True)
        ended = asyncio.create_task(server.process.wait())
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait((ended, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        print("Stopping Home Assistant ...", flush=True)
        return 0 if stop.is_set() else 1


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="run each job once, print the results, exit"
    )
    parser.add_argument(
        "--directory", type=Path, default=ROOT / ".demo", help="configuration directory"
    )
    arguments = parser.parse_args()
    if arguments.once:
        return asyncio.run(_once())
    arguments.directory.mkdir(exist_ok=True)
    return asyncio.run(_until_interrupted(arguments.directory.resolve()))


if __name__ == "__main__":
    sys.exit(main())
