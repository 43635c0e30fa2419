"""The API of `camctl serve` for cameras as ONVIF devices: PTZ, presets, their own pictures, events."""

import contextlib
import http.client
import json
import re
import socket
import subprocess
import threading
import time

import pytest

import accounts
import bad_device
from conftest import program, wait_for
from serving import Server
from test_events import TIMES, Scripted, check_motion, envelope

ADMIN = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "admin"}
WRONG = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "s3cret-wr0ng"}


def entry(cameras, index=0, **more):
    address = cameras.addresses[index]
    return {"id": f"stream_{index}", "ip": address, "rtsp_url": cameras.rtsp_url(index), "on_demand": True,
            "onvif_url": f"http://{address}:{cameras.onvif_port}/onvif/device_service", **more}


def at(device, **more):
    """An entry for a program of the test that plays a device."""
    return {"ip": "127.0.0.1", "rtsp_url": "rtsp://127.0.0.1:1/", "on_demand": True,
            "onvif_url": f"http://{device.address}/onvif/device_service", **more}


class Turned:
    """A camera of a running server, as the API turns it."""

    def __init__(self, server, camera="stream_0"):
        self.server, self.base = server, f"/api/cameras/{camera}"

    def ptz(self, expect=204, **order):
        status, _, body = self.server.change("POST", self.base + "/ptz", order)
        assert status == expect, body
        return body

    def position(self):
        return self.server.json(self.base + "/ptz")

    def settle(self):
        return wait_for("the camera to stand still", lambda: next((p for p in [self.position()] if not p["moving"]), None))


# ---- PTZ


def test_moves_end_by_themselves_and_by_stop(simulate, spawn, tmp_path):
    camera = Turned(Server(spawn, tmp_path, [entry(simulate(1, "--no-discovery"))]))
    camera.ptz(action="move", pan=0.5, tilt=-0.25, for_ms=400)
    first = camera.settle()  # nobody has stopped it
    assert 0.1 < first["pan"] < 0.9 and first["tilt"] == pytest.approx(-first["pan"] / 2, abs=0.02)
    assert first["zoom"] == 0
    camera.ptz(action="move", pan=-0.01, for_ms=60000)
    assert camera.position()["moving"] is True
    camera.ptz(action="move", pan=-0.02, for_ms=60000)  # goes on as this
    camera.ptz(action="stop")
    assert camera.position()["moving"] is False
    camera.ptz(action="stop")  # once more does no harm


def test_positions_and_presets(simulate, spawn, tmp_path):
    server = Server(spawn, tmp_path, [entry(simulate(1, "--auth", "digest", "--no-discovery"))], env=ADMIN)
    camera = Turned(server)
    presets = camera.base + "/presets"
    assert server.json(presets) == []
    camera.ptz(action="move_to", pan=0.5, tilt=0.5, zoom=0.5)
    assert camera.settle()["pan"] == 0.5
    status, _, gate = server.change("POST", presets, {"name": "Gate"})
    assert status == 201 and gate["name"] == "Gate" and gate["token"]
    camera.ptz(action="move_by", pan=-0.25)
    assert camera.settle()["pan"] == 0.25
    camera.ptz(action="home")
    assert camera.settle()["pan"] == 0
    camera.ptz(action="goto", preset="Gate")
    assert camera.settle() == {"pan": 0.5, "tilt": 0.5, "zoom": 0.5, "moving": False}
    assert server.json(presets) == [{"token": gate["token"], "name": "Gate", "pan": 0.5, "tilt": 0.5, "zoom": 0.5}]
    missing = camera.ptz(404, action="goto", preset="Door")
    assert missing["error"]["code"] == "not_found" and "Gate" in missing["error"]["hint"]
    assert server.change("DELETE", f"{presets}/{gate['token']}")[0] == 204
    assert server.json(presets) == []
    assert server.change("DELETE", f"{presets}/{gate['token']}")[0] == 404


def test_a_camera_that_moves_is_stopped_at_the_end(simulate, spawn, tmp_path):
    cameras = simulate(1, "--no-discovery")
    server = Server(spawn, tmp_path, [entry(cameras)])
    Turned(server).ptz(action="move", pan=0.01, for_ms=60000)
    began = time.monotonic()
    assert server.process.stop() == 0
    assert time.monotonic() - began < 2
    done = subprocess.run([program("camctl-ptz"), entry(cameras)["onvif_url"], "status"], capture_output=True,
                          text=True, cwd=tmp_path, timeout=20, check=True)
    assert json.loads(done.stdout)["moving"] is False


BAD_ORDERS = [
    {}, {"action": "dance"}, {"action": 1}, {"action": None}, {"action": "move"}, {"action": "move", "pan": "1"},
    {"action": "move", "pan": 1.001}, {"action": "move", "pan": -2}, {"action": "move", "tilt": 1e308},
    {"action": "move", "pan": True}, {"action": "move", "pan": [0.5]}, {"action": "move", "pan": {"x": 1}},
    {"action": "move", "pan": 0.5, "for_ms": 0}, {"action": "move", "pan": 0.5, "for_ms": 60001},
    {"action": "move", "pan": 0.5, "for_ms": -1}, {"action": "move", "pan": 0.5, "for_ms": 1e300},
    {"action": "move", "pan": 0.5, "speed": 1}, {"action": "move", "pan": 0.5, "preset": "Gate"},
    {"action": "move_by"}, {"action": "move_to", "zoom": 0.5, "for_ms": 100}, {"action": "stop", "pan": 0.5},
    {"action": "stop", "for_ms": 100}, {"action": "home", "preset": "x"}, {"action": "goto"},
    {"action": "goto", "preset": ""}, {"action": "goto", "preset": "x" * 129}, {"action": "goto", "preset": 7},
    [], [{"action": "stop"}], "stop", 7, None, {"": ""}, {"action": {"action": {"action": {}}}},
]
BAD_BODIES = [
    b"", b"{", b"null", b"\xff\xfe", b'{"action":"move","pan":NaN}', b'{"action":"move","pan":1e999}',
    b'{"action":"stop"} x', b'{"action":"st\x00op"}', b"[" * 30000, b'{"a":' * 10000, b'{"action":"\xc3\x28"}',
    b'{"action":"stop","action":"dance"}', b"<s:Envelope/>",
]


def test_bad_requests_move_nothing(simulate, spawn, tmp_path):
    server = Server(spawn, tmp_path, [entry(simulate(1, "--no-discovery"))])
    camera = Turned(server)
    before = camera.position()
    for path in (camera.base + "/ptz", camera.base + "/presets"):
        for order in BAD_ORDERS:
            status, _, body = server.change("POST", path, order if order is not None else {"x": None})
            assert status == 400 and body["error"]["code"] == "usage", (path, order, body)
        for bytes_ in BAD_BODIES:
            status, _, body = server.request("POST", path, bytes_, {"Content-Type": "application/json"})
            assert status == 400 and json.loads(body)["error"]["message"], (path, bytes_[:40], body)
        stop = b'{"action":"stop","name":"x"}'
        assert server.request("POST", path, stop, {"Content-Type": "text/plain"})[0] == 400  # what a form could send
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            status, _, body = server.request("POST", path, b'{"action":"home"}',
                                             {"Content-Type": "application/json", **headers})
            assert status == 403, (path, headers, body)
        assert server.request("PUT", path, b"{}")[0] == 405
    assert server.change("DELETE", camera.base + "/presets/x", Origin="http://evil.example")[0] == 403
    for path in ("/api/cameras/stream_9/ptz", "/api/cameras/../ptz", "/api/cameras/%00/ptz"):
        assert server.change("POST", path, {"action": "stop"})[0] in (400, 404), path
    assert server.change("POST", camera.base + "/presets", {"name": ""})[0] == 400
    assert camera.position() == before and server.json(camera.base + "/presets") == []


def test_what_a_camera_can_not_do(simulate, spawn, tmp_path):
    cameras = simulate(1, "--no-discovery")
    server = Server(spawn, tmp_path, [
        {"rtsp_url": cameras.rtsp_url(), "on_demand": True}, entry(cameras, id="fixed", ptz=False),
        at(type("Nobody", (), {"address": "127.0.0.1:9"}), id="away")])
    for camera, status, code in (("stream_0", 501, "unsupported"), ("fixed", 501, "unsupported"), ("away", 502, "network")):
        for method, path in (("GET", "ptz"), ("POST", "ptz"), ("GET", "presets"), ("DELETE", "presets/x")):
            body = {"action": "stop"} if method == "POST" else None
            got, _, answer = server.change(method, f"/api/cameras/{camera}/{path}", body)
            assert (got, answer["error"]["code"]) == (status, code), (camera, method, path, answer)


def test_refused_credentials_are_tried_once(simulate, spawn, tmp_path):
    """Whatever pages ask for: cameras lock accounts. SIGHUP says that something was corrected."""
    challenge = bad_device.reply(b"", "401 Unauthorized",
                                 ['WWW-Authenticate: Digest realm="x", nonce="y", qop="auth"', "Connection: close"])
    asked = []

    def play(device, connection, _):
        while request := bad_device.read_request(connection):
            if b"GetSystemDateAndTime" in request:
                connection.sendall(bad_device.reply(bad_device.DATE))
                continue
            if b"Authorization" in request or b"UsernameToken" in request:
                asked.append(request)
            connection.sendall(challenge)
            return

    device = bad_device.Device(play)
    server = Server(spawn, tmp_path, [at(device)], env=WRONG)
    answers = [server.get("/api/cameras/0/ptz") for _ in range(5)]
    attempts = len(asked)
    assert 1 <= attempts <= 2, "as interrogate(): the prefixed spelling may be tried once"
    for status, _, body in answers:
        assert status == 502 and json.loads(body)["error"]["code"] == "auth" and b"s3cret" not in body
    with Listening(server, "?camera=0") as stream:
        assert stream.find(type="subscription")["listening"] is False
    assert len(asked) == attempts
    assert "s3cret" not in server.process.log()
    device.close()


def test_a_camera_that_hangs_holds_nobody_up(simulate, spawn, tmp_path):
    device = bad_device.Device(lambda device, connection, _: device.wait(60))
    server = Server(spawn, tmp_path, [entry(simulate(1, "--no-discovery")), at(device, id="hangs")])
    waiting = [threading.Thread(target=server.get, args=("/api/cameras/hangs/ptz",), daemon=True) for _ in range(6)]
    for thread in waiting:
        thread.start()
    wait_for("the camera to be asked", lambda: device.connections)
    began = time.monotonic()
    Turned(server).position()
    assert time.monotonic() - began < 2
    # Behind some that wait, further ones are refused at once.
    refused = [threading.Thread(target=server.get, args=("/api/cameras/hangs/presets",), daemon=True) for _ in range(30)]
    for thread in refused:
        thread.start()
    wait_for("a refusal", lambda: server.get("/api/cameras/hangs/ptz")[0] == 503)
    began = time.monotonic()
    assert server.process.stop() == 0
    assert time.monotonic() - began < 2.5
    device.close()


def test_a_camera_that_restarts_is_asked_again(simulate, spawn, tmp_path):
    cameras = simulate(1, "--no-discovery")
    camera = Turned(Server(spawn, tmp_path, [entry(cameras)]))
    camera.ptz(action="home")
    cameras.process.stop()
    simulate(1, "--no-discovery", address=cameras.addresses[0])
    camera.ptz(action="home")


# ---- The camera's own picture


def test_the_cameras_own_picture(simulate, spawn, tmp_path):
    cameras = simulate(1, "--auth", "digest", "--no-discovery")
    server = Server(spawn, tmp_path, [entry(cameras)], env=ADMIN)
    status, headers, jpeg = server.get("/api/cameras/0/snapshot.jpg?source=camera")
    assert status == 200 and headers["content-type"] == "image/jpeg", jpeg
    assert jpeg.startswith(b"\xff\xd8\xff") and jpeg.endswith(b"\xff\xd9")
    assert server.get("/api/cameras/0/snapshot.jpg?source=camera", If_None_Match=headers["etag"])[0] == 304
    assert server.camera_status() == "idle", "the stream is not asked for"
    assert server.get("/api/cameras/0/snapshot.jpg?source=moon")[0] == 400
    assert server.get("/api/cameras/0/snapshot.jpg?source=camera&width=100")[0] == 400


# ---- Events


class Listening:
    """A client of /api/events/stream: `records` as they come, and their `ids`."""

    def __init__(self, server, query="", **headers):
        self.records, self.ids = [], []
        self.socket = server.connect()
        self.socket.settimeout(60)
        lines = [f"GET /api/events/stream{query} HTTP/1.1", f"Host: {server.address}:{server.port}",
                 *(f"{key.replace('_', '-')}: {value}" for key, value in headers.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.file = self.socket.makefile("rb")
        self.status = self.file.readline().decode().strip()
        self.headers = http.client.parse_headers(self.file)
        self.thread = threading.Thread(target=self._read, daemon=True)

    def _read(self):
        with contextlib.suppress(OSError, ValueError):
            while line := self.file.readline():
                if line.startswith(b"id: "):
                    self.ids.append(int(line[4:]))
                if line.startswith(b"data: "):
                    self.records.append(json.loads(line[6:]))

    def __enter__(self):
        assert self.status == "HTTP/1.1 200 OK"
        self.thread.start()
        return self

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.socket.close()

    def __exit__(self, *_):
        self.close()

    def all(self, **keys):
        return [one for one in self.records if all(one.get(key) == value for key, value in keys.items())]

    def find(self, count=1, **keys):
        found = wait_for(f"an event with {keys}", lambda: self.all(**keys)[count - 1:count], 30)
        return found[0]


def test_events_as_they_happen_and_lately(simulate, spawn, tmp_path):
    cameras = simulate(2, "--no-discovery")
    server = Server(spawn, tmp_path, [entry(cameras, 0), entry(cameras, 1)])
    assert server.json("/api/cameras/0/events") == [] and server.json("/api/events?camera=0,1&limit=5") == []
    with Listening(server, "?camera=0") as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        assert stream.find(type="subscription") == {
            "id": stream.ids[0], "type": "subscription", "camera": "stream_0", "listening": True,
            "time": stream.records[0]["time"]}
        stream.find(3, type="motion")
        motion = stream.all(type="motion")
        check_motion(motion)
        assert {one["camera"] for one in stream.records} == {"stream_0"}
        assert stream.ids == sorted(set(stream.ids)) == [one["id"] for one in stream.records]
        server.get("/api/cameras/0/snapshot.jpg")  # connects it
        assert stream.find(type="state", status="live")["camera"] == "stream_0"
    lately = server.json("/api/cameras/0/events")
    assert [one for one in lately if one["type"] == "motion"][:3] == motion[:3]
    assert server.json("/api/cameras/1/events") == []
    [newest] = server.json("/api/events?limit=1")
    assert newest["id"] >= lately[-1]["id"]
    assert server.json(f"/api/events?from={motion[1]['received']}")[0]["id"] == motion[1]["id"]
    assert server.json("/api/events?from=2100-01-01T00:00:00Z") == server.json("/api/events?to=1") == []
    with Listening(server, "?camera=stream_0", Last_Event_ID=str(motion[0]["id"])) as again:
        assert again.find()["id"] == lately[lately.index(motion[0]) + 1]["id"], "goes on behind it"


def test_bad_event_requests(simulate, spawn, tmp_path):
    server = Server(spawn, tmp_path, [entry(simulate(1, "--no-discovery"))])
    for query, status in (("?camera=9", 404), ("?camera=0,nobody", 404), ("?camera=" + "x" * 5000, 404), ("?after=x", 400),
                          ("?after=-1", 400), ("?after=99999999999999999999", 400)):
        assert server.get("/api/events/stream" + query)[0] == status, query
    for query in ("from=yesterday", "to=2026-13-01T00:00:00Z", "from=1e400", "from=nan", "limit=0", "limit=1001", "limit=x"):
        assert server.get("/api/events?" + query)[0] == 400, query
        assert server.get("/api/cameras/0/events?" + query)[0] == 400, query
    assert server.get("/api/cameras/9/events")[0] == 404
    assert server.request("HEAD", "/api/events/stream")[:1] == (200,)
    assert server.request("POST", "/api/events/stream")[0] == 405


def test_users_see_and_turn_what_is_theirs(simulate, spawn, tmp_path):
    cameras = simulate(2, "--no-discovery")
    users = accounts.config(("anna", "correct-horse-1", "admin", None), ("guest", "wide-open-door-3", "viewer", ["stream_1"]))
    server = Server(spawn, tmp_path, [entry(cameras, 0), entry(cameras, 1)], config=users)
    anna, guest = ({"Authorization": accounts.basic(*who)} for who in (("anna", "correct-horse-1"), ("guest", "wide-open-door-3")))
    for method, path, body, of_anna, of_guest in (
            ("POST", "stream_1/ptz", {"action": "stop"}, 204, 403), ("POST", "stream_0/ptz", {"action": "stop"}, 204, None),
            ("POST", "stream_1/presets", {"name": "Gate"}, 201, 403), ("DELETE", "stream_1/presets/Gate", None, 204, 403),
            ("GET", "stream_1/ptz", None, 200, 200), ("GET", "stream_0/ptz", None, 200, 404),
            ("GET", "stream_0/presets", None, 200, 404), ("GET", "stream_0/events", None, 200, 404),
            ("GET", "stream_0/snapshot.jpg?source=camera", None, 200, 404)):
        text = json.dumps(body) if body else None
        for who, wanted in (({}, 401), (guest, of_guest), (anna, of_anna)):
            status = server.request(method, "/api/cameras/" + path, text, {"Content-Type": "application/json", **who})[0]
            assert status == wanted or (wanted is None and status in (403, 404)), (method, path, who, status)
    assert server.get("/api/events")[0] == server.get("/api/events/stream")[0] == 401
    assert server.get("/api/events/stream?camera=0", **guest)[0] == server.get("/api/events?camera=0", **guest)[0] == 404
    with Listening(server, **guest) as of_guest, Listening(server, **anna) as of_anna:
        of_guest.find(type="motion")
        of_anna.find(type="motion", camera="stream_0")
        assert {one["camera"] for one in of_guest.records} == {"stream_1"}
    listed = json.loads(server.get("/api/events", **guest)[2])
    assert listed and {one["camera"] for one in listed} == {"stream_1"}


def test_one_subscription_while_somebody_listens(spawn, tmp_path):
    script = Scripted()
    device = bad_device.Device(script)
    server = Server(spawn, tmp_path, [at(device)])
    assert script.operations == []
    with Listening(server) as one, Listening(server, "?camera=0") as two:
        one.find(type="subscription", listening=True)
        wait_for("questions", lambda: script.count("PullMessages") >= 2)
        assert script.count("CreatePullPointSubscription") == 1
        two.close()
    wait_for("the end of the subscription", lambda: script.count("Unsubscribe") == 1, 15)
    assert script.count("CreatePullPointSubscription") == 1
    with Listening(server) as one:
        wait_for("another subscription", lambda: script.count("CreatePullPointSubscription") == 2)
        began = time.monotonic()
        assert server.process.stop() == 0
        assert time.monotonic() - began < 2
    assert script.count("Unsubscribe") == 2
    device.close()


def test_a_camera_that_goes_away_is_heard_again(simulate, spawn, tmp_path):
    cameras = simulate(1, "--no-discovery")
    server = Server(spawn, tmp_path, [entry(cameras)])
    with Listening(server) as stream:
        stream.find(type="motion", operation="initialized")
        cameras.process.stop()
        lost = stream.find(type="subscription", listening=False)
        assert lost["reason"] and lost["hint"]
        simulate(1, "--no-discovery", address=cameras.addresses[0])
        stream.find(2, type="motion", operation="initialized")


def test_a_device_that_floods_costs_little(spawn, tmp_path):
    """It has always a hundred events more: serve reads them slowly and keeps few."""
    item = '<tt:SimpleItem Name="{0}" Value="{0}"/>'.format("x" * 900)
    message = ('<wsnt:NotificationMessage><wsnt:Topic>tns1:Rule/Flood</wsnt:Topic><wsnt:Message><tt:Message '
               f'xmlns:tt="http://www.onvif.org/ver10/schema" UtcTime="2026-01-01T00:00:00Z"><tt:Data>{item * 10}</tt:Data>'
               '</tt:Message></wsnt:Message></wsnt:NotificationMessage>')
    flood = bad_device.reply(envelope(
        f"<tev:PullMessagesResponse>{TIMES.format('tev', 1)}{message * 100}</tev:PullMessagesResponse>"))

    class Flooding(Scripted):
        def answer(self, device, request):
            if b":PullMessages" not in request.partition(b"Body>")[2]:
                return super().answer(device, request)
            with self.lock:
                self.operations.append((time.monotonic(), "PullMessages", b""))
            return flood

    script = Flooding()
    device = bad_device.Device(script)
    server = Server(spawn, tmp_path, [at(device)])
    with Listening(server) as stream:
        stream.find(topic="Rule/Flood")
        wait_for("more than the burst", lambda: script.count("PullMessages") >= 8, 60)
        asked = [moment for moment, name, _ in script.operations if name == "PullMessages"]
        assert asked[7] - asked[6] > 1.5, "two seconds for a hundred events"
        kept = server.get("/api/events?limit=1000")[2]
        assert len(kept) < 300 << 10 and b"Rule/Flood" in kept
    device.close()
