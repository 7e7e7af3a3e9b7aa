"""The errors of Retrocam's core, one small tree.

Each class has a `code`, which is also the key of its translation. An error subclasses the nearest
builtin as well, so that a caller who knows nothing of Retrocam still catches what it expects.
"""

from typing import ClassVar


class RetrocamError(Exception):
    """The root of all errors that Retrocam raises on purpose."""

    code: ClassVar[str] = "unknown"
    """Stable name of the error, and its translation key."""


class BusyError(RetrocamError, RuntimeError):
    """Raised when too many callers ask for the same costly work at once."""

    code = "busy"


class SourceError(RetrocamError):
    """A source of video could not be used. Raised while it is opened or read."""

    code = "cannot_connect"


class CannotConnectError(SourceError, ConnectionError):
    """Nothing that speaks the protocol answers at the source's address."""

    code = "cannot_connect"


class SourceTimeoutError(SourceError, TimeoutError):
    """The source accepted the connection, or swallowed it, and then kept silent."""

    code = "timeout"


class InvalidAuthError(SourceError, PermissionError):
    """The source wants a user name and password, or other ones."""

    code = "invalid_auth"


class ForbiddenError(SourceError, PermissionError):
    """The source knows the user and refuses all the same."""

    code = "forbidden"


class NotFoundError(SourceError, LookupError):
    """The source's server has nothing at this path."""

    code = "not_found"


class NoVideoError(SourceError, ValueError):
    """The source answers, but with something that holds no video that can be decoded."""

    code = "no_video"


class InvalidUrlError(SourceError, ValueError):
    """The text is no absolute URL with a host."""

    code = "invalid_url"


class UnsupportedSchemeError(InvalidUrlError):
    """The URL's scheme is none of those that Retrocam opens."""

    code = "unsupported_scheme"


class StorageError(RetrocamError, OSError):
    """Raised when media cannot be written, read or deleted, for a reason not named below."""

    code = "storage_failed"


class StorageFullError(StorageError):
    """Raised when the disk is full, or would hold less free space than it must."""

    code = "storage_full"


class StorageReadOnlyError(StorageError):
    """Raised when the directory may not be written to."""

    code = "storage_read_only"


class StorageMissingError(StorageError):
    """Raised when the directory is gone: removed, or its drive unplugged."""

    code = "storage_missing"


class MediaExistsError(RetrocamError, FileExistsError):
    """Raised when a file is to be written where there is one already."""

    code = "file_exists"


class StorageSlowError(StorageError):
    """Raised when the disk takes a clip more slowly than the camera sends it."""

    code = "storage_slow"


class ClipEndedError(RetrocamError, RuntimeError):
    """Raised when a clip is to be made longer that has ended already."""

    code = "clip_ended"


class MediaNotFoundError(RetrocamError, FileNotFoundError):
    """Raised when no media file of that name is kept, or no longer."""

    code = "media_not_found"


class TimelapseEmptyError(RetrocamError, ValueError):
    """Raised when a timelapse would hold no picture at all."""

    code = "timelapse_empty"


class TimelapseRunningError(RetrocamError, RuntimeError):
    """Raised when a timelapse is asked for while another one of the same camera is being made."""

    code = "timelapse_running"


class TimelapseCancelledError(RetrocamError):
    """Raised when a timelapse was stopped before its end."""

    code = "timelapse_cancelled"


class PlayError(RetrocamError):
    """What was to be played cannot be. Raised while it is looked up, opened or read."""

    code = "unsupported"
    needs_javascript: bool = False
    """Whether a JavaScript runtime might help: the site wants one, and none was found."""
    outdated: bool = False
    """Whether a newer yt-dlp might help: the one that is installed is months old."""


class PlayNotFoundError(PlayError, LookupError):
    """Nothing is there: no such video, no hit of a search, or it was removed."""

    code = "not_found"


class PlayPrivateError(PlayError, PermissionError):
    """Only its owner, members or signed-in users may watch it."""

    code = "private"


class GeoBlockedError(PlayError, PermissionError):
    """It may not be watched in this country."""

    code = "geo_blocked"


class AgeRestrictedError(PlayError, PermissionError):
    """It is for adults who have signed in."""

    code = "age_restricted"


class BotCheckError(PlayError, PermissionError):
    """The site wants a proof that a human watches."""

    code = "bot_check"


class DrmError(PlayError, PermissionError):
    """It is encrypted for players that are licensed to show it."""

    code = "drm"


class RateLimitedError(PlayError, ConnectionError):
    """The site was asked too often from here."""

    code = "rate_limited"


class UnsupportedMediaError(PlayError, ValueError):
    """It is no http(s) URL, or holds neither picture nor sound that can be decoded."""

    code = "unsupported"


class UpcomingError(PlayError, ValueError):
    """It is announced and has not begun."""

    code = "upcoming"


class NoFormatsError(PlayError, ValueError):
    """The site offers it in no form that can be played."""

    code = "no_formats"


class PlayTimeoutError(PlayError, TimeoutError):
    """The site did not answer in time, or the media stalled for too long."""

    code = "timeout"


class PlayNetworkError(PlayError, ConnectionError):
    """The connection could not be made, or broke too often."""

    code = "network"


class MediaRefusedError(PlayNetworkError):
    """The server answered 401, 403 or 410: mostly the URL has expired and must be resolved again."""


class BlockedAddressError(PlayError, PermissionError):
    """The URL leads to an address of the private network, and only public ones are allowed."""

    code = "blocked_address"


class NotAMemberError(RetrocamError, ValueError):
    """Raised when a camera is to be the main one of a grid that it is no member of."""

    code = "not_a_member"


class ShareError(RetrocamError, PermissionError):
    """A guest may not do what was asked for on a share page."""

    code = "forbidden"


class WrongPinError(ShareError):
    """The PIN is not that of the page; or there is no such page, which is not told apart."""

    code = "wrong_pin"


class LockedOutError(ShareError):
    """No PIN may be tried now; `retry_after` says in how many seconds."""

    code = "locked_out"

    def __init__(self, retry_after: int) -> None:
        """Refuse for so many seconds."""
        super().__init__(f"no PIN may be tried for {retry_after} s")
        self.retry_after = retry_after


class DamagedPacketError(RetrocamError, ValueError):
    """A packet of the cell stream, or a message of its client, that nobody of us has written."""

    code = "damaged_packet"


class InvalidFrameError(RetrocamError, ValueError):
    """Raised when bytes are no whole JPEG, or a picture cannot be encoded, decoded or turned."""

    code = "invalid_frame"


class PictureTooLargeError(SourceError, InvalidFrameError):
    """Raised before a picture is decoded that has too many pixels, or a JPEG of too many scans."""

    code = "picture_too_large"


class FrameOverwrittenError(RetrocamError, LookupError):
    """Raised when a frame was asked for after newer ones took its place in the ring."""

    code = "frame_overwritten"


class FrameNotReadyError(RetrocamError, LookupError):
    """Raised when a frame was asked for before it came."""

    code = "frame_not_ready"


class RingStoppedError(RetrocamError, RuntimeError):
    """Raised when a frame is added to, or awaited from, a ring that has been stopped."""

    code = "ring_stopped"


class FragmentError(RetrocamError, ValueError):
    """Bytes that should be the init or a part of a fragmented MP4, and are not, or are damaged."""

    code = "damaged_fragment"


class DecodeError(RetrocamError, ValueError):
    """Video in a codec that cannot be decoded, or so damaged that no picture came out."""

    code = "cannot_decode"
