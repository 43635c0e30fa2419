"""ONVIF clients of others ask our virtual cameras, by each scheme of authentication."""

import json
import pathlib
import subprocess

import pytest
import venvs
from conftest import ROOT, require

HERE = pathlib.Path(__file__).resolve().parent
# One camera each: its scheme, its algorithm, and how onvif-zeep is to log in.
CAMERAS = [("none", "md5", "wsse"), ("wsse", "md5", "wsse"), ("digest", "md5", "digest"),
           ("digest", "sha-256", "digest"), ("both", "md5", "wsse"), ("both", "sha-256", "digest"),
           ("both", "both", "wsse")]


@pytest.fixture
def cameras(simulate, tmp_path):
    password = tmp_path / "password"
    password.write_text("pass word\n")
    return simulate(len(CAMERAS), "--auth", ",".join(auth for auth, _, _ in CAMERAS),
                    "--digest-algorithm", ",".join(algorithm for _, algorithm, _ in CAMERAS),
                    "--user", "op", "--password-file", password, "--no-discovery")


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=90)


def answer(result):
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def expected_profiles(address):
    return [(f"Profile_{n}", f"PROFILE_{n}", f"rtsp://{address}:5543/live/channel{n - 1}",
             f"http://{address}:8000/snapshot.jpg?profile=Profile_{n}") for n in (1, 2)]


def profiles_of(camera):
    return [(p["token"], p["name"], p["rtsp_url"], p["snapshot_url"]) for p in camera["profiles"]]


def test_onvif_zeep(cameras):
    query = [venvs.python("onvif-zeep"), HERE / "onvif_zeep_query.py"]
    serials = set()
    for address, (auth, algorithm, scheme) in zip(cameras.addresses, CAMERAS):
        camera = answer(run(*query, address, cameras.onvif_port, scheme, "op", "pass word"))
        assert profiles_of(camera) == expected_profiles(address), (auth, algorithm)
        assert camera["profiles"][0]["video"] == ["H264", 1920, 1080, 25]
        assert camera["profiles"][0]["audio"] == "AAC"
        assert camera["sources"] == ["VideoSource_1"]
        assert len(camera["services"]) == 6
        assert camera["mac"].startswith("02:")
        serials.add(camera["serial"])
        if auth != "none":
            refused = run(*query, address, cameras.onvif_port, scheme, "op", "password")
            assert refused.returncode != 0 and "not authorized" in refused.stderr, (auth, algorithm)
    assert len(serials) == len(CAMERAS)


def test_npm_onvif(cameras):
    require("node")
    if not (ROOT / "tests" / "node_modules" / "onvif").exists():
        pytest.skip("tests/node_modules has no onvif: run script/bootstrap")
    query = ["node", HERE / "npm_onvif_query.mjs"]
    for address, (auth, algorithm, _) in zip(cameras.addresses, CAMERAS):
        camera = answer(run(*query, address, cameras.onvif_port, "op", "pass word"))
        assert profiles_of(camera) == expected_profiles(address), (auth, algorithm)
        assert camera["media2"] is True
        if auth != "none":
            refused = run(*query, address, cameras.onvif_port, "op", "password")
            assert refused.returncode != 0, (auth, algorithm)


def test_clock_skew_is_no_obstacle_to_a_client_that_asks_for_the_time(simulate):
    """onvif-zeep with adjust_time asks the camera's clock first; without it the token is refused."""
    cameras = simulate(1, "--auth", "wsse", "--clock-skew", "-2h", "--no-discovery")
    camera = answer(run(venvs.python("onvif-zeep"), HERE / "onvif_zeep_query.py", cameras.addresses[0],
                        cameras.onvif_port, "wsse", "admin", "admin"))
    assert profiles_of(camera) == expected_profiles(cameras.addresses[0])


def check_driven(seen):
    """What both clients saw: a camera that turns, keeps a preset, and whose motion alarm toggles."""
    assert seen["while_moving"] == "MOVING" and seen["after_stop"] == "IDLE"
    assert seen["presets"] == ["Gate"]
    first, second = seen["events"][:2]
    assert first[0] == "Initialized" and second[0] == "Changed"
    assert {str(first[1]).lower(), str(second[1]).lower()} == {"true", "false"}


def test_onvif_zeep_turns_listens_and_sets(simulate):
    cameras = simulate(1, "--auth", "wsse", "--no-discovery")
    seen = answer(run(venvs.python("onvif-zeep"), HERE / "onvif_zeep_drive.py", cameras.addresses[0],
                      cameras.onvif_port, "admin", "admin"))
    check_driven(seen)
    assert seen["back"] == pytest.approx(seen["at_preset"], abs=1e-3) and seen["at_preset"] > 0
    assert seen["nodes"] == ["PTZNode_1"] and seen["users"] == ["admin"]
    assert seen["encoder"] == [1280, 720, 10] and seen["brightness"] == [70]


def test_npm_onvif_turns_and_listens(simulate):
    require("node")
    if not (ROOT / "tests" / "node_modules" / "onvif").exists():
        pytest.skip("tests/node_modules has no onvif: run script/bootstrap")
    cameras = simulate(2, "--auth", "wsse,digest", "--no-discovery")
    for address in cameras.addresses:
        seen = answer(run("node", HERE / "npm_onvif_drive.mjs", address, cameras.onvif_port, "admin", "admin"))
        check_driven(seen)
        assert seen["back"]["x"] == pytest.approx(seen["at_preset"]["x"], abs=1e-3) and seen["at_preset"]["x"] > 0
        assert set(seen["topics"]) == {"tns1:VideoSource/MotionAlarm"}
        assert seen["brightness"] == [50, 70]
