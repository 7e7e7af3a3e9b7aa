"""A real RTSP server for the tests: GStreamer's, run by the system's Python with its `gi` bindings.

Its protocol is the JSON lines of `json_process.py`; it exits at the end of standard input. `rtsp.py` is
the client and documents the commands; `rtsp_mounts.py` contains the mounts.

Written for the Python that Debian 12 has, 3.11, and for its GStreamer, 1.22. Clients and streams
run in threads of GStreamer, commands in the main thread; `House.lock` guards what both touch.
"""

import contextlib
import json
import sys
import threading
from typing import IO, Any

from .rtsp_gst import GLib, Gst, GstRtsp, GstRtspServer
from .rtsp_mounts import House, Mount, tell

ANYBODY = "anybody"
"""The role of clients without a user name."""


class Server:
    """The RTSP server and its commands."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.house = House(settings["python"], settings["epoch"])
        self.loop = GLib.MainLoop()
        self._mounts: dict[str, Mount] = {}
        self._abandoned: list[Mount] = []
        self._auth = GstRtspServer.RTSPAuth()
        self._auth.set_supported_methods(getattr(GstRtsp.RTSPAuthMethod, settings["auth"].upper()))
        self._auth.set_default_token(token(ANYBODY))
        self._server = GstRtspServer.RTSPServer()
        self._server.set_address("127.0.0.1")
        self._server.set_service(str(settings["port"]))
        self._server.set_auth(self._auth)
        self._server.connect("client-connected", self._connected)
        self._source = self._server.attach(None)
        if self._source == 0:
            tell(event="unavailable", reason=f"port {settings['port']} is taken")
            sys.exit(1)
        port = self._server.get_bound_port()
        self._server.set_service(str(port))
        tell(event="ready", port=port)

    def handle(self, line: str) -> None:
        """Execute a command, in the main thread."""
        request: dict[str, Any] = json.loads(line)
        number = request.pop("id")
        try:
            getattr(self, f"do_{request.pop('do')}")(**request)
        except Exception as error:  # noqa: BLE001  # reported to the caller
            tell(id=number, error=repr(error))
        else:
            tell(id=number)

    def do_mount(self, path: str, options: dict[str, Any]) -> None:
        """Add a mount."""
        mount = Mount(self.house, path, options)
        permissions = GstRtspServer.RTSPPermissions()
        user = options["username"]
        # "May look but not make" is what GstRTSPAuth answers with a challenge; "may not look" is
        # answered with 404.
        role_of_user = f"user-{user.encode().hex()}"
        for role, may in ((ANYBODY, not user), (role_of_user, True)):
            permissions.add_role(role)
            permissions.add_permission_for_role(role, "media.factory.access", True)
            permissions.add_permission_for_role(role, "media.factory.construct", may)
        if user:
            self._auth.add_basic(
                GstRtspServer.RTSPAuth.make_basic(user, options["password"]), token(role_of_user)
            )
            self._auth.add_digest(user, options["password"], token(role_of_user))
        mount.factory.set_permissions(permissions)
        with self.house.lock:
            self._mounts[path] = mount
        self._server.get_mount_points().add_factory(path, mount.factory)

    def do_unmount(self, path: str) -> None:
        """Remove a mount and disconnect its clients."""
        self._server.get_mount_points().remove_factory(path)
        self.do_disconnect(path)
        with self.house.lock:
            mount = self._mounts.pop(path)
        if not mount.abandon():
            self._abandoned.append(mount)

    def do_change(self, path: str, options: dict[str, Any]) -> None:
        """Change a mount from its next stream on."""
        self._mounts[path].set(options)

    def do_refuse(self, path: str, status: int) -> None:
        """Answer new clients of a path with an error; 0 accepts again."""
        self._mounts[path].refusal = status

    def do_flow(self, path: str, word: str) -> None:
        """Freeze, thaw or reformat a mount's stream, or shift its stamps."""
        self._mounts[path].tell(word)

    def do_disconnect(self, path: str) -> None:
        """Close all connections of a path."""
        with self.house.lock:
            watchers = set(self._mounts[path].watchers)
        for client in watchers:
            # Its own thread then closes it; `close` in this thread may leave that one reading for ever.
            with contextlib.suppress(GLib.Error):  # it has left meanwhile
                client.get_connection().get_read_socket().shutdown(True, True)

    def do_accept(self, *, accept: bool) -> None:
        """Accept or refuse new connections; existing ones continue."""
        if not accept and self._source:
            GLib.source_remove(self._source)
            self._source = 0
        elif accept and not self._source:
            self._source = self._server.attach(None)

    def close(self) -> None:
        """End all streams."""
        for path in list(self._mounts):
            self.do_unmount(path)
        for mount in self._abandoned:
            mount.close()
        self.house.close()

    def _connected(self, _server: Any, client: Any) -> None:
        client.connect("pre-describe-request", self._describe)
        client.connect("play-request", self._watch)
        client.connect("teardown-request", lambda client, _context: self._leave(client))
        client.connect("closed", self._leave)

    def _mount_of(self, context: Any) -> Mount | None:
        # A client may request the path with a trailing slash, or a track below it.
        path = context.uri.abspath
        with self.house.lock:
            return next(
                (m for m in self._mounts.values() if f"{path}/".startswith(f"{m.path}/")), None
            )

    def _describe(self, _client: Any, context: Any) -> Any:
        mount = self._mount_of(context)
        return GstRtsp.RTSPStatusCode((mount and mount.refusal) or 200)

    def _watch(self, client: Any, context: Any) -> None:
        mount = self._mount_of(context)
        if mount is None:
            return
        with self.house.lock:
            if client not in mount.watchers:
                mount.watchers.add(client)
                mount.ever += 1
        self._tell_watchers(mount)

    def _leave(self, client: Any) -> None:
        with self.house.lock:
            left = [mount for mount in self._mounts.values() if client in mount.watchers]
            for mount in left:
                mount.watchers.discard(client)
        for mount in left:
            self._tell_watchers(mount)

    def _tell_watchers(self, mount: Mount) -> None:
        with self.house.lock:
            tell(event="watchers", path=mount.path, now=len(mount.watchers), ever=mount.ever)


def token(role: str) -> Any:
    """Return the token of a role."""
    made = GstRtspServer.RTSPToken()
    made.set_string("media.factory.role", role)
    return made


def listen(server: Server, stdin: IO[str]) -> None:
    """Pass lines to the main thread; quit its loop at the end of input."""
    for line in stdin:
        GLib.idle_add(server.handle, line)
    GLib.idle_add(server.loop.quit)


def main() -> None:
    """Serve until the end of standard input."""
    Gst.init(None)
    server = Server(json.loads(sys.argv[1]))
    threading.Thread(target=listen, args=(server, sys.stdin), name="commands", daemon=True).start()
    server.loop.run()
    server.close()


if __name__ == "__main__":
    main()
