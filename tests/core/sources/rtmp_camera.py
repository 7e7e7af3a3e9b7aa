"""An RTMP camera: as much of a server (RTMP 1.0) as FFmpeg needs to play a stream."""

import contextlib
import io
import socket
import struct
import threading
from typing import Final

import av

from .http_camera import video

_CHUNK: Final = 1 << 20
"""Bytes per chunk: each message is one."""
_HANDSHAKE: Final = 1536
_AUDIO_VIDEO_STREAM: Final = 1


def _amf(*values: str | float | dict[str, str] | None) -> bytes:
    """Encode values as AMF 0."""
    encoded = b""
    for value in values:
        match value:
            case str():
                encoded += b"\x02" + struct.pack(">H", len(value)) + value.encode()
            case dict():
                pairs = ((key.encode(), _amf(text)) for key, text in value.items())
                fields = b"".join(struct.pack(">H", len(key)) + key + text for key, text in pairs)
                encoded += b"\x03" + fields + b"\0\0\x09"
            case None:
                encoded += b"\x05"
            case _:
                encoded += b"\x00" + struct.pack(">d", value)
    return encoded


def _message(kind: int, body: bytes, *, stream: int = 0, time: int = 0) -> bytes:
    """Return a message as one chunk with a full header."""
    head = b"\x03" + time.to_bytes(3) + len(body).to_bytes(3) + bytes([kind])
    return head + stream.to_bytes(4, "little") + body


def _tags() -> list[tuple[int, int, bytes]]:
    """Return type, time (ms) and body of the tags of a video in FLV."""
    made = io.BytesIO()
    with (
        av.open(io.BytesIO(video("mpegts")), "r") as source,
        av.open(made, "w", format="flv") as output,
    ):
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    data, offset, tags = made.getvalue(), 13, []
    while offset + 11 <= len(data):
        size = int.from_bytes(data[offset + 1 : offset + 4])
        time = int.from_bytes(data[offset + 4 : offset + 7])
        tags.append((data[offset], time, data[offset + 11 : offset + 11 + size]))
        offset += 15 + size
    return tags


class RtmpCamera:
    """Serves one client the test pattern, then ends the connection."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self._tags = _tags()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtmp://127.0.0.1:{self._socket.getsockname()[1]}/live/porch"
        self._thread = threading.Thread(target=self._serve, name="rtmp camera")
        self._thread.start()

    def close(self) -> None:
        """End the server and its thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._socket.accept()
            client.settimeout(5)
            with client:
                self._play(client)

    def _play(self, client: socket.socket) -> None:
        hello = b""
        while len(hello) < 1 + _HANDSHAKE:
            hello += client.recv(4096)
        client.sendall(b"\x03" + bytes(_HANDSHAKE) + hello[1 : 1 + _HANDSHAKE])
        heard = hello[1 + _HANDSHAKE :]
        client.sendall(_message(1, _CHUNK.to_bytes(4)))
        said = {
            b"connect": _message(
                20, _amf("_result", 1.0, {}, {"code": "NetConnection.Connect.Success"})
            ),
            b"createStream": _message(20, _amf("_result", 2.0, None, float(_AUDIO_VIDEO_STREAM))),
            b"play": _message(
                20,
                _amf("onStatus", 0.0, None, {"level": "status", "code": "NetStream.Play.Start"}),
                stream=_AUDIO_VIDEO_STREAM,
            ),
        }
        for command, answer in said.items():
            while command not in heard:
                heard += client.recv(4096)
            client.sendall(answer)
        for kind, time, body in self._tags:
            client.sendall(_message(kind, body, stream=_AUDIO_VIDEO_STREAM, time=time))
