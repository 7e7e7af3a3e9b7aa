"""Address checks and connections of the player."""

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
    is_off_site,
    is_public,
    look_up,
    source_address_for,
)
from custom_components.retrocam.core.player.net.fetch import fetch_all, origin_of

from ..hosts import only_second
from ..server import MediaServer, Page, serving


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"]
)
def test_public_addresses(text: str) -> None:
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
def test_non_public_addresses(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize(
    ("text", "own", "off_site"),
    [
        ("8.8.8.8", "192.168.1.5", True),
        ("8.8.8.8", None, True),
        ("192.168.1.1", "192.168.1.5", False),
        # The public address of this machine, whose services trust it.
        ("93.184.216.34", "93.184.216.34", False),
        ("93.184.216.35", "93.184.216.34", True),
        ("::ffff:8.8.8.8", "192.168.1.5", True),
        # Local devices with public IPv6 addresses.
        ("2606:4700:1:2::1", "2606:4700:1:2::5", False),
        ("2606:4700:1:2::5", "2606:4700:1:2::5", False),
        ("2606:4700:1:ff::1", "2606:4700:1:2::5", False),
        ("2606:4700:1:100::1", "2606:4700:1:2::5", True),
        ("2606:4700:1:2::1", None, True),
    ],
)
def test_addresses_of_the_local_site_are_not_off_site(
    text: str, own: str | None, *, off_site: bool
) -> None:
    def source(_address: Address) -> Address | None:
        return None if own is None else ip_address(own)

    assert is_off_site(ip_address(text), source) is off_site


def test_source_address_for_loopback_is_loopback(server: MediaServer) -> None:
    here = IPv4Address("127.0.0.1")
    assert source_address_for(here) == here


def test_loopback_is_blocked(server: MediaServer) -> None:
    network = Network()
    with pytest.raises(BlockedAddressError):
        network.connect(Origin.at("127.0.0.1", server.server_port, tls=False))
    with pytest.raises(BlockedAddressError):
        network.connect(Origin.at("localhost", server.server_port, tls=False))
    assert not server.log


def test_each_connection_checks_the_resolved_address() -> None:
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    with serving("127.0.0.2") as server:
        network = Network(only_second, lookup=lambda _host, _port: next(answers))
        network.close_socket(
            network.connect(Origin.at("public.example", server.server_port, tls=False))
        )
        with pytest.raises(BlockedAddressError):
            network.connect(Origin.at("public.example", server.server_port, tls=False))


def test_only_the_trusted_origin_may_be_private() -> None:
    with serving("127.0.0.1") as server, serving("127.0.0.1") as second:
        trusted = Origin.at("nas.local", server.server_port, tls=False)
        network = Network(only_second, trusted=trusted, lookup=lambda _host, _port: ["127.0.0.1"])
        network.close_socket(network.connect(Origin.at("NAS.local", server.server_port, tls=False)))
        for host, port, tls in (
            ("nas.local", second.server_port, False),
            ("router.local", server.server_port, False),
            ("nas.local", server.server_port, True),
        ):
            with pytest.raises(BlockedAddressError):
                network.connect(Origin.at(host, port, tls=tls))


def test_trusted_origin_keeps_its_first_addresses() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.3"], ["127.0.0.3", "127.0.0.1"]])
    with serving("127.0.0.1") as server, serving("127.0.0.3", port=server.server_port):
        trusted = Origin.at("nas.local", server.server_port, tls=False)
        network = Network(only_second, trusted=trusted, lookup=lambda _host, _port: next(answers))
        network.close_socket(network.connect(Origin.at("nas.local", server.server_port, tls=False)))
        with pytest.raises(BlockedAddressError):
            network.connect(Origin.at("nas.local", server.server_port, tls=False))
        sock = network.connect(Origin.at("nas.local", server.server_port, tls=False))
        assert sock.getpeername()[0] == "127.0.0.1"
        network.close_socket(sock)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("http://nas/a", "http://NAS:80/b?c"),
        ("https://nas", "https://nas:443/"),
        ("http://müller.example/", "http://xn--mller-kva.example/"),
        ("http://user:secret@nas/", "http://nas/"),
    ],
)
def test_equal_origins(first: str, second: str) -> None:
    assert origin_of(first) == origin_of(second)
    assert origin_of(first) is not None


@pytest.mark.parametrize("second", ["https://nas/", "http://nas:8080/", "http://nas.example/"])
def test_different_origins(second: str) -> None:
    assert origin_of("http://nas/") != origin_of(second)


def test_only_allowed_addresses_are_tried() -> None:
    tried = ["127.0.0.1", "127.0.0.3", "127.0.0.2"]
    with serving("127.0.0.2") as server:
        # Nothing listens at 127.0.0.3.
        network = Network(
            lambda address: address != IPv4Address("127.0.0.1"), lookup=lambda _host, _port: tried
        )
        sock = network.connect(Origin.at("public.example", server.server_port, tls=False))
        assert sock.getpeername()[0] == "127.0.0.2"
        network.close_socket(sock)


def test_close_wakes_a_blocked_read(server: MediaServer) -> None:
    network = Network(is_any)
    sock = network.connect(Origin.at("127.0.0.1", server.server_port, tls=False))
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(sock.recv(1)))
    reader.start()
    network.close()
    reader.join(60)
    assert received == [b""]
    assert network.wait(60)
    network.close_socket(sock)


def test_closed_network_stays_closed(server: MediaServer) -> None:
    network = Network(is_any)
    network.close()
    with pytest.raises(PlayNetworkError):
        network.connect(Origin.at("127.0.0.1", server.server_port, tls=False))
    names = Network(is_any, lookup=lambda _host, _port: ["127.0.0.9", "127.0.0.1"])
    names.close()
    with pytest.raises(PlayNetworkError):
        names.connect(Origin.at("public.example", server.server_port, tls=False))


def test_lookup_returns_unique_addresses() -> None:
    assert "127.0.0.1" in look_up("localhost", 80)
    assert len(look_up("127.0.0.1", 80)) == 1


def certificate(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS context of a server at 127.0.0.1, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "media")])
    now = datetime.now(UTC)
    builder = (
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
    file.write_bytes(private + builder.public_bytes(serialization.Encoding.PEM))
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(file)
    return server_context, ssl.create_default_context(cafile=str(file))


def test_tls_certificates_are_verified(tmp_path: Path) -> None:
    server_context, trusted = certificate(tmp_path)
    with serving(tls=server_context) as server:
        url = server.add("/a", Page(b"secret"))
        assert fetch_all(Network(is_any, tls=trusted), url, headers={}, max_bytes=100) == (
            url,
            b"secret",
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            fetch_all(Network(is_any), url, headers={}, max_bytes=100)
