"""camctl doctor finds what keeps camctl from working: each fault is made, and must be named with what to do."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import pytest

import netns
from conftest import ROOT, free_port, program

SCHEMA = json.loads((ROOT / "examples" / "schema" / "doctor-finding.schema.json").read_text())


@pytest.fixture
def doctor(tmp_path):
    """doctor(*flags) runs it in a folder of its own: (exit code, findings, stderr)."""

    def run(*flags, prefix=(), env=None):
        done = subprocess.run([*prefix, program("camctl-doctor"), "-o", "jsonl", *map(str, flags)],
                              capture_output=True, text=True, timeout=60, cwd=tmp_path,
                              env={**os.environ, "HOME": str(tmp_path), **(env or {})})
        findings = [json.loads(line) for line in done.stdout.splitlines()]
        jsonschema = pytest.importorskip("jsonschema")
        for finding in findings:
            jsonschema.validate(finding, SCHEMA)
        return done.returncode, findings, done.stderr

    return run


def of(findings, check, subject=None):
    """The findings of a check, the worst first."""
    order = ["failed", "warning", "ok"]
    found = [f for f in findings if f["check"] == check and subject in (None, f["subject"])]
    return sorted(found, key=lambda finding: order.index(finding["status"]))


def test_versions_of_what_runs(doctor):
    _, findings, _ = doctor("--listen", f"127.0.0.1:{free_port()}")
    versions = {f["subject"]: f["message"] for f in of(findings, "version")}
    assert versions["kernel"] == f"Linux {os.uname().release}"
    for library in ("camctl", "FFmpeg", "OpenSSL", "gSOAP", "Boost", "libcurl"):
        assert re.search(r"\d+\.\d+", versions[library]), library
    assert of(findings, "clock") and of(findings, "files") and of(findings, "firewall") and of(findings, "encoder")


def test_output_for_people_and_as_an_array():
    port = free_port()
    command = [program("camctl-doctor"), "--listen", f"127.0.0.1:{port}", "-o"]
    table = subprocess.run([*command, "table"], capture_output=True, text=True, timeout=60)
    assert table.stdout.startswith("STATUS") and f"127.0.0.1:{port}" in table.stdout
    array = subprocess.run([*command, "json"], capture_output=True, text=True, timeout=60)
    assert {f["status"] for f in json.loads(array.stdout)} <= {"ok", "warning", "failed"}


def test_a_port_that_is_taken(doctor, serve):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, findings, errors = doctor("--listen", f"127.0.0.1:{port}")
    finding = of(findings, "port", f"127.0.0.1:{port}")[0]
    assert (code, finding["status"]) == (1, "failed")
    assert f"process {os.getpid()}" in finding["message"] and "listen" in finding["hint"]
    assert re.search(r"1 of \d+ checks failed", errors) or "checks failed" in errors
    server = serve([])
    _, findings, _ = doctor("--listen", f"127.0.0.1:{server.port}")
    finding = of(findings, "port", f"127.0.0.1:{server.port}")[0]
    assert finding["status"] == "ok" and "camctl-serve" in finding["message"]


@pytest.mark.parametrize("listen,words", [("192.0.2.1:8080", "no interface has this address"), ("8080", "ADDRESS:PORT")])
def test_an_address_that_can_not_be_listened_on(doctor, listen, words):
    code, findings, _ = doctor("--listen", listen)
    finding = of(findings, "port", listen)[0]
    assert (code, finding["status"]) == (1, "failed")
    assert words in finding["message"] + finding["hint"]


def test_a_configuration_that_is_wrong(doctor, tmp_path):
    (tmp_path / "camctl.yaml").write_text("listen: 127.0.0.1:0\nsegmants: 3\n")
    code, findings, _ = doctor()
    finding = of(findings, "configuration")[0]
    assert (code, finding["status"]) == (1, "failed")
    assert "camctl.yaml:2" in finding["message"] and "segments" in finding["hint"]
    (tmp_path / "camctl.yaml").write_text("credentials:\n- {host: a, user: u, password_file: none}\n")
    assert "none" in of(doctor()[1], "configuration")[0]["message"]


def test_passwords_that_everybody_can_read(doctor, tmp_path):
    config, secret = tmp_path / "camctl.yaml", tmp_path / "secret"
    secret.write_text("hunter2\n")
    config.write_text("credentials:\n- {host: a, user: u, password: hunter2}\n"
                      "- {host: b, user: u, password_file: secret}\n")
    for file in (config, secret):
        file.chmod(0o644)
    code, findings, errors = doctor("--listen", f"127.0.0.1:{free_port()}")
    exposed = {pathlib.Path(f["subject"]).name: f for f in of(findings, "configuration") if f["status"] == "warning"}
    assert sorted(exposed) == ["camctl.yaml", "secret"]
    assert "chmod 600" in exposed["secret"]["hint"]
    assert "hunter2" not in json.dumps(findings) + errors
    for file in (config, secret):
        file.chmod(0o600)
    _, findings, _ = doctor("--listen", f"127.0.0.1:{free_port()}")
    assert of(findings, "configuration")[0]["status"] == "ok"


def test_the_file_of_cameras(doctor, tmp_path):
    listen = ("--listen", f"127.0.0.1:{free_port()}")
    finding = of(doctor(*listen)[1], "cameras")[0]
    assert finding["status"] == "warning" and "discover" in finding["hint"]
    file = tmp_path / "cameras.json"
    file.write_text('[{"rtsp_url": "rtsp://192.0.2.1/"}, {"ip": "192.0.2.2", "port": 80},'
                    '{"rtsp_url": "rtsps://192.0.2.3/", "tls_pin": "sha256//x"}]')
    findings = of(doctor(*listen)[1], "cameras")
    assert [f["status"] for f in findings] == ["warning", "warning", "ok"]
    assert "3 cameras" in findings[-1]["message"]
    assert "stream_1 has no rtsp_url" in findings[0]["message"]
    assert "stream_2 has a wrong tls_pin" in findings[1]["message"]
    file.write_text('[{"rtsp_url": "rtsp://admin:hunter2@192.0.2.1/"}]')
    file.chmod(0o644)
    finding = of(doctor(*listen)[1], "cameras")[0]
    assert finding["status"] == "warning" and "chmod 600" in finding["hint"]
    file.write_text("[{")
    code, findings, _ = doctor(*listen)
    assert (code, of(findings, "cameras")[0]["status"]) == (1, "failed")


def test_too_few_files(doctor, tmp_path):
    prefix = ("sh", "-c", 'ulimit -n 200; exec "$0" "$@"')
    _, findings, _ = doctor(prefix=prefix)
    finding = of(findings, "files")[0]
    assert finding["status"] == "warning" and "may open 200" in finding["message"] and "LimitNOFILE" in finding["hint"]


@pytest.fixture
def network():
    made = netns.Network()
    yield made
    made.close()


def test_multicast_passes_on_each_interface(doctor, network):
    here, there = network.host("a"), network.host("b")
    network.link(here, "eth0", "192.0.2.1/24", there, "eth0", "192.0.2.2/24")
    network.link(here, "eth1", "198.51.100.1/24", there, "eth1", "198.51.100.2/24")
    code, findings, _ = doctor(prefix=netns.inside(here))
    assert code == 0, findings
    probes = {(f["subject"], "IPv6" in f["message"]): f["status"] for f in of(findings, "multicast")}
    assert probes == {("lo", False): "ok", ("eth0", False): "ok", ("eth0", True): "ok", ("eth1", False): "ok",
                      ("eth1", True): "ok"}
    assert {f["subject"] for f in of(findings, "interface")} == {"lo", "eth0", "eth1"}
    assert of(findings, "firewall")[0]["status"] == "ok"
    _, findings, _ = doctor("--interface", "eth1", prefix=netns.inside(here))
    assert {f["subject"] for f in of(findings, "multicast")} == {"eth1"}


def test_nothing_leaves_the_host(doctor, network):
    """The probe is for ourselves: a device must not see it."""
    here, there = network.host("a"), network.host("b")
    network.link(here, "eth0", "192.0.2.1/24", there, "eth0", "192.0.2.2/24")
    counter = ["sh", "-c", "grep . /sys/class/net/eth0/statistics/rx_packets; "
               "awk '/^IpExt/ && n++ {print $4}' /proc/net/netstat"]
    before = subprocess.run(netns.inside(there, *counter), capture_output=True, text=True).stdout.split()[-1]
    doctor("--interface", "eth0", prefix=netns.inside(here))
    after = subprocess.run(netns.inside(there, *counter), capture_output=True, text=True).stdout.split()[-1]
    assert before == after  # InMcastPkts


@pytest.mark.parametrize("hook", ["input", "output"])
def test_a_firewall_that_drops(doctor, network, hook):
    here, there = network.host("a"), network.host("b")
    network.link(here, "eth0", "192.0.2.1/24", there, "eth0", "192.0.2.2/24")
    made = subprocess.run(netns.inside(here, sys.executable, str(pathlib.Path(__file__).parent / "nftables.py"), hook),
                          capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"no nf_tables here: {made.stderr.strip()}")
    code, findings, _ = doctor(prefix=netns.inside(here))
    assert code == 1
    finding = of(findings, "multicast", "eth0")[0]
    assert finding["status"] == "failed" and "firewall" in finding["hint"]
    if hook == "input":
        finding = of(findings, "firewall")[0]
        assert finding["status"] == "warning" and "inet filter input" in finding["message"]
        assert "udp sport 3702 accept" in finding["hint"]


def test_no_network(doctor, network):
    code, findings, _ = doctor(prefix=netns.inside(network.host("a")))
    finding = of(findings, "interface")[0]
    assert (code, finding["status"]) == (1, "failed")
    assert "no interface but loopback" in finding["message"]


def test_an_interface_without_multicast_or_address(doctor, network):
    here, there = network.host("a"), network.host("b")
    network.link(here, "eth0", "192.0.2.1/24", there, "eth0", "192.0.2.2/24")
    network.link(here, "eth1", "169.254.1.1/16", there, "eth1", "169.254.1.2/16")
    netns.run("ip", "-n", here, "link", "set", "eth0", "multicast", "off")
    _, findings, _ = doctor(prefix=netns.inside(here))
    finding = of(findings, "multicast", "eth0")[0]
    assert finding["status"] == "warning" and "--network CIDR" in finding["hint"]
    assert of(findings, "interface", "eth1")[0]["status"] == "warning"
    assert "DHCP" in of(findings, "interface", "eth1")[0]["hint"]
