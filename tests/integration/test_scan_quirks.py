"""What devices do in the field while they are looked for: quirks 1 to 25 of onvif-notes.md, each by its number."""

import json
import socket
import subprocess
import time

import pytest

import netns
from conftest import loopback_block, program, wait_for
from test_scan import by_ip, scan, two_networks  # noqa: F401 (two_networks is a fixture)

# Those that an answer shows; others are only seen in what a device leaves undone.
SHOWN = {1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 17, 20, 21, 24}


def find(ip, *flags):
    code, records, errors = scan("--interface", "lo", "--wait", "2", *flags)
    assert code == 0, errors
    mine = [record for record in records if record["ip"] == ip]
    assert len(mine) == 1, mine  # once, however often it answered
    return mine[0]


@pytest.mark.parametrize("quirk", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 17, 20, 21, 22, 24])
def test_quirk(simulate, quirk):
    ip = simulate(1, "--quirk", quirk, "--name", "Front door").addresses[0]
    record = find(ip)
    assert (record["port"], record["status"], record["rtsp_ports"]) == (8000, "ready", [5543]), record
    assert record["xaddrs"][0] == f"http://{ip}:8000/onvif/device_service"
    assert (quirk in record["quirks"]) == (quirk in SHOWN), record["quirks"]
    if quirk not in (6, 21):  # a fault tells no name, and a printer's answer neither
        assert record["endpoint"].startswith("urn:uuid:")
        assert record["name"] == "Front door"


def test_without_quirks_none_is_shown(simulate):
    assert find(simulate(1).addresses[0])["quirks"] == []


def test_all_readable_quirks_at_once(simulate):
    ip = simulate(1, "--quirk", "4,5,7,8,9,10,11,12,14,17,20,22,24").addresses[0]
    assert {7, 8, 9, 10, 11, 12, 20, 24} <= set(find(ip)["quirks"])


def test_quirk_18_one_endpoint_is_two_devices(simulate):
    cameras = simulate(2, "--quirk", "18")
    code, records, errors = scan("--interface", "lo", "--wait", "1.5")
    found = by_ip(records, cameras.addresses)
    assert sorted(found) == cameras.addresses, errors
    assert len({record["endpoint"] for record in found.values()}) == 1
    assert any(18 in record["quirks"] for record in found.values())


def test_quirk_19_a_new_endpoint_is_the_same_device(simulate, spawn, tmp_path):
    path, ip = tmp_path / "records.jsonl", loopback_block()
    camera = simulate(1, "--quirk", "19", address=ip)
    with open(path, "wb") as output:
        spawn(program("camctl-scan"), "--watch", "--watch-every", "30", "--wait", "0.5", "--interface", "lo", "-o",
              "jsonl", stdout=output)

    def records():
        lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
        return [record for record in lines if record["ip"] == ip]

    wait_for("the camera", records)
    camera.process.popen.kill()  # no Bye
    camera.process.popen.wait()
    simulate(1, "--quirk", "19", address=ip)
    wait_for("its new endpoint", lambda: len(records()) > 1)
    first, second = records()[:2]
    assert (second["event"], 19 in second["quirks"]) == ("changed", True)
    assert second["endpoint"] != first["endpoint"]


def test_quirk_23_a_probe_to_it_alone(simulate):
    ip = simulate(1, "--quirk", "23").addresses[0]
    code, records, _ = scan("--interface", "lo", "--wait", "1.5")
    assert not by_ip(records, [ip])
    record = find(ip, "--network", ip, "--ports", "9")
    assert record["found_by"] == ["ws-discovery"]
    assert 23 in record["quirks"]


def test_quirk_25_odd_ports_and_paths(simulate):
    ip = simulate(1, "--quirk", "25", "--onvif-port", "8899", "--no-discovery").addresses[0]
    code, records, errors = scan("--sweep-only", "--network", ip)
    assert code == 0, errors
    record = by_ip(records, [ip])[ip]
    assert record["xaddrs"] == [f"http://{ip}:8899/onvif/services"]
    assert 25 in record["quirks"]


def test_quirk_13_each_interface_is_probed(two_networks):  # noqa: F811
    _, scanner, _, _ = two_networks
    netns.run("ip", "-n", scanner, "route", "add", "default", "dev", "eth1")
    code, records, errors = scan("--wait", "1.5", prefix=netns.inside(scanner))
    assert sorted(record["ip"] for record in records) == ["10.77.1.10", "10.77.2.10"], errors


def test_quirks_15_and_16_no_group_is_joined_and_no_port_needed(two_networks, spawn):  # noqa: F811
    _, scanner, _, _ = two_networks
    hold = "import socket,time; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(('',3702)); print('held',flush=True); time.sleep(99)"
    holder = subprocess.Popen(netns.inside(scanner, "/usr/bin/python3", "-c", hold), stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        seeker = subprocess.Popen(netns.inside(scanner, program("camctl-scan"), "--wait", "2", "-o", "jsonl"),
                                  stdout=subprocess.PIPE)
        assert json.loads(seeker.stdout.readline())["ip"].startswith("10.77.")  # it is at work now
        groups = subprocess.run(netns.inside(scanner, "cat", "/proc/net/igmp"), capture_output=True, text=True).stdout
        assert socket.inet_aton("239.255.255.250")[::-1].hex().upper() not in groups
        seeker.communicate()
        assert seeker.returncode == 0
    finally:
        holder.kill()
        holder.wait()


def test_the_quirks_are_listed():
    done = subprocess.run([program("camctl-simulate"), "--list-quirks"], capture_output=True, text=True, timeout=30, check=True)
    table = {row["quirk"]: row["shows"] for row in map(json.loads, done.stdout.splitlines())}
    assert {1, 7, 25, 37} <= set(table) and all(table.values())
    done = subprocess.run([program("camctl-simulate"), "--quirk", "7,13"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "'13'" in done.stderr


def test_latency(simulate):
    ip = simulate(1, "--latency", "700ms", "--no-discovery").addresses[0]
    begin = time.monotonic()
    code, records, errors = scan("--sweep-only", "--network", ip, "--ports", "8000")
    assert code == 0, errors
    assert time.monotonic() - begin >= 0.7
