"""`camctl serve` inside TLS: versions, whole bodies, WebSocket, certificates that are replaced."""

import contextlib
import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

import accounts
from conftest import program, require, wait_for
from serving import Server, read_all, statuses


def make_certificate(folder, name):
    """A certificate of its own signature and its key: the paths."""
    require("openssl")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


class TlsServer(Server):
    """The same, asked over TLS; the certificate is looked at, its name is not."""

    def __init__(self, spawn, folder, cameras=(), config="", **options):
        self.cert, self.key = folder / "served.pem", folder / "served.key"
        for made, served in zip(make_certificate(folder, "first"), (self.cert, self.key)):
            shutil.copy(made, served)
        super().__init__(spawn, folder, cameras=list(cameras),
                         config=f"tls_cert: {self.cert}\ntls_key: {self.key}\n{config}", **options)

    def context(self):
        context = ssl.create_default_context(cafile=self.cert)
        context.check_hostname = False
        return context

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPSConnection(self.address, self.port, timeout=20, context=self.context())
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()

    def connect(self, context=None, **options):
        plain = socket.create_connection((self.address, self.port), timeout=10)
        return (context or self.context()).wrap_socket(plain, suppress_ragged_eofs=True, **options)


@pytest.fixture
def server(spawn, tmp_path):
    return TlsServer(spawn, tmp_path)


def test_pages_and_versions(server):
    assert f"https://{server.address}:{server.port}/" in server.process.log()
    status, headers, body = server.get("/")
    assert status == 200 and b"<!DOCTYPE html>" in body and headers["strict-transport-security"] == "max-age=31536000"
    assert server.json("/api/cameras") == []
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        context = server.context()
        context.minimum_version = context.maximum_version = version
        with server.connect(context) as connection:
            assert connection.version() == name
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert statuses(read_all(connection)) == [200]
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        server.connect(old)


def test_large_bodies_come_whole_to_the_slow_too(server):
    path = "/vendor/hls.mjs"
    whole = server.get(path)[2]
    for _ in range(4):  # in the clear the third would be sent from a file
        assert server.get(path)[2] == whole
    assert server.get(path, Range="bytes=1000-99999")[2] == whole[1000:100_000]
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(20)
    plain.connect((server.address, server.port))
    with server.context().wrap_socket(plain) as slow:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode()
        slow.sendall(2 * (request + b"\r\n") + request + b"Connection: close\r\n\r\n")
        assert read_all(slow).count(b"\r\n\r\n" + whole) == 3


def test_requests_in_pieces_and_in_a_row(server):
    with server.connect() as connection:
        for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n":
            connection.sendall(bytes([byte]))  # a record each
        connection.sendall(200 * b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                           b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert statuses(read_all(connection)) == 202 * [200]
    body = json.dumps({"rtsp_url": "rtsp://127.0.0.1:1/" + "x" * 4000})
    assert server.request("POST", "/api/cameras", body, {"Content-Type": "application/json"})[0] == 201


def test_what_is_no_tls_or_does_not_go_on(spawn, tmp_path):
    server = TlsServer(spawn, tmp_path, config="header_timeout: 1s\n")
    with socket.create_connection((server.address, server.port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP/1.1 200" not in read_all(plain)
    with socket.create_connection((server.address, server.port), timeout=10) as silent:
        silent.sendall(b"\x16\x03\x01\x02\x00\x01")  # a ClientHello that does not go on
        assert silent.recv(100) == b""
    assert server.get("/healthz")[0] == 200


def test_the_certificate_is_replaced(server, tmp_path):
    def shown():
        return ssl.get_server_certificate((server.address, server.port))

    first = shown()
    assert first.strip() == server.cert.read_text().strip()
    for made, served in zip(make_certificate(tmp_path, "second"), (server.cert, server.key)):
        shutil.copy(made, served)
    with contextlib.closing(http.client.HTTPSConnection(server.address, server.port, context=ssl._create_unverified_context())) as kept:
        kept.request("GET", "/healthz")
        assert kept.getresponse().read()
        assert shown() == first
        server.process.popen.send_signal(signal.SIGHUP)
        wait_for("the new certificate", lambda: shown() != first)
        kept.request("GET", "/healthz")  # whoever is there stays
        assert kept.getresponse().status == 200
    second = shown()
    server.key.write_text("broken")
    server.process.popen.send_signal(signal.SIGHUP)
    wait_for("the complaint", lambda: f"not reloaded: TLS: {server.key}" in server.process.log())
    assert shown() == second


def test_bad_files(tmp_path):
    cert, key = make_certificate(tmp_path, "one")
    _, other = make_certificate(tmp_path, "two")
    (tmp_path / "none.json").write_text("[]")
    locked = tmp_path / "locked.key"
    subprocess.run(["openssl", "ec", "-in", key, "-aes128", "-passout", "pass:secret", "-out", locked], check=True, capture_output=True)
    for args, named in ((["--tls-cert", cert], "go together"), (["--tls-key", key], "go together"),
                        (["--tls-cert", cert, "--tls-key", other], "two.key"), (["--tls-cert", key, "--tls-key", key], "one.key"),
                        (["--tls-cert", tmp_path / "no.pem", "--tls-key", key], "no.pem"),
                        (["--tls-cert", cert, "--tls-key", locked], "locked.key")):
        done = subprocess.run([program("camctl-serve"), "none.json", "--listen", "127.0.0.1:0", *args], cwd=tmp_path,
                              capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and named in done.stderr and len(done.stderr.splitlines()) == 1, (args, done.stderr)


def test_a_session_is_for_tls_only(spawn, tmp_path):
    server = TlsServer(spawn, tmp_path, config=accounts.config(("anna", "correct-horse-1", "admin", None)))
    status, headers, _ = server.change("POST", "/api/session", {"user": "anna", "password": "correct-horse-1"})
    assert status == 204 and headers["set-cookie"].endswith("; Secure")


def test_a_camera(spawn, tmp_path, simulate):
    require("ffprobe")
    cameras = simulate(1)
    server = TlsServer(spawn, tmp_path, cameras=[{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    for path in ("playlist.m3u8", "index.m3u8"):  # the first waits for a segment, which libavformat can't do without
        probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
                                f"https://{server.address}:{server.port}/hls/stream_0/{path}"], capture_output=True, text=True, timeout=60)
        assert "h264" in probe.stdout, probe.stderr
    with server.connect() as socket_:
        socket_.sendall(b"GET /api/cameras/0/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        received = b""
        while len(received) < 500_000:  # some seconds of pictures
            received += socket_.recv(65536)
    assert statuses(received) == [101] and b'"type":"init"' in received and received.count(b"moof") > 10
