"""Users of `camctl serve`: who gets in, what each may see and do, and what becomes of wrong passwords."""

import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess

import pytest

import accounts
from accounts import basic
from conftest import free_port, loopback_block, program, wait_for
from serving import Server, statuses

ADMIN, VIEWER, GUEST = "correct-horse-1", "battery-staple-2", "wide-open-door-3"
USERS = [("anna", ADMIN, "admin", None), ("victor", VIEWER, "viewer", None), ("guest", GUEST, "viewer", ["stream_1"])]
CAMERAS = [{"rtsp_url": f"rtsp://127.0.0.1:1/{n}", "id": f"stream_{n}", "on_demand": True} for n in range(2)]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def server(spawn, tmp_path):
    return Server(spawn, tmp_path, cameras=CAMERAS, config=accounts.config(*USERS), args=("-vv",))


def as_(name, password):
    return {"Authorization": basic(name, password)}


def log_in(server, name, password, **headers):
    """(status, headers, the cookie to send back)"""
    status, headers, _ = server.change("POST", "/api/session", {"user": name, "password": password}, **headers)
    return status, headers, headers.get("set-cookie", "").partition(";")[0]


def status_of(server, method, path, headers=None, body=None):
    return server.request(method, path, body, headers)[0]


def test_nothing_is_there_for_strangers(server):
    addresses = [("GET", "/"), ("HEAD", "/"), ("GET", "/metrics"), ("GET", "/api/session")]
    addresses += [("GET", path) for path in (
        "/api/cameras", "/api/cameras/0", "/api/cameras/stream_0", "/api/cameras/9", "/api/cameras/0/snapshot.jpg",
        "/api/cameras/0/live", "/hls/stream_0/index.m3u8", "/hls/stream_0/playlist.m3u8", "/hls/stream_0/playlist1.ts",
        "/hls/stream_0/main/media.m3u8", "/hls/stream_0/main/init-0.mp4", "/hls/stream_0/main/seg1.m4s",
        "/hls/stream_0/main/part1.0.m4s")]
    addresses += [("POST", "/api/cameras"), ("PATCH", "/api/cameras/0"), ("DELETE", "/api/cameras/0")]
    bad = [{}, as_("anna", "wrong"), {"Authorization": "Bearer x"}, {"Authorization": "Basic"},
           {"Cookie": "camctl_session="}, {"Cookie": "camctl_session=" + "A" * 43}]
    for method, path in addresses:
        for headers in bad[:1] + bad[2:]:
            status, answer, body = server.request(method, path, headers=headers)
            assert status == 401, (method, path, headers)
            assert answer["www-authenticate"].startswith("Basic "), path
            assert "stream_" not in body.decode()
    assert status_of(server, "GET", "/api/cameras", bad[1]) == 401
    upgrade = (b"GET /api/cameras/0/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               b"Sec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    assert statuses(server.raw(upgrade)) == [401]
    for path in ("/healthz", "/readyz", "/login", "/style.css", "/js/login.js", "/js/main.js", "/icon.svg"):
        assert server.get(path)[0] == 200, path


def test_roles(server):
    for name, password in (("anna", ADMIN), ("victor", VIEWER)):
        ids = [camera["id"] for camera in json.loads(server.request("GET", "/api/cameras", headers=as_(name, password))[2])]
        assert ids == ["stream_0", "stream_1"]
        assert status_of(server, "GET", "/metrics", as_(name, password)) == 200
    body = json.dumps({"rtsp_url": "rtsp://127.0.0.1:1/new"})
    for name, password, post, delete in (("victor", VIEWER, 403, 403), ("guest", GUEST, 403, 403), ("anna", ADMIN, 201, 204)):
        headers = {**as_(name, password), "Content-Type": "application/json"}
        assert status_of(server, "POST", "/api/cameras", headers, body) == post, name
        assert status_of(server, "DELETE", "/api/cameras/stream_0", headers) == delete, name


def test_a_user_of_some_cameras_knows_of_no_others(server):
    def get(path):
        return server.request("GET", path, headers=as_("guest", GUEST))
    assert [camera["id"] for camera in json.loads(get("/api/cameras")[2])] == ["stream_1"]
    assert get("/api/cameras/1")[0] == get("/api/cameras/stream_1")[0] == 200
    for suffix in ("", "/snapshot.jpg", "/live"):
        assert get(f"/api/cameras/1{suffix}")[0] != 404
        for camera in ("0", "stream_0", "9"):
            status, _, body = get(f"/api/cameras/{camera}{suffix}")
            assert status == 404 and f'no camera \\"{camera}\\"' in body.decode()
    for path in ("index.m3u8", "playlist.m3u8", "main/seg1.m4s"):
        assert get(f"/hls/stream_0/{path}")[0] == 404
    assert get("/metrics")[0] == 403
    assert json.loads(get("/api/session")[2]) == {"user": "guest", "role": "viewer", "cameras": ["stream_1"]}


def test_a_session(server):
    status, headers, cookie = log_in(server, "anna", ADMIN)
    assert status == 204
    attributes = headers["set-cookie"].split("; ")[1:]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes) and "Secure" not in attributes
    with_cookie = {"Cookie": f"theme=dark; {cookie}"}
    assert json.loads(server.request("GET", "/api/session", headers=with_cookie)[2])["user"] == "anna"
    assert status_of(server, "GET", "/", with_cookie) == 200
    assert status_of(server, "DELETE", "/api/cameras/1", with_cookie) == 204
    # Another site's page can't use it, nor log anybody in.
    evil = {"Origin": "http://evil.example"}
    assert status_of(server, "DELETE", "/api/cameras/0", {**with_cookie, **evil}) == 403
    assert log_in(server, "anna", ADMIN, Origin="http://evil.example")[0] == 403
    form = "user=anna&password=" + ADMIN
    assert status_of(server, "POST", "/api/session", {"Content-Type": "application/x-www-form-urlencoded"}, form) == 400
    status, headers, _ = server.request("DELETE", "/api/session", headers=with_cookie)
    assert status == 204 and "Max-Age=0" in headers["set-cookie"] and headers["clear-site-data"] == '"cache"'
    assert status_of(server, "GET", "/api/cameras", with_cookie) == 401


def test_a_proxy_with_tls_gets_a_secure_cookie(spawn, tmp_path):
    server = Server(spawn, tmp_path, cameras=[], config="hosts: [cams.example]\n" + accounts.config(*USERS))
    status, headers, _ = log_in(server, "anna", ADMIN, Host="cams.example", Origin="https://cams.example")
    assert status == 204 and headers["set-cookie"].endswith("; Secure")


def test_a_browser_comes_to_the_log_in_page(server):
    status, headers, _ = server.request("GET", "/", headers=BROWSER)
    assert status == 303 and headers["location"] == "/login"
    status, headers, _ = server.request("GET", "/api/cameras?x=1&y=//evil", headers=BROWSER)
    assert headers["location"] == "/login?next=/api/cameras%3Fx%3D1%26y%3D//evil"
    # What its scripts ask for: no window of the browser's own comes up.
    status, headers, _ = server.request("GET", "/api/cameras", headers={**BROWSER, "Accept": "*/*"})
    assert status == 401 and headers["www-authenticate"].startswith("Session ")
    status, headers, page = server.request("GET", "/login", headers=BROWSER)
    assert status == 200 and "unsafe" not in headers["content-security-policy"] and b"onclick" not in page
    assert re.findall(rb"<script[^>]*>", page) == [b'<script src="/js/theme.js">', b'<script type="module" src="/js/login.js">']


def test_guessing(server):
    _, _, cookie = log_in(server, "victor", VIEWER)
    assert status_of(server, "GET", "/api/cameras", as_("guest", GUEST)) == 200
    outcomes = [log_in(server, "victor", f"guess-{n}")[:2] for n in range(12)]
    assert [status for status, _ in outcomes] == [401] * 10 + [429] * 2
    assert 0 < int(outcomes[-1][1]["retry-after"]) <= 30
    assert status_of(server, "GET", "/api/cameras", as_("victor", "guess")) == 429
    assert log_in(server, "victor", VIEWER)[0] == 429  # nor does the right one tell a guesser anything
    assert status_of(server, "GET", "/api/cameras", as_("guest", GUEST)) == 429
    # Whoever is in stays in, and other addresses have nothing to do with it.
    assert status_of(server, "GET", "/api/cameras", {"Cookie": cookie}) == 200
    connection = http.client.HTTPConnection(server.address, server.port, timeout=20, source_address=(server.address, 0))
    connection.request("GET", "/api/cameras", headers=as_("victor", VIEWER))
    assert connection.getresponse().status == 200


def test_users_are_read_again(server):
    _, _, cookie = log_in(server, "victor", VIEWER)
    held = {"Cookie": cookie}
    assert status_of(server, "GET", "/api/cameras", held) == status_of(server, "GET", "/api/cameras", as_("guest", GUEST)) == 200

    def reload(text):
        server.config.write_text(text)
        server.process.popen.send_signal(signal.SIGHUP)
    reload(accounts.config(USERS[0], ("guest", "another-password", "viewer", None)))
    wait_for("victor to be out", lambda: status_of(server, "GET", "/api/cameras", held) == 401)
    assert status_of(server, "GET", "/api/cameras", as_("guest", GUEST)) == 401
    assert len(json.loads(server.request("GET", "/api/cameras", headers=as_("guest", "another-password"))[2])) == 2
    reload("users: [{name: x}]\n")  # a mistake changes nothing
    wait_for("the complaint", lambda: "not reloaded" in server.process.log())
    assert status_of(server, "GET", "/api/cameras", held) == 401
    reload("")
    wait_for("nobody to have to log in", lambda: server.get("/api/cameras")[0] == 200)


def test_users_let_it_listen_to_others(spawn, tmp_path):
    (tmp_path / "users.yaml").write_text(accounts.config(*USERS))
    (tmp_path / "none.json").write_text("[]")
    port = free_port("0.0.0.0")
    process = spawn(program("camctl-serve"), "--config", tmp_path / "users.yaml", "--listen",
                    f"0.0.0.0:{port}", "--cameras", tmp_path / "none.json")
    process.wait_log("serving ")
    server = Server.__new__(Server)
    server.address, server.port = loopback_block(), port
    assert server.get("/api/cameras")[0] == 401
    # Taking the users away would let everybody in.
    (tmp_path / "users.yaml").write_text("")
    process.popen.send_signal(signal.SIGHUP)
    process.wait_log("there are no users to log in")
    assert server.get("/api/cameras")[0] == 401
    assert server.request("GET", "/api/cameras", headers=as_("anna", ADMIN))[0] == 200


def test_what_contradicts_itself_is_refused(tmp_path):
    (tmp_path / "camctl.yaml").write_text(accounts.config(*USERS))
    for args, said in ((["--listen", "127.0.0.1:0", "--allow-anonymous"], "allow_anonymous makes no sense"),
                       (["--listen", "127.0.0.1:0", "--rtsp-listen", "0.0.0.0:0"], "RTSP here knows no users")):
        done = subprocess.run([program("camctl-serve"), *args], cwd=tmp_path, capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and said in done.stderr
    shown = subprocess.run([program("camctl-serve"), "--print-config"], cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert "name: guest" in shown.stdout and "argon2id" not in shown.stdout


def test_secrets_are_nowhere(server, tmp_path):
    _, _, cookie = log_in(server, "anna", ADMIN)
    log_in(server, "anna", "wrong-" + VIEWER)
    log_in(server, ADMIN, ADMIN)  # on the wrong line
    server.request("GET", "/api/cameras", headers={"Cookie": cookie})
    server.request("GET", "/api/cameras", headers=as_("guest", GUEST))
    log = server.process.log()
    assert "wrong password of anna" in log and "no such user" in log and " anna [" in log
    encoded = base64.b64encode(f"guest:{GUEST}".encode()).decode()
    for secret in (ADMIN, VIEWER, GUEST, cookie.partition("=")[2], encoded, "argon2id"):
        assert secret not in log
    assert ADMIN.encode() not in open(f"/proc/{server.process.pid}/cmdline", "rb").read()


def test_the_users_pictures_are_no_shared_caches(spawn, tmp_path, simulate):
    cameras = simulate(1)
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.rtsp_url()}], config=accounts.config(*USERS))
    headers = as_("victor", VIEWER)
    status, _, body = server.request("GET", "/hls/stream_0/playlist.m3u8", headers=headers)
    assert status == 200
    segment = [line for line in body.decode().splitlines() if line.endswith(".ts")][-1]
    status, answer, _ = server.request("GET", f"/hls/stream_0/{segment}", headers=headers)
    assert status == 200 and answer["cache-control"].startswith("private, max-age=")
    assert server.get(f"/hls/stream_0/{segment}")[0] == 401


def test_hundred_players_with_one_password(spawn, tmp_path):
    """They come at once, before the password is known to be right, and cost one computation of it."""
    slow = re.sub(r'(name: victor, hash: ")[^"]*', lambda m: m[1] + accounts.hash_of(VIEWER, 65536, 3),
                  accounts.config(*USERS))
    server = Server(spawn, tmp_path, cameras=[], config=slow)
    request = f"GET /api/cameras HTTP/1.1\r\nHost: localhost\r\nAuthorization: {basic('victor', VIEWER)}\r\nConnection: close\r\n\r\n"
    sockets = [socket.create_connection((server.address, server.port), timeout=20) for _ in range(100)]
    for one in sockets:
        one.sendall(request.encode())
    answers = [one.recv(4096) for one in sockets]
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
    ticks = os.sysconf("SC_CLK_TCK")
    used = sum(map(int, open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()[11:13])) / ticks
    assert used < 10  # seconds of CPU, where a hundred computations take 15


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def keeper(spawn, tmp_path):
    """A server whose state folder is the test's."""
    def start():
        return Server(spawn, tmp_path, cameras=CAMERAS, args=("-vv",),
                      config=users + f"state_dir: {tmp_path}/state\n")
    users = accounts.config(*USERS)
    return start


def test_tokens(keeper, tmp_path):
    server = keeper()
    admin = as_("anna", ADMIN)
    status, headers, made = server.change("POST", "/api/tokens", {"name": "grafana"}, **admin)
    assert status == 201 and headers["location"] == f"/api/tokens/{made['id']}"
    assert made["token"].startswith("camctl_") and made["role"] == "viewer" and made["by"] == "anna" and made["expires"] is None
    _, _, door = server.change("POST", "/api/tokens", {"name": "door", "cameras": ["stream_1"], "expires_in": 3600}, **admin)
    _, _, root = server.change("POST", "/api/tokens", {"name": "root", "role": "admin"}, **admin)
    assert status_of(server, "GET", "/metrics", bearer(made["token"])) == 200
    assert status_of(server, "DELETE", "/api/cameras/0", bearer(made["token"])) == 403
    assert [camera["id"] for camera in json.loads(server.request("GET", "/api/cameras", headers=bearer(door["token"]))[2])] == ["stream_1"]
    assert status_of(server, "GET", "/hls/stream_0/index.m3u8", bearer(door["token"])) == 404
    # A token makes no others, and lists them only as an admin's.
    assert server.change("POST", "/api/tokens", {"name": "x"}, **bearer(root["token"]))[0] == 403
    assert status_of(server, "GET", "/api/tokens", bearer(root["token"])) == 200
    for headers in (bearer(made["token"]), as_("victor", VIEWER)):
        assert status_of(server, "GET", "/api/tokens", headers) == 403
    listed = json.loads(server.request("GET", "/api/tokens", headers=admin)[2])
    assert [token["name"] for token in listed] == ["grafana", "door", "root"] and "token" not in listed[0] and "hash" not in listed[0]
    for bad in ({}, {"name": "a b"}, {"name": "x", "role": "root"}, {"name": "x", "cameras": "all"}, {"name": "x", "expires_in": 0},
                {"name": "x", "expires_in": 1.5}, {"name": "x", "role": "admin", "cameras": []}, {"nmae": "x"}, []):
        assert server.change("POST", "/api/tokens", bad, **admin)[0] == 400, bad
    # They outlive the server, as hashes.
    kept = tmp_path / "state" / "tokens.json"
    assert os.stat(kept).st_mode & 0o777 == 0o600
    secrets = [token["token"] for token in (made, door, root)]
    assert not [secret for secret in secrets if secret in kept.read_text() or secret in server.process.log()]
    assert server.process.stop() == 0
    server = keeper()
    assert status_of(server, "GET", "/metrics", bearer(made["token"])) == 200
    assert status_of(server, "DELETE", f"/api/tokens/{made['id']}", admin) == 204
    assert status_of(server, "GET", "/metrics", bearer(made["token"])) == 401
    assert status_of(server, "DELETE", f"/api/tokens/{made['id']}", admin) == 404


def test_signed_addresses(keeper, tmp_path):
    server = keeper()
    assert not (tmp_path / "state").exists()
    guest = as_("guest", GUEST)
    status, _, link = server.change("POST", "/api/cameras/1/link", {"expires_in": 600}, **guest)
    assert status == 201 and link["prefix"].startswith("/signed/stream_1~guest~")
    assert server.change("POST", "/api/cameras/0/link", None, **guest)[0] == 404
    assert server.change("POST", "/api/cameras/1/link", {"expires_in": 10**7}, **guest)[0] == 400
    assert os.stat(tmp_path / "state" / "link.key").st_mode & 0o777 == 0o600
    prefix = link["prefix"]
    assert server.get(prefix + "/api/cameras/stream_1")[0] == 200
    assert server.get(prefix + "/hls/stream_1/index.m3u8")[0] == 503  # there is no camera at its address
    assert server.get(prefix + "/api/cameras/stream_0")[0] == 404
    assert server.get(prefix + "/metrics")[0] == 403
    for method, path in (("DELETE", "/api/cameras/1"), ("POST", "/api/tokens"), ("POST", "/api/cameras/1/link")):
        assert status_of(server, method, prefix + path) == 403, path
    assert server.get(prefix[:-1] + ("A" if prefix[-1] != "A" else "B") + "/api/cameras/stream_1")[0] == 403
    for path in ("/signed/x/api/cameras/stream_1", "/signed/~~~/api/cameras/stream_1", prefix):
        assert server.get(path)[0] in (403, 404), path
    server.get("/healthz", Referer="http://localhost" + prefix + "/api/cameras/stream_1")
    log = server.process.log()
    assert "/signed/***/api/cameras/stream_1" in log and prefix not in log
    assert server.process.stop() == 0
    assert keeper().get(prefix + "/api/cameras/stream_1")[0] == 200


def test_a_player_without_a_password(spawn, tmp_path, simulate):
    cameras = simulate(1)
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.rtsp_url()}],
                    config=accounts.config(*USERS) + f"state_dir: {tmp_path}/state\n")
    _, _, link = server.change("POST", "/api/cameras/0/link", None, **as_("victor", VIEWER))
    for path in ("playlist.m3u8", "index.m3u8"):
        url = f"http://{server.address}:{server.port}{link['prefix']}/hls/stream_0/{path}"
        probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", url],
                               capture_output=True, text=True, timeout=60)
        assert "h264" in probe.stdout, probe.stderr
