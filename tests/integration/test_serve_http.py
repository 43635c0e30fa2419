"""`camctl serve` as an HTTP server: routes, refusals, limits, start-up errors, changes by API. No cameras needed."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

from conftest import free_port, listening, loopback_block, program, wait_for
from serving import Server, read_all, statuses

HOST = b"Host: localhost\r\n"


@pytest.fixture
def server(spawn, tmp_path):
    return Server(spawn, tmp_path, cameras=[])


def test_dashboard_and_its_files(server):
    status, headers, body = server.get("/")
    assert status == 200 and b"<!DOCTYPE html>" in body
    assert headers["content-type"] == "text/html; charset=utf-8"
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    types = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
             "mjs": "text/javascript; charset=utf-8"}
    # Everything that the page and its modules name is there.
    names = set(re.findall(rb'(?:src|href)="(/[^"#]+\.[a-z]+)"', body))
    assert names
    for name in names:
        status, headers, content = server.get(name.decode())
        assert status == 200 and content, name
        assert headers["content-type"] == types[name.decode().rsplit(".", 1)[1]]
    assert server.get("/vendor/hls.mjs")[0] == 200


def test_head_etag_and_range(server):
    status, headers, body = server.get("/style.css")
    etag, length = headers["etag"], int(headers["content-length"])
    assert len(body) == length and headers["accept-ranges"] == "bytes"
    status, head, nothing = server.request("HEAD", "/style.css")
    assert status == 200 and nothing == b"" and int(head["content-length"]) == length
    assert server.get("/style.css", If_None_Match=etag)[0] == 304
    assert server.get("/style.css", If_None_Match='"other"')[0] == 200
    status, headers, part = server.get("/style.css", Range="bytes=10-19")
    assert status == 206 and part == body[10:20] and headers["content-range"] == f"bytes 10-19/{length}"
    assert server.get("/style.css", Range="bytes=-5")[2] == body[-5:]
    status, headers, _ = server.get("/style.css", Range=f"bytes={length}-")
    assert status == 416 and headers["content-range"] == f"bytes */{length}"
    for ignored in ("bytes=9-1", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4"):
        assert server.get("/style.css", Range=ignored)[0] == 200


def test_a_large_file_is_the_same_however_often_it_is_asked_for(server):
    """The third request makes it a file in memory, from which later ones are answered."""
    path = "/vendor/hls.mjs"
    first = server.get(path)[2]
    assert len(first) > 100_000
    for _ in range(4):
        status, headers, body = server.get(path)
        assert status == 200 and body == first and int(headers["content-length"]) == len(first)
    assert server.get(path, Range="bytes=1000-99999")[2] == first[1000:100_000]
    assert server.request("HEAD", path)[2] == b""
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect((server.address, server.port))
        request = f"GET {path} HTTP/1.1\r\n".encode() + HOST
        slow.sendall(2 * (request + b"\r\n") + request + b"Connection: close\r\n\r\n")
        assert read_all(slow).count(b"\r\n\r\n" + first) == 3


def test_errors_are_json(server):
    for method, path, status in (("GET", "/nothing", 404), ("GET", "/api/cameras/9", 404), ("PUT", "/api/cameras", 405),
                                 ("GET", "/hls/stream_9/playlist.m3u8", 404), ("POST", "/", 405), ("BREW", "/", 405)):
        got, headers, body = server.request(method, path)
        assert got == status, (method, path)
        error = json.loads(body)["error"]
        assert error["code"] and error["message"] and "hint" in error
        assert headers["content-type"] == "application/json"
    assert server.request("PUT", "/api/cameras")[1]["allow"] == "GET, HEAD, POST"


def test_health(server):
    assert server.json("/healthz") == {"status": "ok"}
    assert server.json("/readyz") == {"status": "ready", "cameras": 0, "live": 0}
    assert server.json("/api/cameras") == []


def test_dns_rebinding_and_cross_site(server):
    own = f"{server.address}:{server.port}"
    for host in (own, "localhost", "localhost:1", "[::1]", "192.168.1.1:80"):
        assert server.get("/api/cameras", Host=host)[0] == 200, host
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.nip.io", "localhost.evil.example"):
        assert server.get("/api/cameras", Host=host)[0] == 421, host
        assert server.get("/", Host=host)[0] == 421, host
    body = {"rtsp_url": "rtsp://127.0.0.1:1/x"}
    for origin in ("http://evil.example", "null", f"http://evil.example:{server.port}", "https://127.0.0.1"):
        assert server.change("POST", "/api/cameras", body, Origin=origin)[0] == 403, origin
    assert server.change("DELETE", "/api/cameras/0", None, Sec_Fetch_Site="cross-site")[0] == 403
    # A form can't say JSON, and a page that may not say it must ask first.
    status, headers, _ = server.request("POST", "/api/cameras", json.dumps(body), {"Content-Type": "text/plain"})
    assert status == 400
    status, headers, _ = server.request("OPTIONS", "/api/cameras", headers={
        "Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
    assert status == 204 and not [name for name in headers if name.startswith("access-control")]
    # WebSockets check Origin though they are GET.
    upgrade = (b"GET /api/cameras HTTP/1.1\r\n" + HOST + b"Origin: http://evil.example\r\nUpgrade: websocket\r\n"
               b"Connection: Upgrade\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    assert statuses(server.raw(upgrade)) == [403]
    assert server.json("/api/cameras") == []


def test_cors_and_hosts_of_the_configuration(spawn, tmp_path):
    server = Server(spawn, tmp_path, cameras=[],
                    config="hosts: [nvr.example]\ncors_origins: ['http://wall.example']\n")
    assert server.get("/api/cameras", Host="nvr.example")[0] == 200
    _, headers, _ = server.get("/api/cameras", Origin="http://wall.example")
    assert headers["access-control-allow-origin"] == "http://wall.example" and headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in server.get("/api/cameras", Origin="http://other.example")[1]
    status, headers, _ = server.request("OPTIONS", "/api/cameras", headers={
        "Origin": "http://wall.example", "Access-Control-Request-Method": "POST"})
    assert status == 204 and "POST" in headers["access-control-allow-methods"]


BAD = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /js/..%2f..%2f..%2fetc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET //etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /hls/..%5c/playlist.m3u8 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET file:///etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"CONNECT evil.example:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"get / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"x" * 20000 + b"\r\n\r\n",
    b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 3000 + b"\r\n",
    b"\x00" * 1000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    b"POST /api/cameras HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/cameras HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"POST /api/cameras HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /api/cameras HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /api/cameras HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999\r\n\r\n",
    b"POST /api/cameras HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    b"POST /api/cameras HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
    b"POST /api/cameras HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
    b"GET / HTTP/1.1\r\n" + HOST + b" folded: header\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Bad Name: x\r\n\r\n",
]


def test_bad_requests_get_4xx_and_harm_nobody(server):
    for data in BAD:
        received = server.raw(data)
        codes = statuses(received)
        assert codes and 400 <= codes[0] < 500, (data[:100], received[:200])
        assert len(codes) == 1 or data.startswith(b"GET"), (data[:100], codes)
        assert b"root:" not in received
    assert server.json("/healthz") == {"status": "ok"}


def test_smuggled_request_is_not_run(server):
    """What follows a request of ambiguous length is never taken for a second request."""
    inner = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    for lengths in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding:\x0bchunked\r\n",
                    b"Content-Length: 0\r\nContent-Length: 4\r\n", b"Transfer-Encoding : chunked\r\n"):
        received = server.raw(b"POST /healthz HTTP/1.1\r\n" + HOST + lengths + b"\r\n0\r\n\r\n" + inner)
        assert b'"status":"ok"' not in received and len(statuses(received)) == 1, (lengths, received)


def test_pipelining_and_continue_and_old_http(server):
    one = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    assert statuses(server.raw(one * 50)) == [200] * 50
    received = server.raw(b"GET /healthz HTTP/1.0\r\n\r\n", end=False)  # the server closes
    assert statuses(received) == [200] and b"Connection: close" in received
    with server.connect() as connection:
        connection.sendall(b"POST /api/cameras HTTP/1.1\r\n" + HOST +
                           b"Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert b" 400 " in connection.recv(1000)


def test_slow_and_idle_clients_are_closed(spawn, tmp_path):
    server = Server(spawn, tmp_path, cameras=[],
                    config="header_timeout: 500ms\nidle_timeout: 500ms\nwrite_timeout: 500ms\n")
    start = time.monotonic()
    with server.connect() as silent, server.connect() as drips, server.connect() as idle:
        drips.sendall(b"GET / HTTP/1.1\r\n")
        idle.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
        closed = False
        while not closed and time.monotonic() - start < 5:  # a byte now and then renews no deadline
            try:
                drips.sendall(b"A: b\r\n")
                drips.settimeout(0.1)
                closed = b"408" in drips.recv(1000)
            except socket.timeout:
                continue
            except OSError:
                closed = True
        assert closed and time.monotonic() - start < 3
        assert read_all(silent) == b""
        assert statuses(read_all(idle)) == [200]
    assert time.monotonic() - start < 6


def test_reader_that_never_reads_is_closed(spawn, tmp_path):
    server = Server(spawn, tmp_path, cameras=[], config="write_timeout: 500ms\n")
    size = int(server.request("HEAD", "/vendor/hls.mjs")[1]["content-length"])
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect((server.address, server.port))
        lazy.sendall((b"GET /vendor/hls.mjs HTTP/1.1\r\n" + HOST + b"\r\n") * 20)
        # 500 ms and a second for each 32 KiB of one response; then a reset, which a later read shows
        deadline = time.monotonic() + 2 + size / 32768 + 5
        lazy.settimeout(1)

        def reset():
            try:
                lazy.sendall(b"x")
                return False
            except OSError:
                return True
        wait_for("the reset", reset, deadline - time.monotonic(), 0.5)


def test_connections_are_limited(spawn, tmp_path):
    server = Server(spawn, tmp_path, cameras=[], args=("--max-connections", "5"))
    held = [server.connect() for _ in range(5)]
    for connection in held:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
        assert b" 200 " in connection.recv(1000)
    assert statuses(server.raw(b"", end=False)) == [503]
    for connection in held:
        connection.close()
    wait_for("room again", lambda: statuses(server.raw(b"GET /healthz HTTP/1.0\r\n\r\n")) == [200])


def test_access_log_and_its_rotation(spawn, tmp_path):
    log = tmp_path / "access.log"
    server = Server(spawn, tmp_path, cameras=[], args=("--access-log", log))
    server.get("/healthz", User_Agent='evil"agent\\', Referer="http://r/")
    # A line is written once the response is out: the client may be quicker.
    line = r'127\.\S+ - - \[[^]]+\] "GET /healthz HTTP/1\.1" 200 16 "http://r/" "evil\\x22agent\\x5C"\n'
    wait_for("the line", lambda: re.fullmatch(line, log.read_text()))
    log.rename(tmp_path / "access.log.1")
    server.process.popen.send_signal(signal.SIGHUP)

    def in_new_log():
        server.get("/nothing")
        return log.exists() and '"GET /nothing HTTP/1.1" 404' in log.read_text()
    wait_for("a new log", in_new_log)
    assert stat.S_IMODE(log.stat().st_mode) & 0o007 == 0


def run_serve(tmp_path, *args, env=None, stdin=None):
    return subprocess.run([program("camctl-serve"), *map(str, args)], cwd=tmp_path, capture_output=True, text=True,
                          timeout=20, input=stdin, env={**os.environ, **(env or {})}, check=False)


def test_start_up_errors(tmp_path):
    """One clear line, exit code 2, nothing half-started."""
    address = loopback_block()
    port = free_port(address)
    (tmp_path / "bad.yaml").write_text("listen: 127.0.0.1:1\nsegment_duraton: 2\n")
    (tmp_path / "worse.yaml").write_text("listen: [\n")
    (tmp_path / "bad.json").write_text('[\n  {"rtsp_url": 7}\n]')
    (tmp_path / "worse.json").write_text('[\n  {"rtsp_url":\n]')
    (tmp_path / "good.json").write_text("[]")
    cases = [
        (["--config", "bad.yaml"], r"bad\.yaml:2:1.*segment_duration"),
        (["--config", "worse.yaml"], r"worse\.yaml:\d+:\d+"),
        (["--config", "missing.yaml"], r"missing\.yaml"),
        (["bad.json"], r"bad\.json.*rtsp_url"),
        (["worse.json"], r"worse\.json.*line 3"),
        (["missing.json"], r"missing\.json"),
        ([tmp_path], re.escape(str(tmp_path))),
        (["good.json", "--listen", "0.0.0.0:8080"], r"--allow-anonymous"),
        (["good.json", "--listen", "192.0.2.1:8080", "--allow-anonymous"], r"192\.0\.2\.1:8080"),
        (["good.json", "--listen", "nonsense"], r"nonsense"),
        (["good.json", "--segments", "one"], r"--segments"),
        (["good.json", "--web-dir", "nowhere"], r"nowhere"),
        (["good.json", "--access-log", "/nowhere/log"], r"/nowhere/log"),
        (["good.json", "--no-such-flag"], r"no-such-flag"),
        (["-"], r"standard input"),
    ]
    for args, pattern in cases:
        where = [] if "--listen" in args else ["--listen", f"{address}:{port}"]
        result = run_serve(tmp_path, *args, *where, stdin="not json")
        assert result.returncode == 2, (args, result)
        assert re.search(pattern, result.stderr), (args, result.stderr)
        assert len(result.stderr.strip().splitlines()) == 1 and result.stdout == "", (args, result)
    assert not listening(address, port)
    with socket.socket() as taken:
        taken.bind((address, port))
        taken.listen()
        result = run_serve(tmp_path, "good.json", "--listen", f"{address}:{port}")
    assert result.returncode == 2 and "in use" in result.stderr and f"{address}:{port}" in result.stderr


def test_print_config(tmp_path):
    (tmp_path / "secret").write_text("file-password\n")
    (tmp_path / "camctl.yaml").write_text(
        "segments: 9\nbitrate: 1M\ncredentials:\n"
        "  - {host: 10.0.0.1, user: a, password: yaml-password}\n"
        "  - {host: 10.0.0.2, user: b, password_file: secret}\n"
        "  - {host: 10.0.0.3, user: c, password_env: CAM3}\n")
    result = run_serve(tmp_path, "--print-config", "--listen", "127.0.0.1:9",
                       env={"CAM3": "env-password", "CAMCTL_MAXRATE": "3M", "HOME": str(tmp_path)})
    assert result.returncode == 0, result
    lines = {re.split(r":\s", line, maxsplit=1)[0]: line for line in result.stdout.splitlines()}
    assert lines["segments"].split("# ")[1] == "./camctl.yaml:1"
    assert lines["maxrate"].split() == ["maxrate:", "3000k", "#", "CAMCTL_MAXRATE"]
    assert lines["listen"].split() == ["listen:", "127.0.0.1:9", "#", "--listen"]
    assert lines["preset"].endswith("# default")
    assert "-password" not in result.stdout + result.stderr


def test_cameras_change_by_api(server):
    url = "rtsp://127.0.0.1:1/live"
    status, headers, camera = server.change("POST", "/api/cameras", {"rtsp_url": url, "name": "Yard"})
    assert status == 201 and headers["location"] == "/api/cameras/stream_0"
    assert camera["id"] == "stream_0" and camera["name"] == "Yard" and camera["hls_url"] == "/hls/stream_0/playlist.m3u8"
    assert json.loads(server.cameras.read_text())[0]["rtsp_url"] == url
    assert server.json("/api/cameras/0")["name"] == "Yard"
    assert server.change("POST", "/api/cameras", {"rtsp_url": url})[0] == 400  # there already
    assert server.change("PATCH", "/api/cameras/stream_0", {"name": "Gate"})[2]["name"] == "Gate"
    assert server.change("PATCH", "/api/cameras/0", {"rtsp_url": "rtsp://127.0.0.2:1/other"})[0] == 200
    assert json.loads(server.cameras.read_text())[0]["rtsp_url"] == "rtsp://127.0.0.2:1/other"
    assert server.change("DELETE", "/api/cameras/stream_0")[0] == 204
    assert json.loads(server.cameras.read_text()) == [] and server.json("/api/cameras") == []
    assert server.change("DELETE", "/api/cameras/stream_0")[0] == 404
    assert server.change("PATCH", "/api/cameras/stream_0", {"name": "x"})[0] == 404


def test_bad_cameras_are_refused(server):
    for body in ({}, [], {"rtsp_url": 7}, {"rtsp_url": "file:///etc/passwd"}, {"rtsp_url": "gopher://x/"},
                 {"rtsp_url": "concat:rtsp://a"}, {"rtsp_url": "rtsp://"}, {"rtsp_url": "rtsp://a b/"},
                 {"rtsp_url": "/etc/passwd"}, {"rtsp_url": "rtsp://a/", "nmae": "x"}, {"name": "x"},
                 {"rtsp_url": "rtsp://a/" + "x" * 5000}, {"rtsp_url": "rtsp://a/\n"},
                 {"rtsp_url": "rtsp://user:pw@127.0.0.1:1/"}, {"rtsp_url": "rtsp://127.0.0.1:1/", "user": "a", "password": "b"}):
        status, _, answer = server.change("POST", "/api/cameras", body)
        assert status == 400 and answer["error"]["message"], body
    for text in ("", "{", '{"rtsp_url":"rtsp://a/"', "[" * 30000, "\xff", '{"a":' * 10000):
        status, _, _ = server.request("POST", "/api/cameras", text.encode("latin-1"), {"Content-Type": "application/json"})
        assert status == 400, text[:20]
    assert server.json("/api/cameras") == []


def test_passwords_added_by_api_are_kept_only_when_asked_for(spawn, tmp_path):
    server = Server(spawn, tmp_path, cameras=[], args=("--save-credentials",))
    status, _, camera = server.change("POST", "/api/cameras", {"rtsp_url": "rtsp://me:s3cret-api@127.0.0.1:1/a"})
    assert status == 201 and "s3cret-api" not in json.dumps(camera) and camera["rtsp_url"] == "rtsp://127.0.0.1:1/a"
    assert "s3cret-api" in server.cameras.read_text()
    assert stat.S_IMODE(server.cameras.stat().st_mode) == 0o600
    assert "s3cret-api" not in json.dumps(server.json("/api/cameras"))
    # Another host gets nothing of it.
    assert server.change("PATCH", "/api/cameras/0", {"rtsp_url": "rtsp://127.0.0.2:1/a"})[0] == 200
    assert "s3cret-api" not in server.cameras.read_text()


def test_cameras_from_stdin_can_not_be_changed(spawn, tmp_path):
    address = loopback_block()
    listen = f"{address}:{free_port(address)}"
    (tmp_path / "in.json").write_text('[{"rtsp_url": "rtsp://127.0.0.1:1/a"}]')
    with open(tmp_path / "in.json", "rb") as stdin:
        process = spawn(program("camctl-serve"), "-", "--listen", listen, stdin=stdin)
    process.wait_log("serving 1 camera on")
    server = Server.__new__(Server)
    server.address, server.port = address, int(listen.rsplit(":", 1)[1])
    assert len(server.json("/api/cameras")) == 1
    status, _, answer = server.change("DELETE", "/api/cameras/0")
    assert status == 400 and "standard input" in answer["error"]["message"]


def test_many_changes_leave_a_whole_file(server):
    for n in range(20):
        assert server.change("POST", "/api/cameras", {"rtsp_url": f"rtsp://127.0.0.1:1/{n}"})[0] == 201
        assert len(json.loads(server.cameras.read_text())) == n + 1
    ids = [camera["id"] for camera in server.json("/api/cameras")]
    assert ids == [f"stream_{n}" for n in range(20)]
    start = time.monotonic()
    assert server.process.stop() == 0
    assert time.monotonic() - start < 2
