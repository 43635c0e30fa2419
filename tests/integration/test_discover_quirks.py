"""What devices do in the field while they are asked: quirks 26 to 85 of onvif-notes.md, each by its number."""

import dataclasses
import json
import os
import subprocess

import pytest

import tls_front
from conftest import program

ADMIN = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "admin"}


@dataclasses.dataclass
class Case:
    """A quirk that `simulate` has, and how discover's record shows it."""
    quirk: int
    shown: set  # all that the record tells
    flags: str = ""  # of simulate
    auth: str = "none"
    given: bool = False  # credentials that nobody asks for
    more: tuple = ()  # flags of discover
    video: str = "h264"
    query: str = ""  # of stream URIs
    paths: tuple = ("/live/channel0", "/live/channel1")
    tokens: tuple = ("Profile_1", "Profile_2")
    names: tuple = ("PROFILE_1", "PROFILE_2")
    snapshot_port: int = 8000


WSSE = {"flags": "--auth wsse", "auth": "wsse"}
BY_TOKEN, MD5, SHA = {"auth": "wsse"}, {"auth": "digest/md5"}, {"auth": "digest/sha-256"}

CASES = [
    Case(26, {26}),
    Case(27, {27}, **WSSE),
    Case(28, {28}, **WSSE),
    Case(29, {29}),
    Case(30, set()),
    Case(31, {31}),
    Case(32, set()),
    Case(33, {33}),
    Case(34, set()),
    Case(35, {35}),
    Case(36, {36}),
    Case(37, {37}),
    Case(38, {38}, **WSSE),
    Case(39, {39}),
    Case(42, set()),
    Case(43, set()),
    Case(44, {44}, **BY_TOKEN),
    Case(45, {45}, **BY_TOKEN),
    Case(46, {44, 46}, **BY_TOKEN),
    Case(47, {47}),
    Case(48, {48}),
    Case(49, set(), **MD5),
    Case(50, {50}, **SHA),
    Case(51, set(), **MD5),
    Case(52, set(), **BY_TOKEN),
    Case(53, {53}, **BY_TOKEN),
    Case(54, set(), **BY_TOKEN),
    Case(55, {55}, **BY_TOKEN),
    Case(56, {56}, more=("--allow-plain",), **BY_TOKEN),
    Case(57, set(), **BY_TOKEN),
    Case(58, {58}, **BY_TOKEN),
    Case(60, {60}, given=True),
    Case(61, set(), **BY_TOKEN),
    Case(62, {62}),
    Case(63, {63}),
    Case(64, {64}),
    Case(65, {65}, **BY_TOKEN),
    Case(66, {66}),
    Case(67, {12, 67}),
    Case(68, {68}),
    Case(68, {68}, flags="--codec h265", video="h265"),
    Case(69, {69}),
    Case(70, {28, 70}),
    Case(71, {71}),
    Case(72, {72}),
    Case(73, set()),
    Case(75, {75}),
    Case(76, {76}),
    Case(77, {77}, query="?channel=1&subtype=0"),
    Case(78, {78}),
    Case(79, {79}),
    Case(80, set(), paths=("/user=admin_password=_channel=1_stream=0.sdp", "/")),
    Case(81, {81}),
    Case(82, set(), snapshot_port=8001),
    Case(83, {83}),
    Case(84, {84}, tokens=("000", "001"), names=("000", "001")),
    Case(85, {85}),
]


@pytest.fixture
def discover(tmp_path):
    """discover(*args, env=…) -> (exit code, records, messages); in a folder of its own."""

    def run(*args, env=None):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
        done = subprocess.run([program("camctl-discover"), *map(str, args)], text=True, cwd=tmp_path, timeout=60,
                              env={**clean, "XDG_CONFIG_HOME": str(tmp_path), **(env or {})}, capture_output=True)
        return done.returncode, json.loads(done.stdout or "[]"), done.stderr

    return run


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.quirk}{case.video.removeprefix('h264')}")
def test_quirk(simulate, discover, tmp_path, case):
    cameras = simulate(1, "--quirk", case.quirk, "--no-discovery", *case.flags.split())
    ip = cameras.addresses[0]
    env = ADMIN if case.given or case.auth != "none" else {}
    code, found, messages = discover(f"{ip}:8000", "-v", *case.more, env=env)
    assert code == 0, messages
    [camera] = found
    assert set(camera["quirks"]) == case.shown
    assert json.loads((tmp_path / "cameras.json").read_text()) == found
    for quirk in case.shown:
        assert f"quirk {quirk}: " in messages, "-v tells it in words"
    assert camera["auth"] == case.auth
    urls = [f"rtsp://{ip}:5543{path}{case.query}" for path in case.paths]
    if case.quirk == 75:
        urls[1] = ""
    assert [profile["rtsp_url"] for profile in camera["profiles"]] == urls
    assert [profile["token"] for profile in camera["profiles"]] == list(case.tokens)
    assert [profile["name"] for profile in camera["profiles"]] == list(case.names)
    assert camera["rtsp_url"] == urls[0]
    snapshot = f"http://{ip}:{case.snapshot_port}/snapshot.jpg?profile={case.tokens[0]}"
    assert camera.get("snapshot_url") == (None if case.quirk == 76 else snapshot)
    video = camera["profiles"][0]["video"]
    assert (video["codec"], video["width"], video["height"], video["fps"]) == (case.video, 1920, 1080, 25)
    assert camera.get("manufacturer") == (None if case.quirk == 85 else "camctl")
    assert camera["model"].startswith("Virtual camera")


def test_without_quirks_none_is_shown(simulate, discover):
    cameras = simulate(3, "--auth", "wsse,digest,both", "--no-discovery")
    code, found, messages = discover(*(f"{ip}:8000" for ip in cameras.addresses), env=ADMIN)
    assert code == 0, messages
    assert [camera["quirks"] for camera in found] == [[], [], []]


def test_quirk_59_a_role_that_is_too_low(simulate, discover):
    code, found, messages = discover(f"{simulate(1, '--quirk', 59, '--no-discovery').addresses[0]}:8000", env=ADMIN)
    assert (code, found) == (4, [])
    assert "lets the user in" in messages and "role" in messages


def test_quirk_56_no_password_goes_out_in_clear_unasked(simulate, discover):
    code, found, messages = discover(f"{simulate(1, '--quirk', 56, '--no-discovery').addresses[0]}:8000", env=ADMIN)
    assert (code, found) == (4, [])
    assert "--allow-plain" in messages


def test_quirk_74_a_recorder_is_a_camera_for_each_channel(simulate, discover):
    ip = simulate(1, "--quirk", 74, "--no-discovery").addresses[0]
    code, found, messages = discover(f"{ip}:8000")
    assert code == 0, messages
    assert len(found) == 16 and all(camera["quirks"] == [74] for camera in found)
    assert [camera["rtsp_url"] for camera in found] == [f"rtsp://{ip}:5543/live/channel{n}" for n in range(0, 32, 2)]
    assert all(len(camera["profiles"]) == 2 for camera in found)


def test_quirks_40_and_41_https_of_its_own_and_a_redirect_to_it(simulate, discover):
    ip = simulate(1, "--auth", "digest", "--no-discovery").addresses[0]
    with tls_front.TlsFront(ip, 8000) as front:
        code, found, messages = discover(f"https://{ip}:{front.port}/onvif/device_service", env=ADMIN)
        assert code == 0, messages
        assert 40 in found[0]["quirks"] and found[0]["auth"] == "digest/md5"
        assert found[0]["rtsp_url"] == f"rtsp://{ip}:5543/live/channel0"
        code, found, messages = discover("--verify", f"https://{ip}:{front.port}/onvif/device_service", env=ADMIN)
        assert code == 1 and "certificate" in messages
        code, found, messages = discover("--file", "-", f"http://{ip}:{front.redirecting_port}/onvif/device_service",
                                         env=ADMIN)
        assert code == 0, messages
        assert {40, 41} <= set(found[0]["quirks"])
        assert found[0]["rtsp_url"] == f"rtsp://{ip}:5543/live/channel0"


def test_what_scan_saw_stays_in_the_record(simulate, discover, tmp_path):
    ip = simulate(1, "--quirk", "26,47", "--no-discovery").addresses[0]
    record = {"ip": ip, "port": 8000, "quirks": [10, 7, 1000, "x"]}
    (tmp_path / "found.jsonl").write_text(json.dumps(record))
    code, found, messages = discover("found.jsonl")
    assert code == 0, messages
    assert found[0]["quirks"] == [7, 10, 26, 47]


def test_a_device_that_is_named_twice_is_asked_once(simulate, discover):
    cameras = simulate(1, "--auth", "wsse", "-v", "--no-discovery")
    ip = cameras.addresses[0]
    code, found, _ = discover(f"http://one:x@{ip}:8000/", f"{ip}:8000", f"http://two:y@{ip}:8000/onvif/device_service")
    assert (code, found) == (4, [])
    assert cameras.process.log().count("refuses credentials") == 2  # both spellings of one user


MODELS = ["axis", "bosch", "dahua", "dlink", "dvc", "hikvision", "illustra", "lorex", "onvif-srvd", "panasonic", "pelco",
          "reolink", "rpos", "sony", "tapo", "thingino", "xiongmai"]


def models():
    done = subprocess.run([program("camctl-simulate"), "--list-models"], capture_output=True, text=True, timeout=30)
    return {model["name"]: model for model in map(json.loads, done.stdout.splitlines())}


def test_the_models_are_listed():
    assert list(models()) == MODELS
    done = subprocess.run([program("camctl-simulate"), "--model", "noname"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "noname" in done.stderr


@pytest.mark.parametrize("name", MODELS)
def test_model(simulate, discover, name):
    model = models()[name]
    ip = simulate(1, "--model", name, "--no-discovery").addresses[0]
    path = "/onvif/services" if 25 in model["quirks"] else "/onvif/device_service"
    code, found, messages = discover(f"http://{ip}:8000{path}", "--file", "-", env=ADMIN)
    assert code == 0, messages
    camera = found[0]
    assert camera["rtsp_url"].startswith(f"rtsp://{ip}:5543/")
    assert camera["model"] == model["model"]
    assert camera["auth"].split("/")[0] == {"both": "digest"}.get(model["auth"], model["auth"])
    told = set(camera["quirks"])
    assert told and told <= set(model["quirks"]) | {28}, "28: the page that a broken service answers"
    if 85 not in model["quirks"]:
        assert camera["manufacturer"] == model["manufacturer"]
