"""Errors of Retrocam's core.

Each class has a `code`, which is also its translation key. An error also subclasses the nearest
builtin, so that callers without knowledge of Retrocam catch what they expect.
"""

from typing import ClassVar


class RetrocamError(Exception):
    """Base of all errors that Retrocam raises on purpose."""

    code: ClassVar[str] = "unknown"
    """Stable name of the error, and its translation key. Inherited unless given."""

    def __init_subclass__(cls, code: str | None = None) -> None:
        """Set the code given as a class keyword."""
        super().__init_subclass__()
        if code is not None:
            cls.code = code


class BusyError(RetrocamError, RuntimeError, code="busy"):
    """Too many callers request the same costly work at once."""


class SourceError(RetrocamError, code="cannot_connect"):
    """A video source cannot be used. Raised while it is opened or read."""


class CannotConnectError(SourceError, ConnectionError):
    """Nothing at the source's address answers in its protocol."""


class SourceTimeoutError(SourceError, TimeoutError, code="timeout"):
    """The source does not answer in time, with or without a connection."""


class FrameTimeoutError(SourceTimeoutError):
    """The source answers, but sends no frame in time."""


class InvalidAuthError(SourceError, PermissionError, code="invalid_auth"):
    """The source requires credentials, or rejects the given ones."""


class ForbiddenError(SourceError, PermissionError, code="forbidden"):
    """The source denies access to the authenticated user."""


class NotFoundError(SourceError, LookupError, code="not_found"):
    """The source's server has nothing at this path."""


class NoVideoError(SourceError, ValueError, code="no_video"):
    """The source answers without video that can be decoded."""


class TransportRefusedError(SourceError, ConnectionError, code="transport_refused"):
    """The RTSP server does not support the transport: TCP, UDP..."""


class UntrustedCertificateError(SourceError, ConnectionError, code="untrusted_certificate"):
    """The source's certificate cannot be verified, as the user requires."""


class MalformedMjpegError(NoVideoError, code="malformed_mjpeg"):
    """The source sends JPEGs without the boundaries or types that FFmpeg requires."""


class StillImageError(NoVideoError, code="still_image"):
    """The source sends one picture and ends."""


class RedirectLoopError(SourceError, ConnectionError, code="redirect_loop"):
    """The HTTP server redirects again and again."""


class InvalidUrlError(SourceError, ValueError, code="invalid_url"):
    """The text is not an absolute URL with a host."""


class UnsupportedSchemeError(InvalidUrlError, code="unsupported_scheme"):
    """Retrocam does not open URLs of this scheme."""


class StorageError(RetrocamError, OSError, code="storage_failed"):
    """Media cannot be written, read or deleted, for a reason other than those of the subclasses."""


class StorageFullError(StorageError, code="storage_full"):
    """The disk is full, or would have less free space than its limit."""


class StorageReadOnlyError(StorageError, code="storage_read_only"):
    """The directory is not writable."""


class StorageMissingError(StorageError, code="storage_missing"):
    """The directory is missing: removed, or its drive unplugged."""


class MediaExistsError(RetrocamError, FileExistsError, code="file_exists"):
    """A file to be written exists already."""


class StorageSlowError(StorageError, code="storage_slow"):
    """The disk writes a clip more slowly than the camera sends it."""


class ClipEndedError(RetrocamError, RuntimeError, code="clip_ended"):
    """A clip to be extended has ended already."""


class MediaNotFoundError(RetrocamError, FileNotFoundError, code="media_not_found"):
    """The library has no media file of that name, or no longer."""


class TimelapseEmptyError(RetrocamError, ValueError, code="timelapse_empty"):
    """A timelapse would have no image."""


class TimelapseTooLongError(RetrocamError, ValueError, code="timelapse_too_long"):
    """A timelapse of footage would have too many pictures."""


class TimelapseRunningError(RetrocamError, RuntimeError, code="timelapse_running"):
    """Another timelapse of the same camera is being made."""


class TimelapseCancelledError(RetrocamError, code="timelapse_cancelled"):
    """A timelapse was stopped before its end."""


class PlayError(RetrocamError, code="unsupported"):
    """Media cannot be played. Raised while it is looked up, opened or read."""

    needs_javascript: bool = False
    """A JavaScript runtime might help: the site requires one, and none was found."""
    outdated: bool = False
    """A newer yt-dlp might help: the installed one is months old."""


class PlayNotFoundError(PlayError, LookupError, code="not_found"):
    """The video does not exist or was removed, or a search has no hit."""


class PlayPrivateError(PlayError, PermissionError, code="private"):
    """Only its owner, members or signed-in users may watch it."""


class GeoBlockedError(PlayError, PermissionError, code="geo_blocked"):
    """It may not be watched in this country."""


class AgeRestrictedError(PlayError, PermissionError, code="age_restricted"):
    """It requires an adult who is signed in."""


class BotCheckError(PlayError, PermissionError, code="bot_check"):
    """The site requires a proof that the viewer is human."""


class DrmError(PlayError, PermissionError, code="drm"):
    """It is encrypted for licensed players."""


class RateLimitedError(PlayError, ConnectionError, code="rate_limited"):
    """The site received too many requests from this address."""


class QueueFullError(RetrocamError, RuntimeError, code="queue_full"):
    """A player has as many media waiting as it holds."""


class UnsupportedMediaError(PlayError, ValueError):
    """It is not an http(s) URL, or has neither video nor audio that can be decoded."""


class UpcomingError(PlayError, ValueError, code="upcoming"):
    """It is announced and has not begun."""


class NoFormatsError(PlayError, ValueError, code="no_formats"):
    """The site offers no format that can be played."""


class PlayTimeoutError(PlayError, TimeoutError, code="timeout"):
    """The site did not answer in time, or the media stalled for too long."""


class PlayNetworkError(PlayError, ConnectionError, code="network"):
    """The connection failed, or broke too often."""


class MediaRefusedError(PlayNetworkError):
    """The server answered 401, 403 or 410: the URL has probably expired and must be resolved again."""


class BlockedAddressError(PlayError, PermissionError, code="blocked_address"):
    """The URL leads to a private network address where only public ones are allowed."""


class NotAMemberError(RetrocamError, ValueError, code="not_a_member"):
    """The camera to be the main one of a grid is not a member of it."""


class WrongPinError(RetrocamError, PermissionError, code="wrong_pin"):
    """The PIN is wrong, or the share page does not exist: guests cannot tell which."""


class LockedOutError(RetrocamError, PermissionError, code="locked_out"):
    """No PIN may be tried for `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"no PIN may be tried for {retry_after} s")
        self.retry_after = retry_after


class DamagedPacketError(RetrocamError, ValueError, code="damaged_packet"):
    """A packet of the ASCII stream, or a message of its client, is malformed."""


class InvalidFrameError(RetrocamError, ValueError, code="invalid_frame"):
    """The bytes are not a whole image, or it cannot be encoded, decoded or rotated."""


class PictureTooLargeError(SourceError, InvalidFrameError, code="picture_too_large"):
    """An image has too many pixels, or a JPEG too many scans. Raised before it is decoded."""


class FrameOverwrittenError(RetrocamError, LookupError, code="frame_overwritten"):
    """Newer frames replaced the requested one in the ring."""


class FrameNotReadyError(RetrocamError, LookupError, code="frame_not_ready"):
    """The requested frame is still to come."""


class RingStoppedError(RetrocamError, RuntimeError, code="ring_stopped"):
    """A frame is added to, or awaited from, a ring that has been stopped."""


class FragmentError(RetrocamError, ValueError, code="damaged_fragment"):
    """The bytes are not a valid init or part of a fragmented MP4."""


class NotHeldError(RetrocamError, LookupError, code="not_held"):
    """No footage is held of the requested time."""


class DroppedError(NotHeldError):
    """Footage that was held has been dropped since."""


class SpanTooLongError(NotHeldError):
    """More footage is asked for at once than is given."""


class DecodeError(RetrocamError, ValueError, code="cannot_decode"):
    """The codec cannot be decoded, or the video is too damaged to give a frame."""


class GradualRefreshError(DecodeError):
    """The keyframe only begins a gradual refresh: the frames after it are needed as well."""
