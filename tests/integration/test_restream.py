"""`camctl serve --rtsp-listen`: cameras again over RTSP, read by other software."""

import json
import re
import signal
import socket
import struct
import subprocess
import time

import pytest

from conftest import free_port, loopback_block, program, require, wait_for
from gst_reader import gst_reads
from rtsp_client import RtspClient
from serving import Server


class Restreamer(Server):
    def __init__(self, spawn, tmp_path, cameras, *args):
        self.rtsp_address = loopback_block()
        self.rtsp_port = free_port(self.rtsp_address)
        super().__init__(spawn, tmp_path, cameras, ["--rtsp-listen", f"{self.rtsp_address}:{self.rtsp_port}", *args])

    def url(self, camera="stream_0"):
        return f"rtsp://{self.rtsp_address}:{self.rtsp_port}/{camera}"

    def client(self):
        return RtspClient(self.rtsp_address, self.rtsp_port)

    def describe(self, camera="stream_0"):
        with self.client() as client:
            return client.request("DESCRIBE", f"/{camera}")


@pytest.fixture
def restream(spawn, tmp_path):
    return lambda *args: Restreamer(spawn, tmp_path, *args)


def readers_of(address, port):
    """How many TCP connections are open at the side of a virtual camera."""
    here = f"{struct.unpack('<I', socket.inet_aton(address))[0]:08X}:{port:04X}"
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table]
    return sum(row[1] == here and row[3] == "01" for row in rows[1:])


def decode(url, transport, frames=50):
    """(ffmpeg's complaints, number of video frames, number of audio packets)"""
    done = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-v", "warning", "-rtsp_transport", transport, "-i", url,
         "-frames:v", str(frames), "-f", "framemd5", "-"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [line.split(",") for line in done.stdout.splitlines() if not line.startswith("#")]
    return done.stderr, len({line[5] for line in lines if line[0] == "0"}), sum(line[0] == "1" for line in lines)


@pytest.mark.parametrize("flags,audio", [((), "aac"), (("--codec", "h265", "--audio", "pcma"), "pcm_alaw")],
                         ids=["h264-aac", "h265-g711"])
def test_other_software_reads(simulate, restream, flags, audio):
    require("ffprobe", "ffmpeg", "gst-launch-1.0")
    cameras = simulate(1, "--no-discovery", *flags)
    server = restream([{"rtsp_url": cameras.rtsp_url(channel=1)}])
    server.wait_status("stream_0", "live")
    shown = subprocess.run(["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-of", "json", "-show_streams", server.url()],
                           capture_output=True, text=True, timeout=60)
    assert shown.stderr == ""
    streams = json.loads(shown.stdout)["streams"]
    # The camera's own sound, not what is encoded for HLS.
    assert [stream["codec_name"] for stream in streams] == ["hevc" if flags else "h264", audio]
    assert streams[0]["width"] > 0
    for transport in ("tcp", "udp"):
        # Up to 50 pictures come at once; sound comes with those behind them.
        complaints, video, sound = decode(server.url("0"), transport, 100)
        assert complaints == "" and video == 100 and sound > 10
    for protocol in ("tcp", "udp"):
        gst_reads(server.url(), f"protocols={protocol}", codec="h265" if flags else "h264", pictures=30)


def test_one_connection_to_the_camera_for_all_readers(simulate, restream):
    require("ffmpeg")
    cameras = simulate(1, "--no-discovery")
    server = restream([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    readers = [subprocess.Popen(["ffmpeg", "-v", "error", "-nostats", "-rtsp_transport", transport, "-i", server.url(),
                                 "-c", "copy", "-f", "null", "-"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
               for transport in ("tcp", "tcp", "udp")]
    try:
        wait_for("three readers", lambda: server.json("/api/cameras/0")["viewers"] == 3)
        assert readers_of(cameras.addresses[0], cameras.rtsp_port) == 1
    finally:
        for reader in readers:
            reader.send_signal(signal.SIGINT)
            _, complaints = reader.communicate(timeout=20)
            assert complaints == b""
    wait_for("no reader", lambda: server.json("/api/cameras/0")["viewers"] == 0)


def test_first_picture_at_once(simulate, restream, tmp_path):
    """A reader starts with the newest group of pictures, however far the next key frame is."""
    require("ffmpeg")
    film = tmp_path / "long-gop.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25", "-t", "60", "-c:v",
                    "libx264", "-preset", "ultrafast", "-g", "1500", "-keyint_min", "1500", film], check=True)
    cameras = simulate(1, "--no-discovery", "--video", film)
    server = restream([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    with server.client() as client:
        sdp = client.request("DESCRIBE", "/stream_0")
        assert sdp.status == 200 and b"a=control:track0" in sdp.body
        reply = client.request("SETUP", "/stream_0/track0", Transport="RTP/AVP/TCP;unicast;interleaved=0-1")
        assert reply.status == 200
        client.session = reply.header("Session").split(";")[0]
        begun = time.monotonic()
        assert client.request("PLAY", "/stream_0").status == 200
        while True:
            channel, data = client.packet()
            if channel == 0:
                break
        assert time.monotonic() - begun < 20  # the next key frame is up to a minute away
        assert data[12] & 31 in (7, 24, 28)  # parameter sets, or with them the key frame


def test_a_camera_that_is_down_or_unknown(simulate, restream):
    cameras = simulate(1, "--no-discovery")
    server = restream([{"rtsp_url": cameras.rtsp_url()}, {"rtsp_url": "rtsp://127.0.0.1:9/x"}])
    server.wait_status("stream_1", "offline")
    reply = server.describe("stream_1")
    assert reply.status == 503 and reply.header("Retry-After")
    for unknown in ("stream_9", "", "stream_0/more", "live/channel0", "%00", "a" * 3000):
        assert server.describe(unknown).status == 404, unknown
    server.wait_status("stream_0", "live")
    assert server.describe("stream_0").status == 200


def test_a_camera_reboots(simulate, restream):
    require("ffmpeg")
    cameras = simulate(1, "--no-discovery")
    address = cameras.addresses[0]
    server = restream([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    reader = subprocess.Popen(["ffmpeg", "-v", "error", "-nostats", "-rtsp_transport", "tcp", "-i", server.url(), "-c",
                               "copy", "-f", "null", "-"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for("the reader", lambda: server.json("/api/cameras/0")["viewers"] == 1)
        cameras.process.stop()
        reader.wait(20)  # it is told at once
    finally:
        reader.kill()
        reader.wait()
    assert server.describe().status == 503
    simulate(1, "--no-discovery", address=address)
    server.wait_status("stream_0", "live")
    complaints, video, _ = decode(server.url(), "tcp", 75)  # beyond the burst, so that there is sound
    assert complaints == "" and video == 75


def test_another_address_of_the_camera_ends_its_readers(simulate, restream):
    """Another description: whoever has the old one is ended, whoever asks gets the new one."""
    cameras = simulate(1, "--no-discovery")
    server = restream([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    with server.client() as client:
        before = client.request("DESCRIBE", "/stream_0")
        reply = client.request("SETUP", "/stream_0/track0", Transport="RTP/AVP/TCP;unicast;interleaved=0-1")
        client.session = reply.header("Session").split(";")[0]
        assert client.request("PLAY", "/stream_0").status == 200
        client.packet()
        status, _, body = server.change("PATCH", "/api/cameras/0", {"rtsp_url": cameras.rtsp_url(channel=1)})
        assert status == 200, body
        with pytest.raises((ConnectionError, OSError)):
            while True:
                client.packet()
    server.wait_status("stream_0", "live")
    after = server.describe()
    sets = [re.search(rb"sprop-parameter-sets=([^;\r]*)", reply.body)[1] for reply in (before, after)]
    assert sets[0] != sets[1]


def test_where_it_may_listen(tmp_path):
    def run(*args):
        return subprocess.run([program("camctl-serve"), "--listen", "127.0.0.1:0", *args], cwd=tmp_path,
                              capture_output=True, text=True, timeout=20)
    refused = run("--rtsp-listen", "0.0.0.0:8554")
    assert refused.returncode == 2 and "--allow-anonymous" in refused.stderr
    assert run("--rtsp-listen", "8554").returncode == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = run("--rtsp-listen", f"127.0.0.1:{taken.getsockname()[1]}")
        assert busy.returncode == 2 and "RTSP" in busy.stderr
