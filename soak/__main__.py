"""Runs the soak test of Retrocam in a real Home Assistant; exits with 1 if anything failed."""

import argparse
import asyncio
from pathlib import Path
import secrets
import signal
import sys
from typing import Any

from .run import soak, summary


async def _soak(minutes: float, seed: int, keep: Path | None) -> dict[str, Any]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # it is one
    # As on Ctrl-C: leave neither Home Assistant nor a source running.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await soak(minutes, seed, keep)


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="duration in minutes (3)")
    parser.add_argument("--seed", type=int, help="repeat the choices of an earlier run")
    parser.add_argument("--keep", type=Path, help="keep all files in this empty directory")
    chosen = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if chosen.seed is None else chosen.seed
    print(f"seed {seed}", flush=True)
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        if any(chosen.keep.iterdir()):
            parser.error(f"{chosen.keep} is not empty")
    figures = asyncio.run(_soak(chosen.minutes, seed, chosen.keep))
    print(summary(figures))
    return 1 if figures["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
