"""`camctl serve`: what is there beside HLS, with cameras that really send: snapshots, fMP4 over WebSocket."""

import base64
import concurrent.futures
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess

import pytest

import venvs
from conftest import require, wait_for
from serving import Server, read_all


@pytest.fixture
def start(spawn, tmp_path):
    return lambda *args, **options: Server(spawn, tmp_path, *args, **options)


def picture_size(jpeg, tmp_path):
    path = tmp_path / "snapshot.jpg"
    path.write_bytes(jpeg)
    probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "json",
                            path], capture_output=True, check=True)
    stream = json.loads(probe.stdout)["streams"][0]
    assert stream["codec_name"] == "mjpeg"
    return stream["width"], stream["height"]


def test_snapshots(simulate, start, tmp_path):
    require("ffprobe")
    cameras = simulate(1)
    server = start([{"rtsp_url": cameras.rtsp_url()}])
    # The first request waits for the first key frame.
    status, headers, jpeg = server.get("/api/cameras/stream_0/snapshot.jpg")
    assert status == 200, jpeg
    assert headers["content-type"] == "image/jpeg"
    assert picture_size(jpeg, tmp_path) == (1920, 1080)
    for width, size in ((640, (640, 360)), (16, (16, 9)), (5000, (1920, 1080))):
        status, headers, jpeg = server.get(f"/api/cameras/0/snapshot.jpg?width={width}")
        assert status == 200
        assert picture_size(jpeg, tmp_path) == size

    status, headers, _ = server.request("HEAD", "/api/cameras/0/snapshot.jpg")
    assert status == 200 and int(headers["content-length"]) > 1000 and "max-age=1" in headers["cache-control"]
    def unchanged():  # a new key frame may have come in between
        etag = server.get("/api/cameras/0/snapshot.jpg")[1]["etag"]
        return server.get("/api/cameras/0/snapshot.jpg", If_None_Match=etag)[0] == 304
    wait_for("the same picture to be told by its tag", unchanged)

    for query in ("width=0", "width=-1", "width=1e3", "width=999999999999", "width=15", "width=%00"):
        status, _, body = server.get(f"/api/cameras/0/snapshot.jpg?{query}")
        assert status == 400 and "width" in json.loads(body)["error"]["message"], query
    status, _, body = server.get("/api/cameras/9/snapshot.jpg")
    assert status == 404 and json.loads(body)["error"]["code"] == "not_found"

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda i: server.get(f"/api/cameras/0/snapshot.jpg?width={160 + i % 3}")[0], range(80)))
    assert answers.count(200) == 80


def test_snapshot_of_a_camera_that_is_away(simulate, start):
    cameras = simulate(1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        server = start([{"rtsp_url": cameras.rtsp_url()}, {"rtsp_url": f"rtsp://127.0.0.1:{port}/x"}])
        status, headers, body = server.get("/api/cameras/1/snapshot.jpg")
        assert status == 503 and "retry-after" in headers
        assert "stream_1 is offline" in json.loads(body)["error"]["message"]
    # The last picture of a camera that has gone is not shown as its present one.
    assert server.get("/api/cameras/0/snapshot.jpg")[0] == 200
    cameras.process.stop()
    server.wait_status("stream_0", "offline")
    assert server.get("/api/cameras/0/snapshot.jpg")[0] == 503


def watching(spawn_args, url, seconds, folder, *pause):
    """A client by others, already running; `.result()` is what it saw."""
    folder.mkdir(exist_ok=True)
    client = subprocess.Popen([venvs.python("websockets"), pathlib.Path(__file__).parent / "websocket_client.py", url,
                               str(seconds), folder, *map(str, pause)], stdout=subprocess.PIPE, text=True)

    def result():
        out, _ = client.communicate(timeout=120)
        assert client.returncode == 0
        return json.loads(out)

    client.result = result
    spawn_args.append(client)
    return client


@pytest.fixture
def watch():
    clients = []
    yield lambda *args: watching(clients, *args)
    for client in clients:
        if client.poll() is None:
            client.kill()
            client.wait()


def probe(path):
    """(codecs, number of video frames) of a file, decoded by ffmpeg; nothing may be wrong with it."""
    shown = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-show_entries",
                            "stream=codec_name,codec_type,nb_read_packets", "-of", "json", path],
                           capture_output=True, text=True, check=True)
    decoded = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "null", "-"], capture_output=True, text=True)
    assert decoded.returncode == 0 and decoded.stderr == "", decoded.stderr[:500]
    streams = json.loads(shown.stdout)["streams"]
    video = [stream for stream in streams if stream["codec_type"] == "video"]
    return sorted(stream["codec_name"] for stream in streams), int(video[0]["nb_read_packets"])


def test_live_over_websocket(simulate, start, watch, tmp_path):
    require("ffprobe", "ffmpeg")
    cameras = simulate(1)
    server = start([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    url = f"ws://{server.address}:{server.port}/api/cameras/stream_0/live"
    clients = [watch(url, 6, tmp_path / f"viewer-{i}") for i in range(3)]
    wait_for("the viewers to be counted", lambda: server.json("/api/cameras/0")["viewers"] == 3)
    for i, client in enumerate(clients):
        seen = client.result()
        assert seen["close"] == 1000
        assert len(seen["texts"]) == 1
        text = seen["texts"][0]
        assert text["type"] == "init" and text["mime"].startswith('video/mp4; codecs="avc1.')
        assert "mp4a.40.2" in text["mime"] and (text["width"], text["height"]) == (1920, 1080)
        # The newest group of pictures came at once: more than what the time since then gave.
        assert seen["first_media"] < 3
        assert seen["media"] > 100
        codecs, frames = probe(tmp_path / f"viewer-{i}" / f"media-{text['init']}.mp4")
        assert codecs == ["aac", "h264"] and frames > 100
    wait_for("the viewers to be gone", lambda: server.json("/api/cameras/0")["viewers"] == 0)


def test_live_ends_when_the_camera_changes_and_the_server_stops(simulate, start, watch, tmp_path):
    cameras = simulate(1)
    server = start([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    url = f"ws://{server.address}:{server.port}/api/cameras/stream_0/live"
    client = watch(url, 60, tmp_path / "a")
    wait_for("the viewer", lambda: server.json("/api/cameras/0")["viewers"] == 1)
    status, _, body = server.change("PATCH", "/api/cameras/0", {"rtsp_url": cameras.rtsp_url(channel=1)})
    assert status == 200, body
    assert client.result()["close"] == 1012
    client = watch(url, 60, tmp_path / "b")
    wait_for("the viewer", lambda: server.json("/api/cameras/0")["viewers"] == 1)
    assert server.process.stop(signal.SIGTERM) == 0
    assert client.result()["close"] == 1001


def test_a_slow_viewer_goes_on_at_a_key_frame(simulate, start, watch, tmp_path):
    require("ffprobe", "ffmpeg")
    cameras = simulate(1)
    server = start([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    url = f"ws://{server.address}:{server.port}/api/cameras/stream_0/live"
    client = watch(url, 15, tmp_path / "slow", 10)
    seen = client.result()
    assert seen["close"] == 1000
    init = seen["texts"][0]["init"]
    assert len(seen["texts"]) == 1
    frames = keyed_frames(tmp_path / "slow" / f"media-{init}.mp4")
    times = [time for time, _ in frames]
    holes = [i for i in range(1, len(times)) if times[i] - times[i - 1] > 1]
    assert holes, "nothing was dropped"
    assert all(frames[i][1] for i in holes), "did not go on at a key frame"
    assert len(times) > 50


def keyed_frames(path):
    """(decoding time, key frame) of each picture."""
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=dts_time,flags",
                          "-of", "csv=p=0", path], capture_output=True, text=True, check=True).stdout
    return [(float(line.split(",")[0]), "K" in line.split(",")[1]) for line in out.split()]


def handshake(server, path="/api/cameras/0/live", **headers):
    """The request's bytes."""
    lines = {"Host": f"{server.address}:{server.port}", "Upgrade": "websocket", "Connection": "Upgrade",
             "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
             **{name.replace("_", "-"): value for name, value in headers.items()}}
    return "".join([f"GET {path} HTTP/1.1\r\n", *(f"{k}: {v}\r\n" for k, v in lines.items() if v), "\r\n"]).encode()


def client_frame(first, payload):
    mask = os.urandom(4)
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return bytes([first]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def control_frames(data):
    """The control frames among unmasked frames: [(opcode, payload)]."""
    found = []
    while len(data) >= 2:
        opcode, size, at = data[0] & 15, data[1], 2
        assert data[0] & 0x80 and size < 128
        if size == 126:
            size, at = struct.unpack(">H", data[2:4])[0], 4
        elif size == 127:
            size, at = struct.unpack(">Q", data[2:10])[0], 10
        if opcode >= 8:
            found.append((opcode, data[at:at + size]))
        data = data[at + size:]
    return found


def test_hostile_websockets(simulate, start):
    cameras = simulate(1)
    server = start([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")

    def head(data):
        received = server.raw(data)
        return int(received.split(b" ")[1]), received

    assert head(handshake(server, Origin="http://evil.example"))[0] == 403
    assert head(handshake(server, Origin="null"))[0] == 403
    assert head(handshake(server, Host="evil.example"))[0] == 421
    assert head(handshake(server, Sec_WebSocket_Version="7"))[0] == 426
    assert head(handshake(server, Sec_WebSocket_Key="no"))[0] == 400
    assert head(handshake(server, Upgrade=""))[0] == 426
    assert head(handshake(server, path="/api/cameras/7/live"))[0] == 404
    assert head(handshake(server, path="/api/cameras"))[0] == 200  # an upgrade that is not there is ignored
    assert server.request("POST", "/api/cameras/0/live", headers={"Origin": f"http://{server.address}:{server.port}"})[0] == 405

    def ends_with(code, *frames):
        with server.connect() as connection:
            connection.sendall(handshake(server, Origin=f"http://{server.address}:{server.port}") + b"".join(frames))
            received = read_all(connection)
        assert received.startswith(b"HTTP/1.1 101 ")
        controls = control_frames(received.split(b"\r\n\r\n", 1)[1])
        assert controls[-1] == (8, struct.pack(">H", code)), (code, controls)
        return controls

    ends_with(1000, client_frame(0x88, b""))
    ends_with(1002, b"\x81\x02hi")  # not masked
    ends_with(1002, client_frame(0xf1, b"x"))
    ends_with(1003, client_frame(0x82, b"x"))
    ends_with(1009, client_frame(0x81, b"x" * 5000))
    ends_with(1002, b"\x89\xff" + b"\xff" * 12)
    controls = ends_with(1000, client_frame(0x81, b"{}"), client_frame(0x89, b"one"), client_frame(0x88, b"\x03\xe8"))
    assert len(controls) in (1, 2) and all(payload == b"one" for opcode, payload in controls if opcode == 10)

    with server.connect() as connection:  # pings while media flows, byte by byte
        connection.sendall(handshake(server))
        received = b""
        while b"ftyp" not in received:
            received += connection.recv(65536)
        for byte in client_frame(0x89, b"are you there"):
            connection.send(bytes([byte]))
        while b"\x8a\x0dare you there" not in received:
            chunk = connection.recv(65536)
            assert chunk
            received += chunk
    # One that just leaves is not counted for long.
    wait_for("nobody to be counted", lambda: server.json("/api/cameras/0")["viewers"] == 0)
    assert server.process.alive()
