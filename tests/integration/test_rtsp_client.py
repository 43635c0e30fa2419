"""How our RTSP client reaches a stream: TLS, tunnels, multicast; by camctl stream, mostly from GStreamer's server."""

import array
import base64
import cmath
import hashlib
import os
import pathlib
import subprocess
import sys

import pytest

import probe
from conftest import free_port, loopback_block, program, require

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


@pytest.mark.parametrize("client", ["ffmpeg", "gstreamer"])
def test_others_read_our_tls(simulate, client):
    cameras = simulate(1, "--no-discovery", "--rtsps")
    url = cameras.rtsp_url(channel=1, scheme="rtsps")
    if client == "ffmpeg":
        require("ffmpeg")
        args = ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-frames:v", "60", "-f", "null", "-"]
    else:
        require("gst-launch-1.0")
        args = ["gst-launch-1.0", "-q", "rtspsrc", f"location={url}", "tls-validation-flags=0", "!", "rtph264depay", "!",
                "h264parse", "!", "video/x-h264,alignment=au", "!", "identity", "eos-after=50", "!", "fakesink"]
    result = subprocess.run(args, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "rror" not in result.stderr + result.stdout
