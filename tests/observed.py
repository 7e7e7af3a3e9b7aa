"""What this process does: calls of Retrocam into FFmpeg, and files that are opened."""

from collections.abc import Iterator
import contextlib
import sys
from types import CodeType
from typing import Any, Final

from custom_components import retrocam

_TOOL: Final = sys.monitoring.PROFILER_ID
_OURS: Final = retrocam.__path__[0]
_listening: list[list[str]] = []
"""Lists that get the paths of files."""
_hooked: list[bool] = []
"""Not empty once the hook is there, which cannot be removed."""


@contextlib.contextmanager
def ffmpeg_calls() -> Iterator[list[str]]:
    """Collect the functions of PyAV that Retrocam's code calls during a `with` block, in any thread."""
    calls: list[str] = []

    def called(code: CodeType, _offset: int, function: Any, _first: Any) -> Any:
        if not code.co_filename.startswith(_OURS):
            return sys.monitoring.DISABLE
        owner = getattr(function, "__self__", None)
        modules = {str(getattr(function, "__module__", "")), type(owner).__module__}
        if any(module.split(".")[0] == "av" for module in modules):
            calls.append(str(getattr(function, "__qualname__", function)))
        return None

    sys.monitoring.use_tool_id(_TOOL, "retrocam tests")
    try:
        sys.monitoring.register_callback(_TOOL, sys.monitoring.events.CALL, called)
        sys.monitoring.set_events(_TOOL, sys.monitoring.events.CALL)
        sys.monitoring.restart_events()
        yield calls
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.register_callback(_TOOL, sys.monitoring.events.CALL, None)
        sys.monitoring.free_tool_id(_TOOL)


@contextlib.contextmanager
def opened_files() -> Iterator[list[str]]:
    """Collect the paths of the files that Python opens during a `with` block, in any thread."""
    paths: list[str] = []
    if not _hooked:
        sys.addaudithook(_heard)
        _hooked.append(True)
    _listening.append(paths)
    try:
        yield paths
    finally:
        _listening.remove(paths)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str | bytes):
        for paths in _listening:
            paths.append(str(arguments[0]))
