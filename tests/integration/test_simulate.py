"""camctl simulate as a program: records, WS-Discovery, HTTP, snapshots, errors, its end."""

import http.client
import json
import pathlib
import re
import signal
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from conftest import listening, loopback_block, program, require, wait_for

GROUP, PORT = "239.255.255.250", 3702
PROBE = """<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>{}</w:MessageID></e:Header>
 <e:Body><d:Probe>{}</d:Probe></e:Body></e:Envelope>"""
SOAP = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        '<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>')


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A small video file, so that hundreds of cameras need no encoding."""
    require("ffmpeg")
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10", "-t", "2",
                    "-g", "10", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", path], check=True)
    return path


def run(*flags, timeout=20):
    return subprocess.run([program("camctl-simulate"), *map(str, flags)], capture_output=True, text=True,
                          timeout=timeout)


def listener():
    """A socket that hears the group on the loopback interface."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((GROUP, PORT))
    request = struct.pack("=4s4si", socket.inet_aton(GROUP), socket.inet_aton("0.0.0.0"),
                          socket.if_nametoindex("lo"))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    return sock


def heard(sock, address, word, timeout=10.0):
    """Whether a message with this word comes from the address in time; those of others are passed over."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            message, peer = sock.recvfrom(65536)
        except TimeoutError:
            break
        if peer[0] == address and word in message:
            return True
    return False


def probe(to, content, addresses, timeout=3.0):
    """Who of `addresses` answers a probe, and what; ends early when all have."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind(("127.0.0.1", 0))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sock.sendto(PROBE.format(f"uuid:{time.monotonic_ns()}", content).encode(), (to, PORT))
        deadline = time.monotonic() + timeout
        while len(found) < len(addresses) and (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                message, peer = sock.recvfrom(65536)
            except TimeoutError:
                break
            if peer[0] in addresses:
                found[peer[0]] = message.decode()
    return found


def fetch(url, opener=urllib.request.urlopen):
    try:
        with opener(url, timeout=10) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_records_and_end(spawn, clip, tmp_path):
    address = loopback_block()
    head, _, last = address.rpartition(".")
    addresses = [f"{head}.{int(last) + i}" for i in range(3)]
    endpoints = []
    for form, sig in (("jsonl", signal.SIGTERM), ("json", signal.SIGINT)):
        out = tmp_path / form
        with open(out, "wb") as stdout:
            process = spawn(program("camctl-simulate"), "--count", 3, "--address", address, "--video", clip,
                            "--auth", "wsse,digest", "--name", "Gate", "-o", form, stdout=stdout)

        def records():
            text = out.read_text()
            if form == "jsonl":
                lines = text.splitlines()
                return [json.loads(line) for line in lines] if len(lines) == 3 else None
            return json.loads(text) if text.rstrip().endswith("]") else None

        cameras = wait_for("the records", records)
        assert [c["ip"] for c in cameras] == addresses
        assert [c["name"] for c in cameras] == ["Gate 1", "Gate 2", "Gate 3"]
        assert [c["auth"] for c in cameras] == ["wsse", "digest", "wsse"]
        assert cameras[1]["rtsp_url"] == f"rtsp://{addresses[1]}:5543/live/channel0"
        endpoints.append([c["endpoint"] for c in cameras])
        start = time.monotonic()
        assert process.stop(sig) == 0
        assert time.monotonic() - start < 2
        assert not any(listening(a, p) for a in addresses for p in (8000, 5543))
    assert endpoints[0] == endpoints[1], "a camera is the same one after a restart"
    assert len(set(endpoints[0])) == 3


def test_hello_probe_bye(simulate, clip):
    with listener() as group:
        cameras = simulate(2, "--video", clip)
        first, second = cameras.addresses
        assert heard(group, first, b"Hello>")
        answers = probe(GROUP, "<d:Types>dn:NetworkVideoTransmitter</d:Types>", cameras.addresses)
        assert set(answers) == set(cameras.addresses), "each answers from its own address"
        assert f"http://{first}:8000/onvif/device_service" in answers[first]
        assert set(probe(GROUP, "", cameras.addresses)) == set(cameras.addresses)
        assert probe(second, "", cameras.addresses).keys() == {second}, "a unicast probe is for one camera"
        assert not probe(GROUP, "<d:Types>dn:NetworkVideoDisplay</d:Types>", cameras.addresses, timeout=0.5)
        assert cameras.process.stop() == 0
        assert heard(group, second, b"Bye>")


def test_no_discovery(simulate, clip):
    cameras = simulate(1, "--video", clip, "--no-discovery")
    assert not probe(GROUP, "", cameras.addresses, timeout=0.5)


def test_hundreds_of_cameras(spawn, clip):
    """300 cameras in one process: all are found by one probe, none of its answers is lost."""
    first = "127.60.1.1"
    addresses = [f"127.60.{1 + i // 256}.{i % 256}" for i in range(1, 301)]
    start = time.monotonic()
    process = spawn(program("camctl-simulate"), "--count", len(addresses), "--address", first, "--video", clip)
    # Its records come when all of it listens, and cameras announce themselves when they can be probed.
    process.wait_log(f'"ip":"{addresses[-1]}"', 30)
    found = probe(GROUP, "", addresses, timeout=20)
    assert len(found) == len(addresses)
    print(f"300 cameras found {time.monotonic() - start:.1f} s after the start")


def test_snapshots(simulate, tmp_path):
    cameras = simulate(1, "--auth", "wsse", "--no-discovery")
    url = f"http://{cameras.addresses[0]}:8000/snapshot.jpg"
    assert fetch(url)[0] == 401
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, url, "admin", "admin")
    opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords)).open
    for query, size in (("", (1920, 1080)), ("?profile=Profile_1", (1920, 1080)), ("?profile=Profile_2", (640, 360))):
        status, headers, body = fetch(url + query, opener)
        assert (status, headers["Content-Type"]) == (200, "image/jpeg")
        assert body[:2] == b"\xff\xd8" and body[-2:] == b"\xff\xd9"
        frame = re.search(rb"\xff\xc0\x00.\x08(..)(..)", body, re.DOTALL)  # SOF0: height, width
        assert tuple(struct.unpack(">H", side)[0] for side in reversed(frame.groups())) == size
    assert fetch(url + "?profile=nix", opener)[0] == 404


def test_http(simulate, clip):
    cameras = simulate(1, "--video", clip, "--no-discovery")
    address = cameras.addresses[0]
    connection = http.client.HTTPConnection(address, 8000, timeout=10)
    for _ in range(3):  # on one connection
        connection.request("POST", "/onvif/device_service", SOAP, {"Content-Type": "application/soap+xml"})
        reply = connection.getresponse()
        assert reply.status == 200 and b"UTCDateTime" in reply.read()
    local = connection.sock.getsockname()
    connection.request("POST", "/onvif/device_service", iter([SOAP.encode()]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
    reply = connection.getresponse()
    assert reply.status == 200 and b"UTCDateTime" in reply.read()
    assert connection.sock.getsockname() == local
    connection.request("GET", "/onvif/device_service")
    reply = connection.getresponse()
    assert reply.status == 405 and reply.read()
    connection.close()


@pytest.mark.parametrize("sent", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # TLS
    b"garbage\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000,
    b"POST /onvif/device_service HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1000,
    b"POST /onvif/device_service HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"\r\n" * 1000,
])
def test_bad_requests_end_their_connection_only(simulate, clip, sent):
    cameras = simulate(1, "--video", clip, "--no-discovery")
    address = cameras.addresses[0]
    with socket.create_connection((address, 8000), timeout=15) as sock:
        try:
            sock.sendall(sent)
            reply = sock.recv(4096)
        except ConnectionError:
            reply = b""
    assert reply == b"" or re.match(rb"HTTP/1.1 4\d\d ", reply)
    assert fetch(urllib.request.Request(f"http://{address}:8000/onvif/device_service", SOAP.encode()))[0] == 200


def test_media_as_asked_for(simulate):
    require("ffprobe")
    cameras = simulate(1, "--codec", "h265", "--audio", "g711", "--auth", "digest", "--no-discovery")
    result = subprocess.run(
        ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_entries", "stream=codec_name,width",
         "-of", "csv=p=0", cameras.rtsp_url(channel=1, credentials="admin:admin@")],
        capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == ["hevc,640", "pcm_alaw"], result.stderr


def test_taken_port_and_foreign_address(simulate, clip):
    cameras = simulate(1, "--video", clip, "--no-discovery")
    taken = run("--address", cameras.addresses[0], "--video", clip)
    assert taken.returncode == 2
    assert taken.stderr.count("\n") == 1 and f"{cameras.addresses[0]}:8000" in taken.stderr
    taken = run("--address", cameras.addresses[0], "--video", clip, "--onvif-port", 8001, "--no-discovery")
    assert taken.returncode == 2 and f"RTSP on {cameras.addresses[0]}" in taken.stderr
    assert not listening(cameras.addresses[0], 8001)
    foreign = run("--address", "192.0.2.77", "--video", clip)
    assert foreign.returncode == 2 and "192.0.2.77:8000" in foreign.stderr


def test_ipv6(spawn, clip, tmp_path):
    """Without WS-Discovery, which is IPv4's here."""
    if not socket.has_ipv6 or not pathlib.Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as one, socket.socket(socket.AF_INET6) as other:
        try:
            one.bind(("::1", 0))
            other.bind(("::1", 0))
        except OSError as error:
            pytest.skip(f"the loopback interface has no IPv6 address: {error}")
        ports = one.getsockname()[1], other.getsockname()[1]
    out = tmp_path / "out"
    with open(out, "wb") as stdout:
        process = spawn(program("camctl-simulate"), "--address", "::1", "--onvif-port", ports[0], "--rtsp-port",
                        ports[1], "--video", clip, "--no-discovery", stdout=stdout)
    camera = json.loads(wait_for("the record", lambda: out.read_text() if process.alive() else process.log()))
    assert camera["rtsp_url"] == f"rtsp://[::1]:{ports[1]}/live/channel0"
    assert fetch(urllib.request.Request(camera["onvif_url"], SOAP.encode()))[0] == 200
    assert run("--address", "::1", "--video", clip).returncode == 2


@pytest.mark.parametrize("flags", [
    ["--count", "0"], ["--count", "1000000"], ["--auth", "basic"], ["--codec", "vp9"],
    ["--digest-algorithm", "sha1"], ["--malformed=99"], ["--malformed=x"], ["--clock-skew", "soon"],
    ["--loss", "101"], ["--address", "here"], ["--address", "255.255.255.255", "--count", "2"],
    ["--video", "/nowhere.mp4"], ["--onvif-port", "70000"], ["--cuont", "2"], ["extra"],
])
def test_wrong_usage(flags):
    result = run(*flags)
    assert result.returncode == 2, result.stderr
    assert result.stderr.count("\n") == 1 and result.stdout == ""


def test_help():
    result = run("--help")
    assert result.returncode == 0
    for option in ("--count", "--auth", "--malformed", "--timestamp-jump", "Misbehaviour"):
        assert option in result.stdout
