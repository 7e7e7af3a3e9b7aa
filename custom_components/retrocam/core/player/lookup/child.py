"""The look-up server's program: `python -I -S child.py PACKAGE FOLDER SYS_PATH`.

Imports the integration's `core` under its own name, but not the integration itself, which would load
Home Assistant. Standard input is the control socket that receives connections.
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
    """Serve until the parent closes the socket or ends."""
    package, folder = sys.argv[1], Path(sys.argv[2])
    sys.path[:] = json.loads(sys.argv[3])
    control = socket.socket(fileno=os.dup(0))
    devnull = os.open(os.devnull, os.O_RDWR)
    os.dup2(devnull, 0)
    _add_namespaces(package, folder)
    lookup = f"{package}.core.player.lookup"
    server = importlib.import_module(f"{lookup}.fork_server")
    try:
        importlib.import_module(f"{lookup}.limits").set_limits()
        work = importlib.import_module(f"{lookup}.worker").warm_up()
    except Exception:  # noqa: BLE001  # sent to the parent, which logs it
        messages = importlib.import_module(f"{lookup}.messages")
        answer = messages.framed(messages.dump_crash(traceback.format_exc()))

        def work(connection: socket.socket) -> None:
            connection.sendall(answer)

    # Children share the memory pages of loaded modules.
    gc.collect()
    gc.freeze()
    server.ForkServer(control, work).run()


def _add_namespaces(package: str, folder: Path) -> None:
    """Register empty packages in place of the integration's, so that its modules can be imported."""
    for name in (package.rpartition(".")[0], package):
        if name:
            module = ModuleType(name)
            module.__path__ = [str(folder if name == package else folder.parent)]
            sys.modules[name] = module


if __name__ == "__main__":
    main()
