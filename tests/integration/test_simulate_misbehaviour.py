"""camctl discover reads virtual cameras that misbehave on the ONVIF side as real ones do."""

import json
import subprocess

import pytest

from conftest import program

QUIRKS = ["26", "27", "28", "35", "36", "37", "38", "39"]  # what --malformed takes


def discover(cameras, password, tmp_path):
    """(exit code, entries of cameras.json, messages)"""
    file = tmp_path / "password"
    file.write_text(password)
    result = subprocess.run(
        [program("camctl-discover"), "--file", "-", "--user", "admin", "--password-file", file, *cameras.addresses],
        capture_output=True, text=True, timeout=60)
    return result.returncode, json.loads(result.stdout or "[]"), result.stderr


def check(camera, address, codec="h264"):
    assert camera["rtsp_url"] == f"rtsp://{address}:5543/live/channel0"
    assert camera["snapshot_url"] == f"http://{address}:8000/snapshot.jpg?profile=Profile_1"
    assert camera["manufacturer"] == "camctl"
    assert [p["rtsp_url"] for p in camera["profiles"]] == [f"rtsp://{address}:5543/live/channel{n}" for n in (0, 1)]
    video = camera["profiles"][0]["video"]
    assert (video["codec"], video["width"], video["height"], video["fps"]) == (codec, 1920, 1080, 25)


@pytest.mark.parametrize("quirk", QUIRKS)
def test_each_quirk(simulate, tmp_path, quirk):
    cameras = simulate(3, "--auth", "wsse,digest,both", f"--malformed={quirk}", "--no-discovery")
    code, found, messages = discover(cameras, "admin", tmp_path)
    assert code == 0, messages
    for camera, address in zip(found, cameras.addresses, strict=True):
        check(camera, address)
    code, found, messages = discover(cameras, "wrong", tmp_path)
    assert code == 4 and found == [], messages


@pytest.mark.parametrize("count, codec", [(3, "h264"), (1, "h265")])
def test_everything_at_once(simulate, tmp_path, count, codec):
    cameras = simulate(count, "--auth", "wsse,digest,both", "--digest-algorithm", "md5,sha-256,both", "--malformed",
                       "--nat", "--clock-skew", "-2h", "--codec", codec, "--no-discovery")
    code, found, messages = discover(cameras, "admin", tmp_path)
    assert code == 0, messages
    for camera, address in zip(found, cameras.addresses, strict=True):
        check(camera, address, codec)


@pytest.mark.parametrize("skew", ["2h", "-2h", "8000h", "-8000h"])
def test_clock(simulate, tmp_path, skew):
    cameras = simulate(2, "--auth", "wsse,digest", "--clock-skew", skew, "--no-discovery")
    code, found, messages = discover(cameras, "admin", tmp_path)
    assert code == 0, messages
    assert 44 in found[0]["quirks"]


def test_nat(simulate, tmp_path):
    cameras = simulate(1, "--nat", "--no-discovery")
    code, found, messages = discover(cameras, "admin", tmp_path)
    assert code == 0, messages
    check(found[0], cameras.addresses[0])
    assert {12, 79} <= set(found[0]["quirks"])
