"""A real nginx in front of Home Assistant."""

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import shutil
import ssl
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo.server import free_port

from ..missing import missing

CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    location / {{
      proxy_pass http://127.0.0.1:{home_port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
      proxy_buffering off;
      {lines}
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx."""

    port: int
    tls_port: int

    def origin(self, scheme: str = "http") -> str:
        """Return the origin that a browser of `cam.example` sends."""
        return f"{scheme}://cam.example:{self.port if scheme == 'http' else self.tls_port}"


@contextlib.contextmanager
def nginx(folder: Path, home_port: int, lines: str = "") -> Iterator[Proxy]:
    """Run nginx for the block, with `lines` for all requests. Waits until it listens."""
    program = _program()
    folder.mkdir(exist_ok=True)
    _write_certificate(folder)
    proxy = Proxy(free_port(), free_port())
    config = folder / "nginx.conf"
    config.write_text(
        CONFIG.format(
            folder=folder,
            port=proxy.port,
            tls_port=proxy.tls_port,
            home_port=home_port,
            lines=lines,
        )
    )
    pid = folder / "nginx.pid"
    command = [program, "-c", str(config), "-p", str(folder), "-e", f"{folder}/error.log"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            # Written once it listens. Connecting instead may meet oneself, from the same free port.
            while not pid.exists():
                assert process.poll() is None, (folder / "error.log").read_text()
            yield proxy
        finally:
            process.terminate()
            process.wait()
            pid.unlink(missing_ok=True)


def check_config(folder: Path, server: str) -> None:
    """Let nginx read a `server` block with port 443, to which the certificate is added."""
    program = _program()
    _write_certificate(folder)
    files = f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
    server = server.replace("listen 443 ssl;", f"listen unix:{folder}/socket ssl; {files}")
    config = folder / "nginx.conf"
    config.write_text(f"pid {folder}/nginx.pid; events {{}} http {{ {server} }}")
    command = [program, "-t", "-c", str(config), "-p", str(folder), "-e", f"{folder}/error.log"]
    checked = subprocess.run(command, capture_output=True, check=False, text=True)
    assert checked.returncode == 0, checked.stderr


def trusting() -> ssl.SSLContext:
    """Return a context that accepts the proxy's certificate, as its user has clicked."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _program() -> str:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("nginx is not installed")
    return program


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cam.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
