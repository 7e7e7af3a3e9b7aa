"""URLs of sources: validation, credentials and redaction."""

from urllib.parse import quote, unquote, urlsplit

from hypothesis import example, given, strategies as st
import pytest

from custom_components.retrocam.core.errors import InvalidUrlError, UnsupportedSchemeError
from custom_components.retrocam.core.sources.urls import (
    PROTOCOL_WHITELIST,
    REDACTED,
    URL_SCHEMES,
    redact_url,
    source_url,
    split_credentials,
)

schemes = st.sampled_from(URL_SCHEMES)
hosts = st.sampled_from(["cam", "cam.example.org", "192.0.2.7", "[2001:db8::7]", "cam:8554"])
paths = st.text(st.sampled_from("abz09/-._~%25"), max_size=12).map(lambda path: f"/{quote(path)}")
# Any text but surrogates, which no protocol carries.
secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.text() | st.from_regex(r"\A[a-zA-Z+.-]{1,9}:(//)?[ -~]{0,30}\Z"))
def test_only_allowed_schemes_are_returned(text: str) -> None:
    try:
        url = source_url(text)
    except InvalidUrlError:
        return
    parts = urlsplit(url)
    assert parts.scheme in URL_SCHEMES
    assert parts.hostname
    assert not any(character.isspace() for character in url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "concat:rtsp://a|/etc/passwd",
        "data://text/plain,x",
        "subfile,,start,0,end,9,,:/etc/passwd",
        "crypto+http://host/x",
        "tcp://host:1/",
        "udp://@239.0.0.1:1",
        "gopher://host/",
        "rtsp+file://host/x",
    ],
)
def test_local_protocols_are_refused(url: str) -> None:
    with pytest.raises(InvalidUrlError):
        source_url(url)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ftp://host/x", UnsupportedSchemeError),
        ("", InvalidUrlError),
        ("camera", InvalidUrlError),
        ("//host/x", InvalidUrlError),
        ("rtsp://", InvalidUrlError),
        ("rtsp:///path", InvalidUrlError),
        ("rtsp://user:secret@", InvalidUrlError),
        ("rtsp://host:0/x", InvalidUrlError),
        ("rtsp://host:65536/x", InvalidUrlError),
        ("rtsp://host:port/x", InvalidUrlError),
        ("rtsp://[::1/x", InvalidUrlError),
        ("rtsp://host/a b", InvalidUrlError),
        ("rtsp://host/a\nb", InvalidUrlError),
        ("rtsp://host/\x00", InvalidUrlError),
    ],
)
def test_invalid_url_and_unsupported_scheme_are_distinct(
    url: str, error: type[InvalidUrlError]
) -> None:
    with pytest.raises(InvalidUrlError) as caught:
        source_url(url)
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)


def test_surrounding_whitespace_is_stripped() -> None:
    assert source_url(" rtsp://host/x\n") == "rtsp://host/x"


def test_scheme_is_case_insensitive() -> None:
    assert source_url("RTSP://host/x") == "rtsp://host/x"


def test_protocol_whitelist_has_no_local_protocols() -> None:
    allowed = set(PROTOCOL_WHITELIST.split(","))
    assert set(URL_SCHEMES) <= allowed
    assert allowed.isdisjoint({"file", "concat", "data", "pipe", "subfile", "cache", "fd", "unix"})


@given(schemes, hosts, paths, secrets, secrets)
def test_credentials_round_trip(
    scheme: str, host: str, path: str, username: str, password: str
) -> None:
    bare = f"{scheme}://{host}{path}"
    url = source_url(bare, username, password)
    assert split_credentials(url) == (bare, username, password)
    # Credentials change neither host nor path.
    parts = urlsplit(url)
    assert (parts.hostname, parts.path) == (urlsplit(bare).hostname, path)


@given(schemes, hosts, paths, secrets)
def test_user_without_password(scheme: str, host: str, path: str, username: str) -> None:
    bare = f"{scheme}://{host}{path}"
    assert split_credentials(source_url(bare, username)) == (bare, username, None)


def test_credentials_in_the_url_take_precedence() -> None:
    url = "rtsp://inside:first@host/x"
    assert source_url(url, "beside", "second") == url


def test_password_without_user_is_ignored() -> None:
    assert source_url("rtsp://host/x", "", "secret") == "rtsp://host/x"
    assert source_url("rtsp://host/x", None, "secret") == "rtsp://host/x"


@given(schemes, hosts, paths, secrets, secrets)
def test_redacted_url_keeps_only_host_and_path(
    scheme: str, host: str, path: str, username: str, password: str
) -> None:
    token = username + password
    query = (
        f"?user={quote(username, safe='')}&token={quote(token, safe='')}#{quote(token, safe='')}"
    )
    url = source_url(f"{scheme}://{host}{path}", username, password) + query
    assert redact_url(url) == f"{scheme}://{REDACTED}@{host}{path}?{REDACTED}"


@given(schemes, hosts, st.from_regex(r"\A[!-~]{1,30}\Z"))
def test_unencoded_credentials_are_redacted(scheme: str, host: str, typed: str) -> None:
    # As typed, without the characters that end the authority.
    secret = "".join(character for character in typed if character not in "/?#[]@") + "x0x"
    redacted = redact_url(f"{scheme}://user:{secret}@{host}/x")
    assert redacted == f"{scheme}://{REDACTED}@{host}/x"


@pytest.mark.parametrize(
    "url",
    ["rtsp://keeper:12/34@porch/x", "rtsp://keeper:12/34@10.0.0.5:554/x", "http://a.b:1/2@c"],
)
def test_password_with_a_slash_is_refused_and_redacted(url: str) -> None:
    with pytest.raises(InvalidUrlError):
        source_url(url)
    redacted = redact_url(url)
    assert "34@" not in redacted
    assert "keeper" not in redacted
    assert redacted.startswith(f"{url.partition(':')[0]}://{REDACTED}@")


def test_path_may_have_an_at_sign() -> None:
    for url in ("rtsp://10.0.0.5:554/live@1", "rtsp://[::1]:554/live@1", "rtsp://porch/live@1"):
        assert source_url(url) == url


@given(st.text())
@example("@[")
@example("rtsp://10.0.0.5/live@]")
def test_redact_url_accepts_any_text(text: str) -> None:
    redacted = redact_url(text)
    authority = urlsplit(redacted).netloc if redacted != REDACTED else ""
    if "@" in authority:
        assert authority.startswith(f"{REDACTED}@")


def test_malformed_url_is_redacted_as_a_whole() -> None:
    assert redact_url("rtsp://user:secret@[::1/x") == REDACTED


@given(secrets)
def test_percent_signs_are_preserved(password: str) -> None:
    url = source_url("rtsp://host/x", "user", password)
    assert unquote(urlsplit(url).password or "") == password
