"""How our RTSP client reaches a stream: TLS, tunnels, multicast; by camctl stream, mostly from GStreamer's server."""

import array
import base64
import cmath
import contextlib
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import sys

import pytest

import netns
import probe
from conftest import free_port, loopback_block, program, require, wait_for
from gst_reader import gst_reads

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture
def gst(spawn):
    """gst(*flags) starts GStreamer's RTSP server; its address and port."""
    pytest.importorskip("gi")

    def start(*flags, address=None):
        address = address or loopback_block()
        port = free_port(address)
        spawn(sys.executable, HERE / "gst_rtsp.py", address, port, *flags).wait_log("ready")
        return f"{address}:{port}"

    return start


@pytest.fixture
def key(tmp_path):
    """(PEM file of a self-signed certificate with its key, the pin of that key)"""
    require("openssl")
    pem, private = tmp_path / "camera.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", private, "-out", pem,
                    "-days", "2", "-subj", "/CN=camera"], check=True, capture_output=True)
    pem.write_bytes(pem.read_bytes() + private.read_bytes())
    der = subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    return pem, "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def stream(*args, timeout=60):
    return subprocess.run([program("camctl-stream"), *map(str, args)], timeout=timeout, check=False,
                          capture_output=True, text=True, env={k: v for k, v in os.environ.items() if "proxy" not in k})


def record(url, path, *flags, seconds=3):
    """A few seconds of the stream in a file; what ffprobe finds there, and the program's log."""
    result = stream(url, "-o", path, "--duration", seconds, *flags)
    assert result.returncode == 0, result.stderr
    return probe.streams(path), result.stderr


def test_gstreamer_over_tls(gst, key, tmp_path):
    pem, pin = key
    url = f"rtsps://{gst('--tls', pem)}/h264-aac"
    found, log = record(url, tmp_path / "any.ts")
    assert found["video"]["codec_name"] == "h264" and found["audio"]["codec_name"] == "aac"
    assert log.count(pin) == 1, log  # what to pin is said, once
    assert "libavformat" not in log
    _, log = record(url, tmp_path / "pinned.ts", "--tls-pin", pin)
    assert pin not in log
    refused = stream(url, "-o", tmp_path / "other.ts", "--tls-pin", "ab" * 32)
    assert refused.returncode == 4
    assert pin in refused.stderr and "not the pinned one" in refused.stderr


def tone(path):
    """How much of the sound is the 440 Hz that GStreamer's test sound has: 0 to 1."""
    samples = array.array("h", subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"], check=True,
        capture_output=True).stdout)[8000:16000]
    assert len(samples) == 8000
    wave = sum(s * cmath.exp(-2j * cmath.pi * 440 / 8000 * n) for n, s in enumerate(samples))
    return 2 * abs(wave) ** 2 / len(samples) / sum(s * s for s in samples)


@pytest.mark.parametrize("mount", ["h264-aac", "h264-latm", "h264-opus", "h264-g711", "h264-g726-16", "h264-g726-32"])
def test_sound_of_each_payload_format(gst, tmp_path, mount):
    require("ffmpeg")
    found, log = record(f"rtsp://{gst()}/{mount}", tmp_path / "out.ts", "-v", seconds=5)
    assert found["video"]["codec_name"] == "h264" and found["audio"]["codec_name"] == "aac"
    assert "libavformat" not in log
    assert tone(tmp_path / "out.ts") > 0.9  # a wrong packing of samples gives noise


@pytest.mark.parametrize("mount", ["mjpeg", "mjpeg422"])
def test_motion_jpeg(gst, tmp_path, mount):
    """Transcoded, since HLS can't carry it."""
    result = stream(f"rtsp://{gst()}/{mount}", "-o", tmp_path / "out.ts", "--duration", 3, "--video-codec", "h264",
                    "--preset", "ultrafast", "-v")
    assert result.returncode == 0, result.stderr
    assert "libavformat" not in result.stderr
    found = probe.streams(tmp_path / "out.ts")
    assert (found["video"]["codec_name"], found["video"]["width"], found["video"]["height"]) == ("h264", 320, 240)
    assert probe.decode_errors(tmp_path / "out.ts") == ""


def test_a_wrong_pin_sees_no_credentials(simulate, tmp_path):
    cameras = simulate(1, "--no-discovery", "--rtsps", "--auth", "digest")
    url = cameras.rtsp_url(credentials="admin:admin@", scheme="rtsps")
    found, log = record(url, tmp_path / "good.ts")
    assert found["video"]["codec_name"] == "h264"
    assert log.count("tls_pin") == 1
    refused = stream(url, "-o", tmp_path / "bad.ts", "--tls-pin", "00" * 32)
    assert refused.returncode == 4
    assert "not the pinned one" in refused.stderr
    assert "401" not in cameras.process.log()


def test_a_pin_of_cameras_json(simulate, tmp_path):
    cameras = simulate(1, "--no-discovery", "--rtsps")
    file = tmp_path / "cameras.json"
    for pin, code in (("00" * 32, 4), ("nonsense", 2)):
        file.write_text(f'[{{"rtsp_url": "{cameras.rtsp_url(scheme="rtsps")}", "tls_pin": "{pin}"}}]')
        result = stream("stream_0", "--cameras", file, "-o", tmp_path / "x.ts", "--duration", 2)
        assert result.returncode == code, result.stderr


def test_a_pin_is_refused_where_nobody_would_look_at_it(tmp_path):
    result = stream("https://127.0.0.1:9/x", "-o", tmp_path / "x.ts", "--tls-pin", "00" * 32)
    assert result.returncode == 2
    assert "over rtsps only" in result.stderr


@pytest.mark.parametrize("client", ["ffmpeg", "gstreamer"])
def test_others_read_our_tls(simulate, client):
    cameras = simulate(1, "--no-discovery", "--rtsps")
    url = cameras.rtsp_url(channel=1, scheme="rtsps")
    if client == "gstreamer":
        return gst_reads(url, "tls-validation-flags=0")
    require("ffmpeg")
    args = ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-frames:v", "60", "-f", "null", "-"]
    result = subprocess.run(args, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "rror" not in result.stderr + result.stdout


def test_gstreamer_through_http(gst, tmp_path):
    found, log = record(f"rtsp://{gst()}/h264-aac", tmp_path / "out.ts", "--transport", "http", "-v")
    assert found["video"]["codec_name"] == "h264" and found["audio"]["codec_name"] == "aac"
    assert "libavformat" not in log


def test_our_client_through_our_tunnel_with_credentials(simulate, tmp_path):
    cameras = simulate(1, "--no-discovery", "--auth", "digest")
    url = cameras.rtsp_url(credentials="admin:admin@")
    found, _ = record(url, tmp_path / "out.ts", "--transport", "http")
    assert int(found["video"]["nb_read_packets"]) > 50
    assert stream(cameras.rtsp_url(), "-o", tmp_path / "none.ts", "--transport", "http").returncode == 4


@pytest.mark.parametrize("client", ["ffmpeg", "gstreamer"])
def test_others_read_through_our_tunnel(simulate, client):
    cameras = simulate(1, "--no-discovery")
    url = cameras.rtsp_url(channel=1)
    if client == "gstreamer":
        return gst_reads(url.replace("rtsp://", "rtsph://"))
    require("ffmpeg")
    args = ["ffmpeg", "-v", "error", "-rtsp_transport", "http", "-i", url, "-frames:v", "60", "-f", "null", "-"]
    result = subprocess.run(args, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "rror" not in result.stderr + result.stdout


def http(address, port, text):
    """An open connection that has sent `text`, and the first line of the answer."""
    connection = socket.create_connection((address, port), timeout=10)
    connection.sendall(text.encode())
    return connection, connection.makefile("rb").readline().decode()


def test_a_tunnel_belongs_to_its_cookie(simulate):
    cameras = simulate(1, "--no-discovery")
    at = cameras.addresses[0], cameras.rtsp_port
    with contextlib.ExitStack() as stack:
        def ask(text):
            connection, line = http(*at, text)
            stack.enter_context(connection)
            return line

        assert "200" in ask("GET /live/channel0 HTTP/1.0\r\nx-sessioncookie: one\r\n\r\n")
        assert "409" in ask("GET /live/channel0 HTTP/1.0\r\nx-sessioncookie: one\r\n\r\n")
        assert "404" in ask("POST /live/channel0 HTTP/1.0\r\nx-sessioncookie: two\r\n\r\n")
        assert "400" in ask("GET /live/channel0 HTTP/1.0\r\n\r\n")
        assert "400" in ask(f"GET /live/channel0 HTTP/1.0\r\nx-sessioncookie: {'x' * 200}\r\n\r\n")


def test_gstreamer_by_multicast(spawn, tmp_path):
    """On another host, of two networks: the one that leads to the camera must be joined."""
    pytest.importorskip("gi")
    network = netns.Network()
    try:
        camera, viewer, other = network.host("camera"), network.host("viewer"), network.host("other")
        network.link(viewer, "eth1", "10.88.1.1/24", other, "eth0", "10.88.1.2/24")
        network.link(viewer, "eth2", "10.88.2.1/24", camera, "eth0", "10.88.2.2/24")
        netns.run("ip", "-n", camera, "route", "add", "default", "dev", "eth0")
        netns.run("ip", "-n", viewer, "route", "add", "default", "dev", "eth1")  # where an undirected join would go
        spawn(*netns.inside(camera, sys.executable, HERE / "gst_rtsp.py", "10.88.2.2", "8554", "--multicast", "239.7.7.7",
                            "5000")).wait_log("ready")

        def watch(*flags):
            return subprocess.run(
                netns.inside(viewer, program("camctl-stream"), "rtsp://10.88.2.2:8554/h264-aac", "-o", tmp_path / "out.ts",
                             "--duration", "3", "-v", "--timeout", "20s", *flags), capture_output=True, text=True, timeout=60)

        result = watch("--transport", "multicast")
        assert result.returncode == 0, result.stderr
        assert "libavformat" not in result.stderr
        found = probe.streams(tmp_path / "out.ts")
        assert found["video"]["codec_name"] == "h264" and found["audio"]["codec_name"] == "aac"
    finally:
        network.close()


def test_a_camera_without_multicast_says_so(simulate, tmp_path):
    cameras = simulate(1, "--no-discovery")
    result = stream(cameras.rtsp_url(), "-o", tmp_path / "x.ts", "--transport", "multicast", "-v", "--timeout", "5s",
                    "--duration", 2)
    assert "multicast" in result.stderr


def test_a_wrong_clock_is_told_and_moves_nothing(simulate, serve, tmp_path):
    cameras = simulate(1, "--no-discovery", "--clock-skew", "-1h", "--clock-step", "4s", "--clock-step-by", "7s")
    server = serve([{"rtsp_url": cameras.rtsp_url()}])
    server.process.wait_log("behind; times here are the server's", 60)
    camera = server.wait_status()
    assert -3_605_000 < camera["clock_offset_ms"] < -3_400_000
    first = camera["clock_offset_ms"]
    wait_for("the steps to be seen", lambda: server.camera()["clock_offset_ms"] > first + 12_000, 60)
    _, _, playlist = server.request("/hls/stream_0/playlist.m3u8")
    assert b"DISCONTINUITY\n" not in playlist
    names = re.findall(r"^playlist\d+\.ts$", playlist.decode(), re.MULTILINE)
    media = tmp_path / "window.ts"
    media.write_bytes(b"".join(server.request(f"/hls/stream_0/{name}")[2] for name in names))
    shown = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "packet=pts_time", "-of",
                            "csv=p=0", media], check=True, capture_output=True, text=True).stdout.split()
    times = [float(line.strip(",")) for line in shown]
    assert len(times) > 60
    assert max(b - a for a, b in zip(times, times[1:])) < 0.1  # frames of 64 ms
