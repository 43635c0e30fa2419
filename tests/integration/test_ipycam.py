"""PyPI's ipycam, an ONVIF camera that others wrote, goes through scan, discover and serve."""

import json
import subprocess
import sys

import pytest

import netns
import venvs
from conftest import program, require, wait_for

CAMERA, CLIENT = "10.67.0.2", "10.67.0.1"


@pytest.fixture
def hosts():
    """Two hosts on one cable: ipycam takes ports 3702, 8080 and 8554 of every address."""
    network = netns.Network()
    try:
        camera, client = network.host("camera"), network.host("client")
        network.link(camera, "eth0", f"{CAMERA}/24", client, "eth0", f"{CLIENT}/24")
        netns.run("ip", "-n", camera, "route", "add", "default", "via", CLIENT)  # ipycam looks for its address there
        yield camera, client
    finally:
        network.close()


@pytest.fixture
def video(tmp_path):
    require("ffmpeg", "curl")
    path = tmp_path / "clip.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15", "-t", "4",
                    "-pix_fmt", "yuv420p", path], check=True)
    return path


@pytest.fixture
def ipycam(hosts, video, spawn, tmp_path):
    """ipycam(**settings) starts it with these settings of its configuration file."""

    def start(**settings):
        config = tmp_path / "camera.json"
        config.write_text(json.dumps({"name": "Lab camera", "local_ip": CAMERA, "main_width": 640, "main_height": 360,
                                      "main_fps": 15, "sub_width": 320, "sub_height": 180, "sub_fps": 15,
                                      "hw_accel": "cpu", **settings}))
        process = spawn(*netns.inside(hosts[0], venvs.python("ipycam"), "-m", "ipycam", "--config", config,
                                      "--source", video), env={"HOME": str(tmp_path)}, name="ipycam")
        process.wait_log("IP Camera is running", 60)
        return process

    return start


def run(host, *command, stdin=None, env=None, timeout=60):
    result = subprocess.run(netns.inside(host, *map(str, command)), input=stdin, capture_output=True, text=True,
                            timeout=timeout, env=env)
    print(result.stderr, file=sys.stderr)
    return result


def test_scan_discover_serve(hosts, ipycam, spawn, tmp_path):
    ipycam()
    client = hosts[1]
    found = run(client, program("camctl-scan"), "--interface", "eth0", "--wait", "2", "-o", "jsonl")
    assert found.returncode == 0
    records = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(r["ip"], r["port"]) for r in records] == [(CAMERA, 8080)]
    assert records[0]["name"] == "Lab camera"

    cameras = tmp_path / "cameras.json"
    discovered = run(client, program("camctl-discover"), "--file", cameras, "-", stdin=found.stdout)
    assert discovered.returncode == 0
    camera, = json.loads(discovered.stdout)
    assert camera["rtsp_url"] == f"rtsp://{CAMERA}:8554/video_main"
    assert [p["rtsp_url"].rpartition("/")[2] for p in camera["profiles"]] == ["video_main", "video_sub"]
    assert camera["profiles"][0]["video"]["codec"] == "h264"

    spawn(*netns.inside(client, program("camctl-serve"), "--cameras", cameras, "--listen", "127.0.0.1:8080"),
          name="serve")

    def fetch(path):
        result = run(client, "curl", "-sf", f"http://127.0.0.1:8080{path}")
        return result.stdout if result.returncode == 0 else ""

    playlist = wait_for("a segment", lambda: fetch("/hls/stream_0/playlist.m3u8").partition("#EXTINF")[2], 45, 0.3)
    segment = next(line for line in playlist.splitlines() if line.endswith(".ts"))
    probed = run(client, "ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width", "-of", "csv=p=0",
                 f"http://127.0.0.1:8080/hls/stream_0/{segment}")
    assert "h264,640" in probed.stdout


def test_credentials(hosts, ipycam, tmp_path):
    """It wants WS-UsernameToken, also for the date (quirk 45), and refuses with 401 and no challenge (27)."""
    ipycam(username="op", password="secret")
    password = tmp_path / "password"

    def discover(word):
        password.write_text(word)
        return run(hosts[1], program("camctl-discover"), "--file", "-", "--user", "op", "--password-file", password,
                   f"{CAMERA}:8080")

    allowed = discover("secret")
    assert allowed.returncode == 0
    camera, = json.loads(allowed.stdout)
    assert camera["rtsp_url"] == f"rtsp://{CAMERA}:8554/video_main"
    assert "secret" not in allowed.stdout + allowed.stderr
    assert discover("wrong").returncode == 4
