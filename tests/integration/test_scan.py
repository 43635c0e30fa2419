"""camctl scan finds virtual cameras: WS-Discovery and sweep, on loopback and over two interfaces."""

import concurrent.futures
import contextlib
import json
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import netns
from conftest import ROOT, loopback_block, program, wait_for

SCHEMA = json.loads((ROOT / "examples" / "schema" / "scan-record.schema.json").read_text())


def scan(*flags, prefix=(), timeout=60):
    """Runs scan to its end; (exit code, records, stderr). Every record is checked against the schema."""
    done = subprocess.run([*prefix, program("camctl-scan"), "-o", "jsonl", *flags], capture_output=True, text=True,
                          timeout=timeout)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    jsonschema = pytest.importorskip("jsonschema")
    for record in records:
        jsonschema.validate(record, SCHEMA)
    return done.returncode, records, done.stderr


def by_ip(records, addresses):
    """The records of these addresses only: other tests' cameras are on loopback too."""
    return {record["ip"]: record for record in records if record["ip"] in addresses}


def test_discovery_on_loopback(simulate):
    cameras = simulate(2, "--name", "Yard")
    code, records, _ = scan("--interface", "lo", "--wait", "1.5")
    assert code == 0
    found = by_ip(records, cameras.addresses)
    assert sorted(found) == cameras.addresses
    record = found[cameras.addresses[0]]
    assert record["port"] == 8000
    assert record["xaddrs"][0] == f"http://{cameras.addresses[0]}:8000/onvif/device_service"
    assert record["endpoint"].startswith("urn:uuid:")
    assert record["name"].startswith("Yard")
    assert record["found_by"] == ["ws-discovery"]
    assert record["services"] == ["onvif", "rtsp"]
    assert record["rtsp_ports"] == [5543]
    assert record["status"] == "ready"
    assert record["interface"] == "lo"
    assert len({r["endpoint"] for r in found.values()}) == 2


def test_sweep_alone_finds_what_does_not_announce_itself(simulate):
    cameras = simulate(2, "--no-discovery")
    code, records, _ = scan("--sweep-only", "--network", ",".join(cameras.addresses))
    assert code == 0
    found = by_ip(records, cameras.addresses)
    assert sorted(found) == cameras.addresses
    for record in found.values():
        assert record["found_by"] == ["sweep"]
        assert (record["port"], record["rtsp_ports"], record["status"]) == (8000, [5543], "ready")
        assert record["endpoint"] == ""


def test_sweep_and_discovery_are_merged(simulate):
    cameras = simulate(2)
    code, records, _ = scan("--interface", "lo", "--wait", "1.5", "--network", cameras.addresses[0] + "/28")
    assert code == 0
    mine = [record for record in records if record["ip"] in cameras.addresses]
    assert len(mine) == 2, mine
    for record in mine:
        assert record["found_by"] == ["sweep", "ws-discovery"]
        assert record["rtsp_ports"] == [5543]


@pytest.mark.parametrize("flags,status,reason", [
    (["--clock-skew", "1h"], "clock_skew", "ahead"),
    (["--nat"], "ready", None),
    (["--malformed"], "ready", None),
    (["--auth", "both"], "ready", None),
])
def test_devices_that_misbehave(simulate, flags, status, reason):
    cameras = simulate(1, *flags)
    ip = cameras.addresses[0]
    code, records, _ = scan("--interface", "lo", "--wait", "1.5", "--network", ip)
    assert code == 0
    record = by_ip(records, [ip])[ip]
    assert record["status"] == status
    assert record["xaddrs"][0].startswith(f"http://{ip}:8000/")
    if reason:
        assert reason in record["reason"]


def test_nothing_found_is_exit_code_3():
    code, records, errors = scan("--sweep-only", "--network", loopback_block() + "/29", "--ports", "9,10")
    assert (code, records) == (3, [])
    assert "no camera was found" in errors
    assert len(errors.splitlines()) == 1


def test_formats(simulate):
    ip = simulate(1, "--no-discovery").addresses[0]
    def run(*flags):
        return subprocess.run([program("camctl-scan"), "--sweep-only", "--network", ip, *flags], capture_output=True,
                              text=True, timeout=60, check=True)
    [record] = json.loads(run("-o", "json").stdout)
    assert record["ip"] == ip
    assert json.loads(run().stdout) == record  # jsonl is the default into a pipe
    titles, row = run("-o", "table").stdout.splitlines()
    assert titles.split() == ["ADDRESS", "NAME", "HARDWARE", "MAC", "SERVICES", "STATUS"]
    assert row.startswith(f"{ip}:8000 ") and row.endswith("ready")
    assert run().stderr == ""  # no progress bar where stderr is no terminal


def test_wrong_usage_is_one_line_and_exit_code_2():
    for flags, expected in [(["--prots", "80"], "did you mean --ports?"), (["--network", "10.0.0.0/33"], "10.0.0.0/33"),
                            (["--network", "10.0.0.0/8"], "too large"), (["--interface", "nope0"], "nope0"),
                            (["--ports", "x", "--network", "127.0.0.1"], "'x'"), (["--sweep-only"], "--network"),
                            (["stray"], "unexpected argument")]:
        code, records, errors = scan(*flags)
        assert (code, records) == (2, []), errors
        assert expected in errors
        assert len(errors.splitlines()) == 1
    done = subprocess.run([program("camctl-scan"), "-o", "json", "--interface", "nope0"], capture_output=True, text=True)
    assert json.loads(done.stderr.splitlines()[1])["error"]["code"] == "usage"
    assert done.stdout == ""


def test_a_broken_configuration_is_reported(tmp_path):
    (tmp_path / "camctl.yaml").write_text("lisen: 127.0.0.1:80\n")
    done = subprocess.run([program("camctl-scan"), "--sweep-only", "--network", "127.0.0.1"], capture_output=True,
                          text=True, cwd=tmp_path, timeout=30)
    assert done.returncode == 2 and "camctl.yaml:1:1" in done.stderr and "listen" in done.stderr


def test_verbose_says_where_it_looks():
    code, _, errors = scan("--sweep-only", "--network", "127.0.0.1", "--ports", "9", "-v")
    assert code == 3
    assert "sweeping 1 hosts on 1 ports" in errors


def catches(pid, sig):
    """Whether the process has a handler of its own for this signal (Linux)."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"SigCgt:\s*([0-9a-f]+)", status)[1], 16) >> (sig - 1) & 1


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_two_seconds(spawn, sig):
    process = spawn(program("camctl-scan"), "--sweep-only", "--network", "127.64.0.0/16", "--rate", "50")
    wait_for("the signal to be caught", lambda: catches(process.pid, sig))
    begin = time.monotonic()
    assert process.stop(sig) == 130
    assert time.monotonic() - begin < 2
    assert process.log() == ""


def test_closed_pipe_ends_quietly(simulate):
    cameras = simulate(4, "--no-discovery")
    process = subprocess.Popen([program("camctl-scan"), "--sweep-only", "--network", ",".join(cameras.addresses)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(30) == 0
    assert errors == b""


def test_watch_tells_what_comes_and_goes(simulate, spawn, tmp_path):
    path = tmp_path / "records.jsonl"
    with open(path, "wb") as output:
        spawn(program("camctl-scan"), "--watch", "--watch-every", "1", "--wait", "0.5", "--interface", "lo", "-o", "jsonl",
              stdout=output)
        ip = loopback_block()

        def events():
            records = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
            return [(r["event"], r["status"]) for r in records if r["ip"] == ip]

        camera = simulate(1, address=ip)
        wait_for("a found camera", lambda: events() == [("found", "ready")])
        camera.process.stop()  # says Bye
        wait_for("a gone camera", lambda: events()[1:] == [("gone", "ready")])
        camera = simulate(1, "--clock-skew", "1h", address=ip)
        wait_for("its return", lambda: events()[2:] == [("found", "clock_skew")])
        camera.process.popen.kill()  # no Bye: two looks in vain
        wait_for("a lost camera", lambda: len(events()) > 3 and events()[-1][0] == "gone")
        camera = simulate(1, address=ip)
        wait_for("its second return", lambda: events()[-1] == ("found", "ready"))


def test_a_time_limit(simulate):
    ip = simulate(1, "--no-discovery").addresses[0]
    code, records, errors = scan("--sweep-only", "--network", f"{ip},127.64.0.0/16", "--rate", "200", "--timeout", "2")
    assert code == 124
    assert [record["ip"] for record in records] == [ip]
    assert "did not end in time" in errors


@contextlib.contextmanager
def responder(address, answer):
    """Answers every WS-Discovery datagram at `address` with answer() in a thread of its own."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, 3702))
    sock.settimeout(0.2)
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                _, peer = sock.recvfrom(65536)
                for datagram in answer():
                    sock.sendto(datagram, peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        sock.close()


def match(xaddr, types="dn:NetworkVideoTransmitter", name="odd"):
    return (f'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><d:ProbeMatches><d:ProbeMatch>'
            f"<a:EndpointReference><a:Address>uuid:odd</a:Address></a:EndpointReference><d:Types>{types}</d:Types>"
            f"<d:Scopes>onvif://www.onvif.org/name/{name}</d:Scopes><d:XAddrs>{xaddr}</d:XAddrs>"
            f"</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>").encode()


def test_hostile_answers_do_no_harm():
    ip = loopback_block()
    good = match(f"http://{ip}:9/onvif/device_service http://192.0.2.77:9/x", name="a\x1b[31m%0a")
    deep = b"<a>" * 20000
    datagrams = [b"", b"\xff" * 60000, deep, good[:120], good[120:], b"<e:Envelope" + b" x='y'" * 9000,
                 match("file:///etc/passwd http:// http://[::1 ://"), good]
    with responder(ip, lambda: datagrams):
        code, records, errors = scan("--sweep-only", "--network", ip, "--ports", "9")  # no probe is sent
        assert code == 3
        code, records, errors = scan("--interface", "lo", "--wait", "1.5", "--network", ip, "--ports", "9")
    assert code == 0, errors
    record = by_ip(records, [ip])[ip]
    assert record["status"] == "unreachable"
    assert "\x1b" not in record["name"]
    assert all(f"//{ip}:" in xaddr for xaddr in record["xaddrs"])  # nobody outside was believed


def test_an_answer_in_two_datagrams(simulate):
    ip = loopback_block()
    whole = match(f"http://{ip}:9/onvif/device_service")
    with responder(ip, lambda: [whole[:200], whole[200:]]):
        code, records, _ = scan("--interface", "lo", "--wait", "1", "--network", ip, "--ports", "9")
    assert code == 0
    assert by_ip(records, [ip])[ip]["name"] == "odd"


def test_printers_are_left_out():
    ip = loopback_block()
    answer = match(f"http://{ip}:9/x", types="wsdp:Device pri:PrintDeviceType").replace(b"onvif://www.onvif.org/name/odd", b"")
    with responder(ip, lambda: [answer]):
        _, records, _ = scan("--interface", "lo", "--wait", "1", "--network", ip, "--ports", "9")
    assert not by_ip(records, [ip])


@pytest.fixture
def two_networks(spawn):
    """A scanner with two interfaces, a camera behind each; the second has an address of a foreign network too."""
    network = netns.Network()
    try:
        scanner, left, right = (network.host(name) for name in ("scan", "left", "right"))
        network.link(scanner, "eth1", "10.77.1.1/24", left, "eth0", "10.77.1.10/24")
        network.link(scanner, "eth2", "10.77.2.1/24", right, "eth0", "10.77.2.10/24")
        for namespace, address in ((left, "10.77.1.10"), (right, "10.77.2.10")):
            camera = spawn(*netns.inside(namespace, program("camctl-simulate"), "--address", address))
            ready = netns.inside(namespace, "/usr/bin/python3", "-c",
                                 f"import socket; socket.create_connection(('{address}', 8000), 1)")
            wait_for("the camera", lambda: subprocess.run(ready, capture_output=True).returncode == 0 or
                     (not camera.alive() and pytest.fail(camera.log())), 30)
        yield network, scanner, left, right
    finally:
        network.close()


def test_each_interface_is_searched(two_networks):
    _, scanner, _, _ = two_networks
    code, records, errors = scan("--wait", "1.5", prefix=netns.inside(scanner))
    assert code == 0, errors
    found = {record["ip"]: record for record in records}
    assert sorted(found) == ["10.77.1.10", "10.77.2.10"]
    assert found["10.77.1.10"]["interface"] == "eth1"
    assert found["10.77.2.10"]["interface"] == "eth2"
    for record in records:
        assert record["status"] == "ready"
        assert record["mac"]
    code, records, _ = scan("--wait", "1.5", "--interface", "eth2", prefix=netns.inside(scanner))
    assert [record["ip"] for record in records] == ["10.77.2.10"]
    code, records, _ = scan("--sweep-only", "--network", "10.77.1.0/28", "--interface", "eth2", prefix=netns.inside(scanner))
    assert (code, records) == (3, [])  # the only interface that it may use does not lead there


def test_another_subnet_is_told_and_not_contacted(two_networks):
    _, scanner, left, _ = two_networks
    netns.run("ip", "-n", left, "addr", "add", "172.31.9.9/24", "dev", "eth0")
    # The answer comes back although nobody routes there: as from a camera with its factory address.
    for name in ("all", "eth1"):
        netns.run(*netns.inside(scanner, "sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter=0"))
    answer = match("http://172.31.9.9:8000/onvif/device_service").decode()
    script = ("import socket,struct\n"
              "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
              "s.bind(('',3702)); s.setsockopt(0,socket.IP_ADD_MEMBERSHIP,socket.inet_aton('239.255.255.250')+socket.inet_aton('10.77.1.10'))\n"
              "o=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); o.bind(('172.31.9.9',0)); print('ready',flush=True)\n"
              f"while True: o.sendto({answer!r}.encode(), s.recvfrom(65536)[1])\n")
    foreign = subprocess.Popen(netns.inside(left, "/usr/bin/python3", "-c", script), stdout=subprocess.PIPE)
    try:
        assert foreign.stdout.readline() == b"ready\n"
        code, records, errors = scan("--wait", "1.5", prefix=netns.inside(scanner))
    finally:
        foreign.kill()
        foreign.wait()
    assert code == 0, errors
    record = {r["ip"]: r for r in records}["172.31.9.9"]
    assert record["status"] == "wrong_subnet"
    assert "10.77.1.0/24" in record["reason"]


CAPTURE = """if True:
    import signal, socket, sys
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)  # SO_RCVBUFFORCE
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print("ready", flush=True)
    while True:
        frame, (interface, _, direction, _, _) = s.recvfrom(65536)
        if direction == socket.PACKET_OUTGOING and interface != "lo":
            print(interface, frame.hex(), flush=True)
"""


@contextlib.contextmanager
def captured(namespace):
    """What a host sends meanwhile: a list of (interface, frame), complete at the end."""
    frames = []
    capture = subprocess.Popen(netns.inside(namespace, "/usr/bin/python3", "-c", CAPTURE), stdout=subprocess.PIPE)
    assert capture.stdout.readline() == b"ready\n"
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(capture.stdout))
    reader.start()
    try:
        yield frames
    finally:
        # A frame of our own, behind all others, tells that everything has been seen.
        subprocess.run(netns.inside(namespace, "/usr/bin/python3", "-c",
                       "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'THE END', ('10.77.1.10', 9))"))
        wait_for("the end of the capture", lambda: any(b"THE END".hex().encode() in line for line in lines))
        capture.terminate()
        capture.wait()
        reader.join()
        for line in lines:
            interface, frame = line.split()
            frames.append((interface.decode(), bytes.fromhex(frame.decode())))


def packets(frames):
    """(interface, protocol, address, port, payload) of each frame but those of ARP and ICMPv6."""
    for interface, frame in frames:
        kind, packet = frame[12:14], frame[14:]
        if kind == b"\x08\x06" or b"THE END" in frame:
            continue
        if kind == b"\x86\xdd":
            protocol, address, rest = packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40]), packet[40:]
            if protocol in (0, 58):  # neighbour discovery, group membership
                continue
        else:
            assert kind == b"\x08\x00", kind
            protocol, address, rest = packet[9], socket.inet_ntoa(packet[16:20]), packet[(packet[0] & 15) * 4:]
        data = rest[(rest[12] >> 4) * 4:] if protocol == 6 else rest[8:]
        yield interface, {6: "tcp", 17: "udp"}.get(protocol, protocol), address, int.from_bytes(rest[2:4]), data


def test_nothing_is_sent_but_connects_and_probes_to_what_was_asked(two_networks):
    _, scanner, _, _ = two_networks
    netns.run("ip", "-n", scanner, "route", "add", "default", "via", "10.77.1.10")  # whatever strays gets out
    with captured(scanner) as frames:
        code, records, errors = scan("--wait", "1.5", "--network", "10.77.1.0/28", prefix=netns.inside(scanner))
    assert sorted(record["ip"] for record in records) == ["10.77.1.10", "10.77.2.10"], errors
    swept = {f"10.77.1.{n}" for n in range(1, 15)}
    seen = set()
    for interface, protocol, address, port, data in packets(frames):
        allowed = {"tcp": address in swept or address == "10.77.2.10",
                   "udp": port == 3702 and (address in swept or address in ("239.255.255.250", "ff02::c"))}
        assert allowed.get(protocol), (interface, protocol, address, port)
        seen.add((interface, protocol, address))
        assert b"Authorization" not in data and b"UsernameToken" not in data
        if protocol == "udp":
            assert b"<d:Probe>" in data
        elif data:
            assert data.startswith((b"POST /", b"OPTIONS rtsp://")) or b"GetSystemDateAndTime" in data, data
    assert {("eth1", "udp", "10.77.1.10"), ("eth1", "udp", "ff02::c"), ("eth2", "udp", "239.255.255.250")} <= seen
    assert not any(interface == "eth2" and protocol == "tcp" and address != "10.77.2.10"
                   for interface, protocol, address in seen)

    with captured(scanner) as frames:
        scan("--sweep-only", "--network", "10.77.1.0/28", prefix=netns.inside(scanner))
    assert {(interface, protocol) for interface, protocol, *_ in packets(frames)} == {("eth1", "tcp")}


def test_hello_and_bye_over_ipv6_are_heard(two_networks, spawn, tmp_path):
    _, scanner, left, _ = two_networks
    path = tmp_path / "records.jsonl"
    with open(path, "wb") as output:
        spawn(*netns.inside(scanner, program("camctl-scan"), "--watch", "--wait", "0.5", "--interface", "eth1", "-o",
                            "jsonl"), stdout=output)

    def events():
        records = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
        return [(r["event"], r["found_by"]) for r in records if ":" in r["ip"]]

    wait_for("the watch", lambda: path.read_text())  # the IPv4 camera: its sockets are open
    hello = match("http://[fe80::99]:9/onvif/device_service", name="six").decode()
    hello = hello.replace("<d:ProbeMatches><d:ProbeMatch>", "<d:Hello>").replace("</d:ProbeMatch></d:ProbeMatches>", "</d:Hello>")
    send = ("import socket,struct,sys; s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM); "
            "s.setsockopt(socket.IPPROTO_IPV6,socket.IPV6_MULTICAST_IF,struct.pack('@I',socket.if_nametoindex('eth0'))); "
            "s.sendto(sys.argv[1].encode(),('ff02::c',3702))")

    def say(text):
        subprocess.run(netns.inside(left, "/usr/bin/python3", "-c", send, text), check=True)

    say(hello)
    wait_for("the Hello", lambda: events() == [("found", ["hello"])], 30)
    say(hello)  # nothing new
    say(hello.replace("d:Hello", "d:Bye"))
    wait_for("the Bye", lambda: events()[1:] == [("gone", ["hello"])], 30)


def test_packets_get_lost(two_networks):
    _, scanner, left, right = two_networks
    try:
        for namespace in (left, right):
            netns.run("tc", "-n", namespace, "qdisc", "add", "dev", "eth0", "root", "netem", "loss", "5%")
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        pytest.skip(f"no tc netem here: {error}")
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        runs = [pool.submit(scan, "--network", "10.77.1.0/28,10.77.2.0/28", prefix=netns.inside(scanner))
                for _ in range(20)]
    for run in runs:
        _, records, errors = run.result()
        assert sorted(record["ip"] for record in records) == ["10.77.1.10", "10.77.2.10"], errors


def test_a_camera_with_nothing_but_ipv6(two_networks):
    _, scanner, left, _ = two_networks
    script = """if True:
        import http.server, socket, struct, threading
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = b"<e:Envelope><e:Body><GetSystemDateAndTimeResponse/></e:Body></e:Envelope>"
                self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
                self.wfile.write(body)
        class Server(http.server.HTTPServer):
            address_family = socket.AF_INET6
            def server_bind(self):
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                super().server_bind()
        threading.Thread(target=Server(("::", 8001), Handler).serve_forever, daemon=True).start()
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind(("::", 3702))
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                     socket.inet_pton(socket.AF_INET6, "ff02::c") + struct.pack("@I", socket.if_nametoindex("eth0")))
        print("ready", flush=True)
        while True:
            s.sendto(ANSWER, s.recvfrom(65536)[1])
    """.replace("ANSWER", repr(match("http://[fe80::1234]:8001/onvif/device_service")))
    camera = subprocess.Popen(netns.inside(left, "/usr/bin/python3", "-c", script), stdout=subprocess.PIPE)
    try:
        assert camera.stdout.readline() == b"ready\n"
        code, records, errors = scan("--wait", "3", prefix=netns.inside(scanner))
    finally:
        camera.kill()
        camera.wait()
    assert code == 0, errors
    [record] = [record for record in records if ":" in record["ip"]]
    assert record["ip"].startswith("fe80::") and record["ip"].endswith("%eth1")
    assert record["xaddrs"][0] == f"http://[{record['ip'].replace('%', '%25')}]:8001/onvif/device_service"
    assert (record["status"], record["port"], record["interface"]) == ("ready", 8001, "eth1")


def test_ipv6_addresses_can_be_swept(spawn):
    server = spawn(program("camctl-simulate"), "--address", "::1", "--onvif-port", "8000", "--no-discovery")
    wait_for("the camera", lambda: "::1" in server.log())
    code, records, errors = scan("--sweep-only", "--network", "::1/128")
    assert code == 0, errors
    assert [(r["ip"], r["port"], r["rtsp_ports"], r["xaddrs"]) for r in records] == [
        ("::1", 8000, [5543], ["http://[::1]:8000/onvif/device_service"])]
