"""Where the player may connect to."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.retrocam.core.errors import BlockedAddressError, PlayNetworkError
from custom_components.retrocam.core.player.net.addresses import (
    Address,
    Network,
    Origin,
    is_any,
    is_foreign,
    is_public,
    look_up,
    source_towards,
)
from custom_components.retrocam.core.player.net.fetch import fetch_all, origin_of

from ..hosts import only_second
from ..server import MediaServer, Page, serving


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"]
)
def test_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
        "::ffff:192.168.1.1", "64:ff9b::7f00:1", "2002:c0a8:101::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize(
    ("text", "own", "foreign"),
    [
        ("8.8.8.8", "192.168.1.5", True),
        ("8.8.8.8", None, True),
        ("192.168.1.1", "192.168.1.5", False),
        # A machine with a public address of its own, whose services trust it.
        ("93.184.216.34", "93.184.216.34", False),
        ("93.184.216.35", "93.184.216.34", True),
        ("::ffff:8.8.8.8", "192.168.1.5", True),
        # Devices at home, whose IPv6 addresses look public.
        ("2606:4700:1:2::1", "2606:4700:1:2::5", False),
        ("2606:4700:1:2::5", "2606:4700:1:2::5", False),
        ("2606:4700:1:ff::1", "2606:4700:1:2::5", False),
        ("2606:4700:1:100::1", "2606:4700:1:2::5", True),
        ("2606:4700:1:2::1", None, True),
    ],
)
def test_what_is_near_is_not_foreign(text: str, own: str | None, *, foreign: bool) -> None:
    def source(_address: Address) -> Address | None:
        return None if own is None else ip_address(own)

    assert is_foreign(ip_address(text), source) is foreign


def test_the_way_to_the_own_machine_begins_there(server: MediaServer) -> None:
    here = IPv4Address("127.0.0.1")
    assert source_towards(here) == here


def test_the_own_machine_is_not_reached(server: MediaServer) -> None:
    network = Network()
    with pytest.raises(BlockedAddressError):
        network.connect("127.0.0.1", server.server_port, tls=False)
    with pytest.raises(BlockedAddressError):
        network.connect("localhost", server.server_port, tls=False)
    assert not server.log


def test_a_name_that_answers_anew_each_time_is_checked_each_time() -> None:
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    with serving("127.0.0.2") as server:
        network = Network(only_second, lookup=lambda _host, _port: next(answers))
        network.forget(network.connect("public.example", server.server_port, tls=False))
        with pytest.raises(BlockedAddressError):
            network.connect("public.example", server.server_port, tls=False)


def test_a_trusted_origin_may_be_private_and_no_other() -> None:
    with serving("127.0.0.1") as server, serving("127.0.0.1") as other:
        trusted = Origin.at("nas.local", server.server_port, tls=False)
        network = Network(only_second, trusted=trusted, lookup=lambda _host, _port: ["127.0.0.1"])
        network.forget(network.connect("NAS.local", server.server_port, tls=False))
        for host, port, tls in (
            ("nas.local", other.server_port, False),
            ("router.local", server.server_port, False),
            ("nas.local", server.server_port, True),
        ):
            with pytest.raises(BlockedAddressError):
                network.connect(host, port, tls=tls)


def test_a_trusted_origin_keeps_its_addresses() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.3"], ["127.0.0.3", "127.0.0.1"]])
    with serving("127.0.0.1") as server, serving("127.0.0.3", port=server.server_port):
        trusted = Origin.at("nas.local", server.server_port, tls=False)
        network = Network(only_second, trusted=trusted, lookup=lambda _host, _port: next(answers))
        network.forget(network.connect("nas.local", server.server_port, tls=False))
        with pytest.raises(BlockedAddressError):
            network.connect("nas.local", server.server_port, tls=False)
        sock = network.connect("nas.local", server.server_port, tls=False)
        assert sock.getpeername()[0] == "127.0.0.1"
        network.forget(sock)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://nas/a", "http://NAS:80/b?c"),
        ("https://nas", "https://nas:443/"),
        ("http://müller.example/", "http://xn--mller-kva.example/"),
        ("http://user:secret@nas/", "http://nas/"),
    ],
)
def test_origins_that_are_the_same(one: str, other: str) -> None:
    assert origin_of(one) == origin_of(other)
    assert origin_of(one) is not None


@pytest.mark.parametrize("other", ["https://nas/", "http://nas:8080/", "http://nas.example/"])
def test_origins_that_differ(other: str) -> None:
    assert origin_of("http://nas/") != origin_of(other)


def test_of_many_addresses_only_allowed_ones_are_tried() -> None:
    tried = ["127.0.0.1", "127.0.0.3", "127.0.0.2"]
    with serving("127.0.0.2") as server:
        # Nothing listens at 127.0.0.3: the next one answers.
        network = Network(
            lambda address: address != IPv4Address("127.0.0.1"), lookup=lambda _host, _port: tried
        )
        sock = network.connect("public.example", server.server_port, tls=False)
        assert sock.getpeername()[0] == "127.0.0.2"
        network.forget(sock)


def test_closing_wakes_who_reads(server: MediaServer) -> None:
    network = Network(is_any)
    sock = network.connect("127.0.0.1", server.server_port, tls=False)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(sock.recv(1)))
    reader.start()
    network.close()
    reader.join(5)
    assert received == [b""]
    assert network.wait(60)
    network.forget(sock)


def test_closed_is_for_ever(server: MediaServer) -> None:
    network = Network(is_any)
    network.close()
    with pytest.raises(PlayNetworkError):
        network.connect("127.0.0.1", server.server_port, tls=False)
    names = Network(is_any, lookup=lambda _host, _port: ["127.0.0.9", "127.0.0.1"])
    names.close()
    with pytest.raises(PlayNetworkError):
        names.connect("public.example", server.server_port, tls=False)


def test_names_are_looked_up_once_each() -> None:
    assert "127.0.0.1" in look_up("localhost", 80)
    assert len(look_up("127.0.0.1", 80)) == 1


def certificate(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server at 127.0.0.1 shows, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "media")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(file)
    return shown, ssl.create_default_context(cafile=str(file))


def test_tls_is_spoken_and_certificates_are_checked(tmp_path: Path) -> None:
    shown, trusted = certificate(tmp_path)
    with serving(tls=shown) as server:
        url = server.add("/a", Page(b"secret"))
        assert fetch_all(Network(is_any, tls=trusted), url, headers={}, most=100) == (
            url,
            b"secret",
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            fetch_all(Network(is_any), url, headers={}, most=100)
