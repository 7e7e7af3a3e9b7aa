"""Finds out why FFmpeg cannot open a source, where its error does not say so."""

from collections.abc import Mapping
import contextlib
import errno
import http.client
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import av

from ..errors import (
    MalformedMjpegError,
    NoVideoError,
    RedirectLoopError,
    SourceError,
    TransportRefusedError,
    UntrustedCertificateError,
)
from ..frames.image_limits import PIXEL_LIMIT
from .urls import DEFAULT_PORTS, PROTOCOL_WHITELIST

_TLS_SCHEMES: Final = ("https", "rtsps", "rtmps")
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_TIMEOUT: Final = 5.0
"""Seconds for each attempt to find out more."""


def diagnose(
    error: Exception, url: str, options: Mapping[str, str], timeout: float
) -> SourceError | None:
    """Return what is wrong with the source that failed with an error of PyAV; None if unknown. Blocks.

    Takes twice `timeout`, in seconds, at most.
    """
    timeout = min(timeout, _TIMEOUT)
    scheme = urlsplit(url).scheme.lower()
    # FFmpeg's answer to status 461.
    if isinstance(error, OSError) and error.errno == errno.EPROTONOSUPPORT:
        return TransportRefusedError("461 Unsupported Transport")
    verifies = options.get("tls_verify") == "1" and scheme in _TLS_SCHEMES
    if verifies and isinstance(error, OSError) and _is_untrusted(url, timeout):
        return UntrustedCertificateError("the certificate cannot be verified")
    return _diagnose_http(error, url, options, timeout) if scheme in {"http", "https"} else None


def _diagnose_http(
    error: Exception, url: str, options: Mapping[str, str], timeout: float
) -> SourceError | None:
    if isinstance(error, av.EOFError):
        return NoVideoError("the source ended before its first frame")
    if isinstance(error, av.InvalidDataError) and _contains_jpegs(url, options, timeout):
        return MalformedMjpegError("JPEGs in parts that FFmpeg does not accept")
    # FFmpeg's answer to the ninth redirect, among others.
    is_io_error = isinstance(error, OSError) and error.errno == errno.EIO
    if is_io_error and options.get("tls_verify") != "1" and _redirects(url, timeout):
        return RedirectLoopError("the server redirects again and again")
    return None


def _redirects(url: str, timeout: float) -> bool:
    """Return whether an HTTP server answers with a redirect. Sends no credentials."""
    parts = urlsplit(url)
    address = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme.lower()]
    connection: http.client.HTTPConnection
    if parts.scheme.lower() == "https":
        context = ssl._create_unverified_context()  # noqa: S323, SLF001  # not verified for FFmpeg either
        connection = http.client.HTTPSConnection(*address, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(*address, timeout=timeout)
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    with contextlib.closing(connection):
        try:
            connection.request("GET", target)
            return connection.getresponse().status in _REDIRECTS
        except OSError, ValueError, http.client.HTTPException:
            return False


def _is_untrusted(url: str, timeout: float) -> bool:
    """Return whether the certificate of a TLS server is invalid. Sends nothing but the handshake."""
    parts = urlsplit(url)
    address = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme.lower()]
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection(address, timeout) as connection,
            context.wrap_socket(connection, server_hostname=parts.hostname),
        ):
            return False
    except ssl.SSLCertVerificationError:
        return True
    except OSError, ValueError:
        # ValueError: not a valid host name.
        return False


def _contains_jpegs(url: str, options: Mapping[str, str], timeout: float) -> bool:
    """Return whether FFmpeg finds JPEGs in the bytes of a source, whatever is between them."""
    try:
        # FFmpeg logs other data as a fatal error.
        with (
            av.logging.Capture(),
            av.open(
                url,
                format="mjpeg",
                options={
                    **options,
                    **PIXEL_LIMIT,
                    "protocol_whitelist": PROTOCOL_WHITELIST,
                    # Otherwise FFmpeg would also measure the frame rate.
                    "fpsprobesize": "0",
                    "analyzeduration": "100000",
                },
                timeout=(timeout, timeout),
            ) as container,
        ):
            return container.streams.video[0].width > 0
    except av.FFmpegError, OSError, ValueError, IndexError:
        return False
