"""Our RTSP server, by way of the virtual cameras: read by other software, and told nonsense."""

import hashlib
import re
import socket
import subprocess
import time

import pytest

from conftest import require
from gst_reader import gst_reads
from rtsp_client import Rtp, RtspClient


def decode(url, transport="tcp", frames=60):
    """What ffmpeg makes of the stream: (its log, MD5s of decoded video frames, number of audio frames)."""
    require("ffmpeg")
    result = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-v", "warning", "-rtsp_transport", transport, "-i", url,
         "-frames:v", str(frames), "-f", "framemd5", "-"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    lines = [line.split(",") for line in result.stdout.splitlines() if not line.startswith("#")]
    video = [line[5].strip() for line in lines if line[0] == "0"]
    return result.stderr, video, len([line for line in lines if line[0] == "1"])


@pytest.mark.parametrize("flags", [(), ("--codec", "h265", "--audio", "pcma"), ("--audio", "none")],
                         ids=["h264-aac", "h265-g711", "h264-silent"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_ffmpeg_reads_without_an_error(simulate, flags, transport):
    cameras = simulate(1, "--no-discovery", *flags)
    log, video, audio = decode(cameras.rtsp_url(channel=1), transport)
    assert log == ""
    assert len(video) == 60
    assert len(set(video)) == 60  # the picture moves
    assert (audio > 10) == ("none" not in flags)


def test_ffprobe_learns_what_the_stream_is(simulate):
    require("ffprobe")
    cameras = simulate(1, "--no-discovery")
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-of", "csv=p=0", "-show_entries",
         "stream=codec_name,width,height,sample_rate,channels,r_frame_rate", cameras.rtsp_url()],
        capture_output=True, text=True, timeout=60)
    assert shown.stderr == ""
    assert shown.stdout.split() == ["h264,1920,1080,25/1", "aac,16000,1,0/0"]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_gstreamer_reads(simulate, protocol):
    cameras = simulate(1, "--no-discovery", "--auth", "digest")
    gst_reads(cameras.rtsp_url(channel=1), f"protocols={protocol}", "user-id=admin", "user-pw=admin")


@pytest.mark.parametrize("algorithm", ["md5", "sha-256"])
def test_credentials(simulate, algorithm):
    cameras = simulate(1, "--no-discovery", "--auth", "digest", "--digest-algorithm", algorithm)
    with RtspClient(cameras.addresses[0], cameras.rtsp_port) as client:
        assert client.request("OPTIONS").status == 200
        refused = client.request("DESCRIBE")
        assert refused.status == 401
        challenge = refused.header("WWW-Authenticate")
        realm, nonce = (re.search(f'{name}="([^"]*)"', challenge).group(1) for name in ("realm", "nonce"))
        digest = hashlib.md5 if algorithm == "md5" else hashlib.sha256

        def answer(password):
            h = lambda text: digest(text.encode()).hexdigest()
            first, second = h(f"admin:{realm}:{password}"), h(f"DESCRIBE:{client.url()}")
            response = h(f"{first}:{nonce}:00000001:abc:auth:{second}")
            return (f'Digest username="admin", realm="{realm}", nonce="{nonce}", uri="{client.url()}", '
                    f'algorithm={algorithm.upper()}, qop=auth, nc=00000001, cnonce="abc", response="{response}"')

        assert client.request("DESCRIBE", Authorization=answer("wrong")).status == 401
        described = client.request("DESCRIBE", Authorization=answer("admin"))
        assert described.status == 200
        assert b"m=video" in described.body


@pytest.fixture
def camera(simulate):
    return simulate(1, "--no-discovery")


@pytest.fixture
def connect(camera):
    """connect() opens a connection to the camera; all are closed at the end."""
    clients = []

    def open_client():
        clients.append(RtspClient(camera.addresses[0], camera.rtsp_port))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


def test_a_session_from_its_start_to_its_end(connect):
    client = connect()
    described = client.request("DESCRIBE", Accept="application/sdp")
    assert described.header("Content-Base").endswith("/live/channel0/")
    reply = client.play()
    # RFC 2326 §12.33: the first packets are those announced.
    announced = re.findall(r"track(\d);seq=(\d+);rtptime=(\d+)", reply.header("RTP-Info"))
    assert [track for track, _, _ in announced] == ["0", "1"]
    first = {}
    started = time.monotonic()
    frames = 0
    reports = 0
    last = None
    while frames < 30:
        channel, data = client.packet()
        if channel in (1, 3):
            reports += 1
            assert data[1] == 200  # a sender report
            continue
        rtp = Rtp(data)
        first.setdefault(channel, rtp)
        if channel == 0:
            assert last is None or rtp.sequence == (last + 1) % 65536
            last = rtp.sequence
            frames += rtp.marker
    assert 0.5 < time.monotonic() - started < 5  # in real time
    assert reports >= 2
    for track, sequence, timestamp in announced:
        packet = first[int(track) * 2]
        assert (packet.sequence, packet.timestamp) == (int(sequence), int(timestamp))
    # Parameter sets first, in an aggregation packet.
    assert first[0].payload[0] & 0x1F == 24 and first[0].payload[3] & 0x1F == 7
    assert client.request("GET_PARAMETER").status == 200
    assert client.request("PAUSE").status == 200
    client.packets.clear()
    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.packet()
    client.socket.settimeout(10)
    assert client.request("PLAY").status == 200
    assert client.request("TEARDOWN").status == 200
    client.session = None
    client.packets.clear()
    client.play()  # the connection serves another session


def test_readers_share_a_stream_and_begin_with_a_key_frame(connect):
    first, second = connect(), connect()
    first.play()
    for _ in range(400):
        first.packet()
    second.play(channels=(4, 6))  # other channels than most clients take
    channel, data = second.packet()
    while channel != 4:
        channel, data = second.packet()
    assert Rtp(data).payload[0] & 0x1F == 24
    channel, theirs = first.packet()
    while channel != 0:
        channel, theirs = first.packet()
    assert Rtp(theirs).ssrc == Rtp(data).ssrc


def test_udp_goes_to_the_connections_own_peer(connect, camera):
    client = connect()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp:
        rtp.bind(("127.0.0.1", 0))
        rtp.settimeout(10)
        port = rtp.getsockname()[1]
        reply = client.setup(0, f"RTP/AVP;unicast;destination=10.9.9.9;client_port={port}-{port + 1}")
        assert reply.status == 200
        transport = reply.header("Transport")
        assert "destination" not in transport
        server_port = int(re.search(r"server_port=(\d+)-", transport).group(1))
        assert server_port % 2 == 0
        assert client.request("PLAY").status == 200
        data, sender = rtp.recvfrom(2048)
        assert sender == (camera.addresses[0], server_port)
        assert Rtp(data).payload_type == 96


REFUSED = [
    ("a path that is not there", "DESCRIBE", "/live/channel7", {}, 404),
    ("an unknown method", "RECORD", "/live/channel0", {}, 501),
    ("a feature that is required", "DESCRIBE", "/live/channel0", {"Require": "implicit-play"}, 551),
    ("PLAY before SETUP", "PLAY", "/live/channel0", {}, 455),
    ("SETUP of all tracks at once", "SETUP", "/live/channel0", {"Transport": "RTP/AVP/TCP;interleaved=0-1"}, 459),
    ("SETUP of a track that is not there", "SETUP", "/live/channel0/track7",
     {"Transport": "RTP/AVP/TCP;interleaved=0-1"}, 459),
    ("a transport we lack", "SETUP", "/live/channel0/track0", {"Transport": "RTP/SAVP;unicast"}, 461),
    ("multicast", "SETUP", "/live/channel0/track0", {"Transport": "RTP/AVP;multicast;client_port=5000-5001"}, 461),
    ("UDP to nowhere", "SETUP", "/live/channel0/track0", {"Transport": "RTP/AVP;unicast;client_port=0-0"}, 461),
    ("no transport at all", "SETUP", "/live/channel0/track0", {}, 461),
    ("another's session", "GET_PARAMETER", "/live/channel0", {"Session": "12345678"}, 454),
]


def test_what_is_refused(connect):
    client = connect()
    for what, method, path, headers, status in REFUSED:
        assert client.request(method, path, **headers).status == status, what
    client.play()  # and no harm is done


NONSENSE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n",  # TLS
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",  # a reply
    b"DESCRIBE\r\n\r\n",
    b"OPTIONS * RTSP/1.0\r\nX: " + b"x" * 100_000,
    b"OPTIONS * RTSP/1.0\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 4000000000\r\n\r\n",
    b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n",
]


def test_nonsense_closes_the_connection_and_nothing_else(connect, camera):
    reader = connect()
    reader.play()
    for nonsense in NONSENSE:
        client = connect()
        try:
            client.send(nonsense)
            while True:
                client.fill()
        except ConnectionError:
            pass
        client = connect()  # as above, but byte by byte, and given up half-way
        client.send(nonsense[:1])
        client.send(nonsense[1:20])
        client.close()
    assert camera.process.alive()
    for _ in range(100):
        reader.packet()


def test_interleaved_data_and_requests_in_pieces(connect):
    client = connect()
    text = (f"OPTIONS {client.url()} RTSP/1.0\r\nCSeq: 7\r\n\r\n").encode()
    stream = b"$\x01\x00\x10" + bytes(16) + text + b"\r\n" + text + b"$\x01\xff\xff" + bytes(65535) + text
    for at in range(0, len(stream), 977):
        client.send(stream[at:at + 977])
    assert [client.reply().status for _ in range(3)] == [200] * 3


def test_a_reader_that_does_not_read_harms_nobody(connect, camera):
    stuck, reader = connect(), connect()
    stuck.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.play()
    reader.play()
    for _ in range(600):
        reader.packet()
    # It asks and asks, and never reads a reply.
    flood = f"OPTIONS {stuck.url()} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode() * 100
    with pytest.raises(OSError):
        stuck.socket.settimeout(5)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            stuck.socket.sendall(flood)
    assert camera.process.alive()
    for _ in range(100):
        reader.packet()


def test_idle_connections_harm_nobody(connect):
    for _ in range(50):
        client = connect()
        client.send("OPTIONS ")
    assert connect().request("OPTIONS").status == 200


def test_connections_dropped_now_and_then(simulate):
    cameras = simulate(1, "--no-discovery", "--drop-every", "2")
    for _ in range(2):
        with RtspClient(cameras.addresses[0], cameras.rtsp_port) as client:
            client.play()
            with pytest.raises(ConnectionError):
                while True:
                    client.packet()


def test_lost_packets_are_holes_in_the_sequence(simulate):
    cameras = simulate(1, "--no-discovery", "--loss", "20")
    with RtspClient(cameras.addresses[0], cameras.rtsp_port) as client:
        client.play()
        sequences = []
        while len(sequences) < 400:
            channel, data = client.packet()
            if channel == 0:
                sequences.append(Rtp(data).sequence)
        steps = [(b - a) % 65536 for a, b in zip(sequences, sequences[1:])]
        holes = sum(step - 1 for step in steps)
        assert 0.1 < holes / (holes + len(steps)) < 0.3


@pytest.mark.parametrize("name, codecs", [
    ("film.mp4", ["-c:v", "libx264", "-g", "25", "-bf", "2", "-c:a", "aac"]),
    ("film.ts", ["-c:v", "libx264", "-g", "25", "-c:a", "aac"]),
    ("film.mkv", ["-c:v", "libx264", "-g", "25", "-c:a", "pcm_alaw", "-ar", "8000"]),
    ("film-mp3.mp4", ["-c:v", "libx264", "-g", "25", "-c:a", "libmp3lame"]),
])
def test_a_video_file_is_looped(simulate, tmp_path, name, codecs):
    require("ffmpeg")
    film = tmp_path / name
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i",
         "sine=440:sample_rate=16000", "-t", "2", *codecs, "-ac", "1", str(film)], check=True, timeout=60)
    cameras = simulate(1, "--no-discovery", "--video", str(film))
    log, video, audio = decode(cameras.rtsp_url(), frames=110)  # more than two rounds
    assert log == ""
    assert len(video) == 110
    assert len(set(video)) <= 51  # it comes round again
    assert (audio > 10) == ("mp3" not in name)
