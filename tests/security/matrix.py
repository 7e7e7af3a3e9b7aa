"""The access matrix: the responses. A row for everything registered, a column for each caller.

nobody   no login, no cookie
guest    cookie of a share page with history and rewinding, without control
control  cookie of a share page with control, without history and rewinding
reader   Home Assistant's read-only group
blind    may control every entity and read none
own      a user with a policy for camera.porch and the player called Screen, who requests these
other    the same user, who requests another camera and player
user     Home Assistant's user group
admin    an administrator
"""

from typing import Final

COLUMNS: Final = (
    "nobody",
    "guest",
    "control",
    "reader",
    "blind",
    "own",
    "other",
    "user",
    "admin",
)

# Statuses. 404 of audio and of footage: nothing plays, or is held, but the caller has access. 400 of
# cells: not a WebSocket.
VIEWS: Final = """
                                             nobody guest control reader blind own  other user admin
GET  /api/retrocam/live/{entry_id}.ts          403   403   403     403    403   403  403   403  403
HEAD /api/retrocam/live/{entry_id}.ts          403   403   403     403    403   403  403   403  403
GET  /api/retrocam/mjpeg/{entry_id}            403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/mjpeg/{entry_id}            403   403   403     200    403   200  403   200  200
GET  /api/retrocam/mjpeg/{entry_id}/viewer     403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/mjpeg/{entry_id}/viewer     403   403   403     200    403   200  403   200  200
GET  /api/retrocam/mjpeg/{entry_id}/frames/{index} \
                                               403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/mjpeg/{entry_id}/frames/{index} \
                                               403   403   403     200    403   200  403   200  200
GET  /api/retrocam/footage/{entry_id}          403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/footage/{entry_id}          403   403   403     200    403   200  403   200  200
GET  /api/retrocam/footage/{entry_id}/frame    403   403   403     404    403   404  403   404  404
HEAD /api/retrocam/footage/{entry_id}/frame    403   403   403     404    403   404  403   404  404
GET  /api/retrocam/footage/{entry_id}/playlist.m3u8 \
                                               403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/footage/{entry_id}/playlist.m3u8 \
                                               403   403   403     200    403   200  403   200  200
GET  /api/retrocam/footage/{entry_id}/master.m3u8 \
                                               403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/footage/{entry_id}/master.m3u8 \
                                               403   403   403     200    403   200  403   200  200
GET  /api/retrocam/footage/{entry_id}/media/{epoch}/{name} \
                                               403   403   403     404    403   404  403   404  404
HEAD /api/retrocam/footage/{entry_id}/media/{epoch}/{name} \
                                               403   403   403     404    403   404  403   404  404
GET  /api/retrocam/preview/{flow_id}           403   403   403     403    403   403  403   403  200
HEAD /api/retrocam/preview/{flow_id}           403   403   403     403    403   403  403   403  200
GET  /api/retrocam/cells/{entry_id}            403   403   403     101    403   101  403   101  101
HEAD /api/retrocam/cells/{entry_id}            403   403   403     400    403   400  403   400  400
GET  /api/retrocam/audio/{entry_id}/{session}/{epoch}/{start_us}.aac \
                                               403   403   403     404    403   404  403   404  404
HEAD /api/retrocam/audio/{entry_id}/{session}/{epoch}/{start_us}.aac \
                                               403   403   403     404    403   404  403   404  404
GET  /api/retrocam/{kind}/{entry_id}           403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/{kind}/{entry_id}           403   403   403     200    403   200  403   200  200
GET  /api/retrocam/{kind}/{entry_id}/{filename} \
                                               403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/{kind}/{entry_id}/{filename} \
                                               403   403   403     200    403   200  403   200  200
GET  /api/retrocam/thumbnails/{entry_id}/{filename} \
                                               403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/thumbnails/{entry_id}/{filename} \
                                               403   403   403     200    403   200  403   200  200
"""

# The share pages accept only cookies, no logins. 400: access, but there is nothing to play, or no grid.
# 404 of footage: access, but nothing is held.
SHARE_VIEWS: Final = """
                                             nobody guest control reader blind own  other user admin
GET  /retrocam/{slug}                          200   200   200     200    200   200  200   200  200
HEAD /retrocam/{slug}                          200   200   200     200    200   200  200   200  200
GET  /retrocam/{slug}/assets/{name}            200   200   200     200    200   200  200   200  200
HEAD /retrocam/{slug}/assets/{name}            200   200   200     200    200   200  200   200  200
POST /retrocam/{slug}/unlock                   400   400   400     400    400   400  400   400  400
GET  /retrocam/{slug}/info                     401   200   200     401    401   401  401   401  401
HEAD /retrocam/{slug}/info                     401   200   200     401    401   401  401   401  401
GET  /retrocam/{slug}/cells                    401   101   101     401    401   401  401   401  401
HEAD /retrocam/{slug}/cells                    401   400   400     401    401   401  401   401  401
GET  /retrocam/{slug}/mjpeg                    401   200   200     401    401   401  401   401  401
HEAD /retrocam/{slug}/mjpeg                    401   200   200     401    401   401  401   401  401
GET  /retrocam/{slug}/audio/{session}/{epoch}/{start_us}.aac \
                                               401   404   404     401    401   401  401   401  401
HEAD /retrocam/{slug}/audio/{session}/{epoch}/{start_us}.aac \
                                               401   404   404     401    401   401  401   401  401
GET  /retrocam/{slug}/snapshots                401   200   403     401    401   401  401   401  401
HEAD /retrocam/{slug}/snapshots                401   200   403     401    401   401  401   401  401
GET  /retrocam/{slug}/snapshots/{filename}     401   200   403     401    401   401  401   401  401
HEAD /retrocam/{slug}/snapshots/{filename}     401   200   403     401    401   401  401   401  401
GET  /retrocam/{slug}/thumbnails/{filename}    401   200   403     401    401   401  401   401  401
HEAD /retrocam/{slug}/thumbnails/{filename}    401   200   403     401    401   401  401   401  401
GET  /retrocam/{slug}/footage                  401   200   403     401    401   401  401   401  401
HEAD /retrocam/{slug}/footage                  401   200   403     401    401   401  401   401  401
GET  /retrocam/{slug}/footage/frame            401   404   403     401    401   401  401   401  401
HEAD /retrocam/{slug}/footage/frame            401   404   403     401    401   401  401   401  401
GET  /retrocam/{slug}/footage/playlist.m3u8    401   200   403     401    401   401  401   401  401
HEAD /retrocam/{slug}/footage/playlist.m3u8    401   200   403     401    401   401  401   401  401
GET  /retrocam/{slug}/footage/media/{epoch}/{name} \
                                               401   404   403     401    401   401  401   401  401
HEAD /retrocam/{slug}/footage/media/{epoch}/{name} \
                                               401   404   403     401    401   401  401   401  401
POST /retrocam/{slug}/play                     401   403   400     401    401   401  401   401  401
POST /retrocam/{slug}/pause                    401   403   200     401    401   401  401   401  401
POST /retrocam/{slug}/stop                     401   403   200     401    401   401  401   401  401
POST /retrocam/{slug}/seek                     401   403   200     401    401   401  401   401  401
POST /retrocam/{slug}/preset                   401   403   200     401    401   401  401   401  401
POST /retrocam/{slug}/layout                   401   403   400     401    401   401  401   401  401
POST /retrocam/{slug}/lock                     204   204   204     204    204   204  204   204  204
"""

# `hidden`: answered without the requested item. `auth`: no connection without a login.
COMMANDS: Final = """
                           nobody guest control reader blind     own other     user admin
retrocam/instances         auth   auth  auth    ok     hidden    ok  hidden    ok   ok
retrocam/lookback/subscribe auth auth auth   ok     not_found ok  not_found ok   ok
retrocam/media/list        auth   auth  auth    ok     not_found ok  not_found ok   ok
retrocam/media/subscribe   auth   auth  auth    ok     not_found ok  not_found ok   ok
retrocam/footage/subscribe auth   auth  auth    ok     not_found ok  not_found ok   ok
retrocam/player/subscribe  auth   auth  auth    ok     not_found ok  not_found ok   ok
retrocam/urls              auth   auth  auth    ok     not_found ok  not_found ok   ok
"""

# `no`: rejected for lack of control, which Home Assistant requires for every action. `read`: rejected
# for lack of the right to read. `in`: accepted, with the response of DATA in the test.
ACTIONS: Final = """
                  nobody guest control reader blind own  other user admin
record            auth   auth  auth    no     read  in   no    in   in
extend_recording  auth   auth  auth    no     read  in   no    in   in
stop_recording    auth   auth  auth    no     read  in   no    in   in
list_recordings   auth   auth  auth    no     read  in   no    in   in
list_snapshots    auth   auth  auth    no     read  in   no    in   in
list_footage      auth   auth  auth    no     read  in   no    in   in
take_snapshot     auth   auth  auth    no     read  in   no    in   in
set_layout        auth   auth  auth    no     read  in   no    in   in
export_timelapse  auth   auth  auth    no     read  in   no    in   in
delete_media      auth   auth  auth    no     no    no   no    no   in
ascii_frame       auth   auth  auth    no     read  in   no    in   in
play              auth   auth  auth    no     read  in   no    in   in
"""

# Media source: the request, and its depth. Each is made for all three kinds of media. There is no tape.
MEDIA: Final = """
                                           nobody guest control reader blind  own  other  user admin
browse_media                               auth   auth  auth    ok     hidden ok   hidden ok   ok
browse_media {entry_id}                    auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/{kind}             auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/{kind}/{day}       auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/{kind}/{day}/{span} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/{kind}/{day}/{name} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/tape \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/tape/{day} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/tape/{day}/{hour} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
resolve_media                              auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}                   auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/{kind}            auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/{kind}/{day}      auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/{kind}/{day}/{span} \
                                           auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/{kind}/{day}/{name} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
resolve_media {entry_id}/tape \
                                           auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/tape/{day} \
                                           auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/tape/{day}/{hour} \
                                           auth   auth  auth    no     no     no   no     no   no
search_media                               auth   auth  auth    ok     hidden ok   hidden ok   ok
search_media {entry_id}                    auth   auth  auth    ok     no     ok   no     ok   ok
search_media {entry_id}/{kind}             auth   auth  auth    ok     no     ok   no     ok   ok
search_media {entry_id}/{kind}/{day}       auth   auth  auth    ok     no     ok   no     ok   ok
search_media {entry_id}/{kind}/{day}/{span} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
search_media {entry_id}/{kind}/{day}/{name} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
search_media {entry_id}/tape \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
search_media {entry_id}/tape/{day} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
search_media {entry_id}/tape/{day}/{hour} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
"""

type Matrix = dict[str, str]
"""The cells of each row, in a line."""


def rows(text: str) -> Matrix:
    """Parse a table."""
    first, *lines = text.replace("\\\n", "").strip().splitlines()
    assert tuple(first.split()) == COLUMNS
    split = [line.rsplit(maxsplit=len(COLUMNS)) for line in lines]
    return {" ".join(name.split()): " ".join(cells) for name, *cells in split}
