"""A GStreamer RTSP server that sends a clip unchanged."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import subprocess

RTSP_SERVER = """
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f'( filesrc location="{sys.argv[1]}" ! qtdemux ! h264parse config-interval=-1 '
                   '! rtph264pay name=pay0 pt=96 )')
server = GstRtspServer.RTSPServer()
server.set_service("0")
server.get_mount_points().add_factory("/clip", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@contextmanager
def rtsp(clip: Path) -> Iterator[str | None]:
    """Serve a clip over RTSP; yields None without a GStreamer RTSP server."""
    command = ["/usr/bin/python3", "-s", "-c", RTSP_SERVER, str(clip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        port = server.stdout.readline().decode().strip() if server.stdout else ""
        try:
            yield f"rtsp://127.0.0.1:{port}/clip" if port else None
        finally:
            server.kill()
