"""The matrix: who gets which answer. A row for all that Retrocam registers, a column for each caller.

nobody   no login, no cookie
guest    cookie of a share page with history, without control
control  cookie of a share page with control, without history
reader   Home Assistant's read-only group
blind    may control every entity and read none
own      a user with a policy for camera.porch and the player called Screen, who asks for these
other    the same user, who asks for another camera and player
user     Home Assistant's group of users
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

# Statuses. 404 of audio: nothing plays, but whoever gets that far has been let in.
VIEWS: Final = """
                                             nobody guest control reader blind own  other user admin
GET  /api/retrocam/live/{entry_id}.ts          403   403   403     403    403   403  403   403  403
GET  /api/retrocam/mjpeg/{entry_id}            403   403   403     200    403   200  403   200  200
GET  /api/retrocam/mjpeg/{entry_id}/viewer     403   403   403     200    403   200  403   200  200
GET  /api/retrocam/mjpeg/{entry_id}/frames/{index} \
                                               403   403   403     200    403   200  403   200  200
HEAD /api/retrocam/mjpeg/{entry_id}/frames/{index} \
                                               403   403   403     200    403   200  403   200  200
GET  /api/retrocam/preview/{flow_id}           403   403   403     403    403   403  403   403  200
GET  /api/retrocam/cells/{entry_id}            403   403   403     101    403   101  403   101  101
GET  /api/retrocam/audio/{entry_id}/{session}/{epoch}/{start_us}.aac \
                                               403   403   403     404    403   404  403   404  404
GET  /api/retrocam/{kind}/{entry_id}           403   403   403     200    403   200  403   200  200
GET  /api/retrocam/{kind}/{entry_id}/{filename} \
                                               403   403   403     200    403   200  403   200  200
GET  /api/retrocam/thumbnails/{entry_id}/{filename} \
                                               403   403   403     200    403   200  403   200  200
"""

# The share pages know no logins, only cookies. 400: let in, but there is nothing to play, or no grid.
SHARE_VIEWS: Final = """
                                             nobody guest control reader blind own  other user admin
GET  /retrocam/{slug}                          200   200   200     200    200   200  200   200  200
GET  /retrocam/{slug}/assets/{name}            200   200   200     200    200   200  200   200  200
POST /retrocam/{slug}/unlock                   400   400   400     400    400   400  400   400  400
GET  /retrocam/{slug}/info                     401   200   200     401    401   401  401   401  401
GET  /retrocam/{slug}/cells                    401   101   101     401    401   401  401   401  401
GET  /retrocam/{slug}/mjpeg                    401   200   200     401    401   401  401   401  401
GET  /retrocam/{slug}/audio/{session}/{epoch}/{start_us}.aac \
                                               401   404   404     401    401   401  401   401  401
GET  /retrocam/{slug}/snapshots                401   200   403     401    401   401  401   401  401
GET  /retrocam/{slug}/snapshots/{filename}     401   200   403     401    401   401  401   401  401
GET  /retrocam/{slug}/thumbnails/{filename}    401   200   403     401    401   401  401   401  401
POST /retrocam/{slug}/play                     401   403   400     401    401   401  401   401  401
POST /retrocam/{slug}/pause                    401   403   200     401    401   401  401   401  401
POST /retrocam/{slug}/stop                     401   403   200     401    401   401  401   401  401
POST /retrocam/{slug}/seek                     401   403   200     401    401   401  401   401  401
POST /retrocam/{slug}/preset                   401   403   200     401    401   401  401   401  401
POST /retrocam/{slug}/layout                   401   403   400     401    401   401  401   401  401
POST /retrocam/{slug}/lock                     204   204   204     204    204   204  204   204  204
"""

# `hidden`: answered, without what was asked about. `auth`: no connection without a login.
COMMANDS: Final = """
                           nobody guest control reader blind     own other     user admin
retrocam/instances         auth   auth  auth    ok     hidden    ok  hidden    ok   ok
retrocam/media/list        auth   auth  auth    ok     not_found ok  not_found ok   ok
retrocam/media/subscribe   auth   auth  auth    ok     not_found ok  not_found ok   ok
retrocam/player/subscribe  auth   auth  auth    ok     not_found ok  not_found ok   ok
retrocam/urls              auth   auth  auth    ok     not_found ok  not_found ok   ok
"""

# `no`: refused for want of control, which Home Assistant asks for with every action. `read`: refused
# for want of the right to see. `in`: let in, with the answer of DATA in the test.
ACTIONS: Final = """
                  nobody guest control reader blind own  other user admin
record            auth   auth  auth    no     read  in   no    in   in
extend_recording  auth   auth  auth    no     read  in   no    in   in
stop_recording    auth   auth  auth    no     read  in   no    in   in
list_recordings   auth   auth  auth    no     read  in   no    in   in
list_snapshots    auth   auth  auth    no     read  in   no    in   in
take_snapshot     auth   auth  auth    no     read  in   no    in   in
set_layout        auth   auth  auth    no     read  in   no    in   in
export_timelapse  auth   auth  auth    no     read  in   no    in   in
delete_media      auth   auth  auth    no     no    no   no    no   in
ascii_frame       auth   auth  auth    no     read  in   no    in   in
play              auth   auth  auth    no     read  in   no    in   in
"""

# Of the media source: what is asked, and how deep. Each is asked for all three kinds of media. It cannot
# be searched yet.
MEDIA: Final = """
                                           nobody guest control reader blind  own  other  user admin
browse_media                               auth   auth  auth    ok     hidden ok   hidden ok   ok
browse_media {entry_id}                    auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/{kind}             auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/{kind}/{day}       auth   auth  auth    ok     no     ok   no     ok   ok
browse_media {entry_id}/{kind}/{day}/{name} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
resolve_media                              auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}                   auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/{kind}            auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/{kind}/{day}      auth   auth  auth    no     no     no   no     no   no
resolve_media {entry_id}/{kind}/{day}/{name} \
                                           auth   auth  auth    ok     no     ok   no     ok   ok
search_media                               auth   auth  auth    no     no     no   no     no   no
search_media {entry_id}                    auth   auth  auth    no     no     no   no     no   no
search_media {entry_id}/{kind}             auth   auth  auth    no     no     no   no     no   no
search_media {entry_id}/{kind}/{day}       auth   auth  auth    no     no     no   no     no   no
search_media {entry_id}/{kind}/{day}/{name} \
                                           auth   auth  auth    no     no     no   no     no   no
"""

type Matrix = dict[str, str]
"""The cells of each row, in a line."""


def rows(text: str) -> Matrix:
    """Read a table."""
    first, *lines = text.replace("\\\n", "").strip().splitlines()
    assert tuple(first.split()) == COLUMNS
    split = [line.rsplit(maxsplit=len(COLUMNS)) for line in lines]
    return {" ".join(name.split()): " ".join(cells) for name, *cells in split}
