"""The program of the process of look-ups: `python -I -S child.py PACKAGE FOLDER SYS_PATH`.

It imports the integration's `core` under its own name, but not the integration itself, which would load
Home Assistant. Standard input is the socket by which connections arrive.
"""

import gc
import importlib
import json
import os
from pathlib import Path
import socket
import sys
import traceback
from types import ModuleType


def main() -> None:
    """Serve until the parent closes the socket, or ends."""
    package, folder = sys.argv[1], Path(sys.argv[2])
    sys.path[:] = json.loads(sys.argv[3])
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    _stand_in(package, folder)
    lookup = f"{package}.core.player.lookup"
    server = importlib.import_module(f"{lookup}.fork_server")
    try:
        importlib.import_module(f"{lookup}.limits").set_limits()
        work = importlib.import_module(f"{lookup}.worker").warm_up()
    except Exception:  # noqa: BLE001  # told to the parent, which logs it
        messages = importlib.import_module(f"{lookup}.messages")
        answer = messages.framed(messages.dump_crash(traceback.format_exc()))

        def work(connection: socket.socket) -> None:
            connection.sendall(answer)

    # So that children share the pages of what is loaded.
    gc.collect()
    gc.freeze()
    server.ForkServer(control, work).run()


def _stand_in(package: str, folder: Path) -> None:
    """Put empty packages in the places of the integration's own, whose modules are found as ever."""
    for name in (package.rpartition(".")[0], package):
        if name:
            module = ModuleType(name)
            module.__path__ = [str(folder if name == package else folder.parent)]
            sys.modules[name] = module


if __name__ == "__main__":
    main()
