"""`camctl serve` with virtual cameras: media, faults, reload, secrets, the end."""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import free_port, loopback_block, program, require, wait_for
from serving import Server

PASSWORD = "s3cret-p4ss"


class Cameras:
    """`camctl simulate` on addresses of the test's own."""

    def __init__(self, spawn, count=1, args=(), env=None):
        self.spawn, self.count, self.args, self.env = spawn, count, args, env
        self.first = loopback_block()
        self.rtsp_port, self.onvif_port = free_port(self.first), free_port(self.first)
        self.start()

    def start(self):
        self.process = self.spawn(program("camctl-simulate"), "--count", str(self.count), "--address", self.first,
                                  "--rtsp-port", str(self.rtsp_port), "--onvif-port", str(self.onvif_port),
                                  "--no-discovery", "-o", "jsonl", *self.args, env=self.env)
        wait_for("virtual cameras", lambda: self.process.log().count("rtsp_url") >= self.count, 40)

    def url(self, n=0, channel=0):
        head, last = self.first.rsplit(".", 1)
        return f"rtsp://{head}.{int(last) + n}:{self.rtsp_port}/live/channel{channel}"

    def host(self, n=0):
        return self.url(n).split("/")[2].rsplit(":", 1)[0]


def codecs(path):
    out = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path],
                         capture_output=True, text=True, check=True).stdout
    return sorted(set(out.split()))


def test_all_media_routes(spawn, tmp_path):
    require("ffprobe")
    cameras = Cameras(spawn)
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url()}])
    # The first request waits for the first segment: a player needs no retry.
    start = time.monotonic()
    status, headers, body = server.get("/hls/stream_0/playlist.m3u8")
    assert status == 200 and time.monotonic() - start < 8
    assert headers["content-type"] == "application/vnd.apple.mpegurl" and headers["cache-control"] == "no-cache"
    names = [line for line in body.decode().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"playlist\d+\.ts", name) for name in names)
    status, headers, segment = server.get(f"/hls/0/{names[-1]}")
    assert status == 200 and headers["content-type"] == "video/mp2t" and "immutable" in headers["cache-control"]
    (tmp_path / "a.ts").write_bytes(segment)
    assert codecs(tmp_path / "a.ts") == ["aac", "h264"]
    assert server.get(f"/hls/0/{names[-1]}")[2] == segment  # a name never changes its bytes
    assert server.get(f"/hls/0/{names[-1]}", Range="bytes=188-375")[2] == segment[188:376]

    master = server.segments("/hls/stream_0/index.m3u8")
    assert master == ["main/media.m3u8"]
    text = server.get("/hls/stream_0/main/media.m3u8")[2].decode()
    init = re.search(r'#EXT-X-MAP:URI="(init-\d+\.mp4)"', text).group(1)
    segments = server.segments("/hls/stream_0/main/media.m3u8")
    (tmp_path / "b.mp4").write_bytes(server.get(f"/hls/0/main/{init}")[2] + server.get(f"/hls/0/main/{segments[-1]}")[2])
    assert codecs(tmp_path / "b.mp4") == ["aac", "h264"]
    etag = server.get("/hls/0/main/media.m3u8")[1]["etag"]
    assert etag.startswith('"')

    camera = server.json("/api/cameras/0")
    assert camera["status"] == "live" and camera["viewers"] == 1 and camera["bitrate_kbps"] > 100
    assert camera["frames"] > 20 and camera["window_bytes"] > 20_000 and camera["dropped"] == camera["reconnects"] == 0
    assert 20 < camera["fps"] < 30 and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", camera["last_frame"])
    server.get(f"/hls/0/{names[-1]}", User_Agent="another")
    assert server.json("/api/cameras/0")["viewers"] == 2
    for wrong in ("/hls/0/playlist999999999999.ts", "/hls/0/main/seg999999999999.m4s", "/hls/0/main/init-99.mp4",
                  "/hls/0/main/init-99999999999.mp4"):
        assert server.get(wrong)[0] == 404, wrong


def test_many_players_get_the_same(spawn, tmp_path):
    cameras = Cameras(spawn)
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url()}])
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        # All of these wait for the first segment, and are woken by it.
        answers = list(pool.map(lambda _: server.get("/hls/0/playlist.m3u8"), range(40)))
        assert {status for status, _, _ in answers} == {200}
        segment = [line for line in answers[0][2].decode().splitlines() if line.endswith(".ts")][-1]
        assert len({body for _, _, body in pool.map(lambda _: server.get(f"/hls/0/{segment}"), range(40))}) == 1


def test_a_dead_camera_harms_no_other(spawn, tmp_path):
    cameras = Cameras(spawn)
    dead = f"rtsp://{cameras.host(8)}:{cameras.rtsp_port}/gone"
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": dead}, {"rtsp_url": cameras.url()},
                                              {"rtsp_url": "file://localhost/etc/passwd"}, {"rtsp_url": cameras.url() + "/no"}])
    server.wait_status(1, "live")
    assert server.segments("/hls/1/playlist.m3u8")
    for n in (0, 2, 3):
        wait_for(f"camera {n} to be known as bad", lambda n=n: server.json(f"/api/cameras/{n}")["status"] != "connecting")
        status, headers, body = server.get(f"/hls/{n}/playlist.m3u8")
        assert status == 503 and int(headers["retry-after"]) >= 1 and json.loads(body)["error"]["message"]
        camera = server.json(f"/api/cameras/{n}")
        assert camera["status"] in ("offline", "error") and camera["reason"] and camera["last_frame"] is None
    assert "root:" not in json.dumps(server.json("/api/cameras"))


def test_a_camera_that_goes_and_comes_back(spawn, tmp_path):
    cameras = Cameras(spawn)
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url()}])
    server.wait_status(0, "live")
    before = server.segments("/hls/0/playlist.m3u8")
    cameras.process.stop()
    server.wait_status(0, "offline")
    assert server.json("/api/cameras/0")["reason"]
    assert server.get("/hls/0/playlist.m3u8")[0] == 200  # what there is can still be played
    cameras.start()
    server.wait_status(0, "live")

    def goes_on():
        text = server.get("/hls/0/playlist.m3u8")[2].decode()
        return "#EXT-X-DISCONTINUITY\n" in text and before[-1] in text
    wait_for("segments behind a discontinuity", goes_on, 15)


def numbers(server, n):
    return [int(re.search(r"\d+", name).group()) for name in server.segments(f"/hls/{n}/playlist.m3u8")]


def test_reload_touches_only_what_changed(spawn, tmp_path):
    cameras = Cameras(spawn, count=3)
    entries = [{"rtsp_url": cameras.url(0), "name": "a"}, {"rtsp_url": cameras.url(1)}]
    server = Server(spawn, tmp_path, cameras=entries)
    for n in (0, 1):
        server.wait_status(n, "live")
    wait_for("some segments", lambda: len(numbers(server, 0)) >= 2 and len(numbers(server, 1)) >= 2)
    kept = numbers(server, 0)
    entries[0]["name"] = "b"
    entries[1]["rtsp_url"] = cameras.url(2)
    entries.append({"rtsp_url": cameras.url(1)})
    server.cameras.write_text(json.dumps(entries))
    server.config.write_text("hosts: [new.example]\nthreads: 3\nstreams: {stream_99: {segments: 4}}\n")
    server.process.popen.send_signal(signal.SIGHUP)
    wait_for("the third camera", lambda: len(server.json("/api/cameras")) == 3)
    assert server.get("/healthz", Host="new.example")[0] == 200
    assert server.json("/api/cameras/0")["name"] == "b"
    assert "threads has changed, which needs a restart" in server.process.log()
    assert "listen has changed" not in server.process.log()
    assert "streams: stream_99" in server.process.log()
    assert set(kept[1:]) <= set(numbers(server, 0)), "the stream of camera 0 was disturbed"
    server.wait_status(2, "live")
    assert server.json("/api/cameras/1")["rtsp_url"] == cameras.url(2)
    assert server.process.log().count("camera stream_0: live") == 1
    assert server.process.log().count("camera stream_1: live") >= 1
    # A broken file changes nothing, and says why.
    server.cameras.write_text("[{")
    server.process.popen.send_signal(signal.SIGHUP)
    server.process.wait_log("not reloaded")
    assert len(server.json("/api/cameras")) == 3
    # Nor does one that is not there, if only for a moment.
    server.cameras.unlink()
    server.process.popen.send_signal(signal.SIGHUP)
    wait_for("the word on the missing file", lambda: server.process.log().count("not reloaded") == 2)
    assert len(server.json("/api/cameras")) == 3
    server.cameras.write_text("[]")
    server.process.popen.send_signal(signal.SIGHUP)
    wait_for("no cameras", lambda: server.json("/api/cameras") == [])
    assert server.get("/hls/0/playlist.m3u8")[0] == 404


def test_names_are_never_used_twice(spawn, tmp_path):
    """Segments may be cached for an hour: not even a restart gives an old name new bytes."""
    cameras = Cameras(spawn)
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url()}])
    before = numbers(server, 0)
    server.process.stop()
    again = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url()}])
    assert min(numbers(again, 0)) > max(before)


@pytest.mark.parametrize("scheme", ["digest", "both"])
def test_secrets_go_nowhere(spawn, tmp_path, scheme):
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    cameras = Cameras(spawn, args=("--auth", scheme, "--user", "viewer", "--password-file", password))
    config = f"credentials:\n  - {{host: {cameras.host()}, user: viewer, password: {PASSWORD}}}\n"
    server = Server(spawn, tmp_path, config=config, args=("-vv",), cameras=[
        {"rtsp_url": cameras.url()}, {"rtsp_url": cameras.url().replace("://", f"://viewer:{PASSWORD}@") + "?x"}])
    server.wait_status(0, "live")
    answers = [server.get(path)[2].decode(errors="replace") for path in (
        "/", "/api/cameras", "/api/cameras/0", "/api/cameras/1", "/hls/0/playlist.m3u8", "/hls/0/index.m3u8",
        "/hls/0/main/media.m3u8", "/hls/1/playlist.m3u8", "/readyz", "/nothing")]
    answers.append(open(f"/proc/{server.process.pid}/cmdline").read())
    answers.append(server.process.log())
    assert "camera stream_0: live" in answers[-1]
    for answer in answers:
        assert PASSWORD not in answer
        assert f"viewer:" not in answer


def test_wrong_password_is_told(spawn, tmp_path):
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    cameras = Cameras(spawn, args=("--auth", "digest", "--user", "viewer", "--password-file", password))
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url()}], config=(
        f"credentials:\n  - {{host: {cameras.host()}, user: viewer, password: wrong}}\n"))
    wait_for("the refusal", lambda: server.json("/api/cameras/0")["status"] in ("error", "offline"))
    assert server.json("/api/cameras/0")["reason"]
    status, headers, body = server.get("/hls/0/playlist.m3u8")
    hint = json.loads(body)["error"]["hint"]
    assert status == 503 and int(headers["retry-after"]) >= 60
    assert "password" in hint and "all the time" not in hint
    assert server.json("/api/cameras/0")["hint"] == hint  # what the dashboard says


def test_general_credentials_stay_with_the_cameras_of_the_file(spawn, tmp_path):
    cameras = Cameras(spawn, count=2, args=("--auth", "digest", "--user", "viewer", "--password-file",
                                            _written(tmp_path / "password", PASSWORD)))
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url(0)}],
                    env={"CAMCTL_USER": "viewer", "CAMCTL_PASSWORD": PASSWORD})
    server.wait_status(0, "live")
    assert server.change("POST", "/api/cameras", {"rtsp_url": cameras.url(1)})[0] == 201
    wait_for("the refusal", lambda: server.json("/api/cameras/1")["status"] in ("error", "offline"))


def _written(path, text):
    path.write_text(text)
    return path


def test_an_entry_without_a_stream_says_what_is_missing(spawn, tmp_path):
    server = Server(spawn, tmp_path, cameras=[{"ip": "192.0.2.1", "port": 80}])
    camera = server.json("/api/cameras/0")
    assert camera["status"] == "error" and '"rtsp_url"' in camera["reason"]
    assert "camctl discover FILE" in server.process.log()


def test_added_and_removed_while_it_runs(spawn, tmp_path):
    cameras = Cameras(spawn)
    server = Server(spawn, tmp_path, cameras=[])
    assert server.change("POST", "/api/cameras", {"rtsp_url": cameras.url()})[0] == 201
    server.wait_status(0, "live")
    assert server.segments("/hls/stream_0/playlist.m3u8")
    assert server.change("PATCH", "/api/cameras/0", {"name": "renamed"})[0] == 200
    assert server.json("/api/cameras/0")["status"] == "live"
    assert server.change("DELETE", "/api/cameras/0")[0] == 204
    assert server.get("/hls/stream_0/playlist.m3u8")[0] == 404


def test_transcoding(spawn, tmp_path):
    require("ffprobe")
    cameras = Cameras(spawn)
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url(channel=1)}],
                    args=("--video-codec", "h264", "--bitrate", "300k", "--maxrate", "400k", "--preset", "ultrafast",
                          "--height", "180"))
    server.wait_status(0, "live", 30)
    segments = server.segments("/hls/0/playlist.m3u8")
    (tmp_path / "a.ts").write_bytes(server.get(f"/hls/0/{segments[-1]}")[2])
    height = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=height", "-of",
                             "csv=p=0", tmp_path / "a.ts"], capture_output=True, text=True, check=True).stdout.split()[0]
    assert height.strip(",") == "180"


def test_it_ends_within_two_seconds(spawn, tmp_path):
    """With cameras live and dead, players waiting, and one in the middle of a segment."""
    cameras = Cameras(spawn, count=4)
    entries = [{"rtsp_url": cameras.url(n)} for n in range(4)] + [{"rtsp_url": "rtsp://192.0.2.1:554/blackhole"}]
    for sig in (signal.SIGTERM, signal.SIGINT):
        server = Server(spawn, tmp_path, cameras=entries)
        server.wait_status(0, "live")
        waiting = server.connect()
        waiting.sendall(b"GET /hls/4/playlist.m3u8 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        lazy = server.connect()
        name = server.segments("/hls/0/playlist.m3u8")[0]
        lazy.sendall(f"GET /hls/0/{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 30)
        start = time.monotonic()
        assert server.process.stop(sig) == 0
        assert time.monotonic() - start < 2


def test_hangups_in_a_storm(spawn, tmp_path):
    cameras = Cameras(spawn)
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": cameras.url()}])
    server.wait_status(0, "live")
    before = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    for n in range(50):
        server.cameras.write_text(json.dumps([{"rtsp_url": cameras.url()}] +
                                             [{"rtsp_url": cameras.url(channel=1)}] * (n % 2)))
        server.process.popen.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    server.cameras.write_text(json.dumps([{"rtsp_url": cameras.url()}]))
    server.process.popen.send_signal(signal.SIGHUP)
    wait_for("the last set", lambda: len(server.json("/api/cameras")) == 1)
    assert server.process.log().count("camera stream_0: live") == 1
    wait_for("descriptors given back", lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) <= before + 4)
