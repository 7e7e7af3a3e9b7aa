"""GStreamer's bindings of the system's Python, for the tests' RTSP server.

Without them the server sends the event `unavailable` and exits.
"""

import json
import sys

__all__ = ["GLib", "Gst", "GstRtsp", "GstRtspServer"]

try:
    import gi  # type: ignore[import-not-found]  # the system has it, or the server says so

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import (  # type: ignore[import-not-found]  # the system has it, or the server says so
        GLib,
        Gst,
        GstRtsp,
        GstRtspServer,
    )
except (ImportError, ValueError) as error:
    sys.stdout.write(json.dumps({"event": "unavailable", "reason": str(error)}) + "\n")
    sys.exit(1)
