"""Devices lock users after 5 wrong passwords and more (quirk 57). How many a run of ours costs: the device counts."""

import json
import os
import subprocess
import time

import pytest

from conftest import program

WRONG = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "wrong"}
# What one user and one wrong password may cost, by the scheme: a token in its two spellings; Digest once for
# each algorithm that the device offers, strongest first.
SCHEMES = {"wsse": 2, "digest": 1, "both": 1, "digest --digest-algorithm sha-256": 1, "digest --digest-algorithm both": 2}
PROGRAMS = {"discover": ["--file", "-"], "info": [], "snapshot": ["-o", "picture.jpg"], "events": []}
REFUSALS_BEFORE_A_LOCK = 5


def run(tmp_path, name, *args):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
    return subprocess.run([program(f"camctl-{name}"), *map(str, args)], text=True, cwd=tmp_path, capture_output=True,
                          env={**clean, "XDG_CONFIG_HOME": str(tmp_path), **WRONG}, timeout=60, stdin=subprocess.DEVNULL)


def onvif(address):
    return f"http://{address}:8000/onvif/device_service"


def attempts(cameras, address):
    """How many requests with credentials the device has refused."""
    return cameras.process.log().count(f"{address}: refuses credentials")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_wrong_password_costs_few_attempts(simulate, tmp_path, scheme):
    cameras = simulate(len(PROGRAMS), "-v", "--no-discovery", "--auth", *scheme.split())
    for (name, flags), address in zip(PROGRAMS.items(), cameras.addresses, strict=True):
        done = run(tmp_path, name, onvif(address), *flags)
        assert done.returncode == 4, (name, done.stderr)
        assert "refuses the credentials" in done.stderr
        assert attempts(cameras, address) == SCHEMES[scheme], name


@pytest.mark.parametrize("quirk, flags, most", [
    ("57", [], 1),  # it says how many are left
    ("46", [], 2),
    ("46 --clock-skew 2h", [], 3),  # another clock is worth a third: that of the Date header
    ("53", [], 2),
    ("56", [], 2),
    ("56", ["--allow-plain"], 3),
    ("50", [], 2),
    ("65", [], 2),
])
def test_quirks_cost_no_more(simulate, tmp_path, quirk, flags, most):
    cameras = simulate(len(PROGRAMS), "-v", "--no-discovery", "--quirk", *quirk.split())
    for (name, usual), address in zip(PROGRAMS.items(), cameras.addresses, strict=True):
        done = run(tmp_path, name, onvif(address), *usual, *flags)
        assert done.returncode == 4, (name, done.stderr)
        assert attempts(cameras, address) == most < REFUSALS_BEFORE_A_LOCK, name
        if quirk == "57":
            assert "You still have 4 attempt(s)" in done.stderr


def test_a_picture_by_its_address_costs_one(simulate, tmp_path):
    cameras = simulate(1, "-v", "--auth", "digest", "--no-discovery")
    [ip] = cameras.addresses
    (tmp_path / "cameras.json").write_text(json.dumps([
        {"ip": ip, "rtsp_url": cameras.rtsp_url(), "onvif_url": onvif(ip), "snapshot_url": f"http://{ip}:8000/snapshot.jpg"}]))
    assert run(tmp_path, "snapshot", "0", "-o", "a.jpg").returncode == 4
    assert attempts(cameras, ip) == 1


def test_a_recorder_is_one_device(simulate, tmp_path):
    """Sixteen channels in cameras.json, one user, one refusal."""
    cameras = simulate(1, "-v", "--auth", "digest", "--quirk", "74", "--no-discovery")
    [ip] = cameras.addresses
    (tmp_path / "cameras.json").write_text(json.dumps([
        {"ip": ip, "rtsp_url": f"rtsp://{ip}:5543/live/channel{n}", "onvif_url": onvif(ip)} for n in range(16)]))
    assert run(tmp_path, "events", "--all").returncode == 4
    assert attempts(cameras, ip) == 1


@pytest.mark.parametrize("algorithm", ["md5", "sha-256"])
def test_a_stream_costs_one(simulate, tmp_path, algorithm):
    cameras = simulate(1, "-v", "--auth", "digest", "--digest-algorithm", algorithm, "--no-discovery")
    [ip] = cameras.addresses
    done = run(tmp_path, "stream", cameras.rtsp_url(), "--duration", "1s", "-o", "a.mp4")
    assert done.returncode == 4, done.stderr
    assert attempts(cameras, ip) == 1


def test_serve_does_not_go_on_trying(simulate, serve, tmp_path):
    cameras = simulate(1, "-v", "--auth", "digest", "--no-discovery")
    [ip] = cameras.addresses
    server = serve([{"ip": ip, "rtsp_url": cameras.rtsp_url(channel=n), "id": f"c{n}"} for n in range(2)], env=WRONG)
    for camera in ("c0", "c1"):
        server.wait_status("error", camera)
    seen = attempts(cameras, ip)
    assert 1 <= seen <= 2
    time.sleep(3)  # nothing tells that nothing more comes; a usual retry is after one second
    assert attempts(cameras, ip) == seen
