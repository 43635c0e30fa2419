"""camctl discover against virtual cameras and against servers that misbehave."""

import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time

import pytest

import bad_device
from conftest import loopback_block, program, wait_for

ADMIN = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "admin"}
SECRET = "S3cr3t-of-the-test"


@pytest.fixture
def discover(tmp_path):
    """discover(*args) -> (exit code, stdout, stderr); runs in a folder of its own."""

    def run(*args, stdin="", env=None, timeout=60):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
        done = subprocess.run([program("camctl-discover"), *map(str, args)], input=stdin, text=True, cwd=tmp_path,
                              env={**clean, "XDG_CONFIG_HOME": str(tmp_path), **(env or {})}, timeout=timeout,
                              capture_output=True)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def device():
    devices = []

    def start(serve_one):
        devices.append(bad_device.Device(serve_one))
        return devices[-1]

    yield start
    for each in devices:
        each.close()


def targets(cameras):
    return [f"{address}:{cameras.onvif_port}" for address in cameras.addresses]


def test_four_cameras_each_with_another_scheme(simulate, discover, tmp_path):
    cameras = simulate(4, "--auth", "wsse,digest,both,none", "--digest-algorithm", "md5,sha-256")
    code, out, err = discover(*targets(cameras), env=ADMIN)
    assert code == 0, err
    found = json.loads(out)
    assert json.loads((tmp_path / "cameras.json").read_text()) == found
    assert [camera["id"] for camera in found] == ["stream_0", "stream_1", "stream_2", "stream_3"]
    assert [camera["ip"] for camera in found] == cameras.addresses
    assert found[0]["auth"] == "wsse" and found[1]["auth"].startswith("digest/") and found[3]["auth"] == "none"
    for camera, address in zip(found, cameras.addresses):
        assert camera["rtsp_url"] == f"rtsp://{address}:{cameras.rtsp_port}/live/channel0"
        assert list(camera)[:5] == ["ip", "port", "rtsp_url", "profile_name", "hls_url"]
        assert len(camera["profiles"]) == 2
        assert camera["profiles"][0]["video"]["codec"] == "h264"
        assert camera["profiles"][0]["audio"]["codec"] == "aac"
    assert "admin" not in out.replace("administrator", "")


def test_pipe_from_scan_and_again(simulate, discover, tmp_path):
    cameras = simulate(2)
    network = cameras.addresses[0].rsplit(".", 1)[0] + ".0/24"
    scan = subprocess.run([program("camctl-scan"), "--sweep-only", "--network", network, "--ports", "8000"],
                          capture_output=True, text=True, timeout=60)
    assert len(scan.stdout.splitlines()) == 2, scan.stderr
    code, out, err = discover("-", stdin=scan.stdout)
    assert code == 0, err
    first = json.loads(out)
    named = [dict(camera) for camera in first]
    named[0]["name"] = "My own name"
    (tmp_path / "cameras.json").write_text(json.dumps(named))
    (tmp_path / "found.jsonl").write_text("\n".join(reversed(scan.stdout.splitlines())))
    code, out, err = discover("found.jsonl")
    assert code == 0, err
    again = json.loads(out)
    assert [camera["id"] for camera in again] == ["stream_0", "stream_1"]
    assert again[0]["name"] == "My own name"


def test_a_camera_that_is_gone_stays_unless_pruned(simulate, discover, tmp_path):
    cameras = simulate(1)
    gone = {"ip": "127.0.0.1", "port": 1, "rtsp_url": "rtsp://127.0.0.1:1/x", "id": "stream_7", "name": "Gone"}
    (tmp_path / "cameras.json").write_text(json.dumps([gone]))
    code, out, _ = discover(*targets(cameras), "127.0.0.1:1")
    assert code == 5
    assert [camera["name"] for camera in json.loads(out)][0] == "Gone"
    code, out, _ = discover(*targets(cameras), "--prune")
    assert code == 0
    assert len(json.loads(out)) == 1


def test_host_without_a_port(simulate, discover):
    cameras = simulate(1)
    code, out, err = discover(cameras.addresses[0], "--file", "-", "--interface", "lo")
    assert code == 0, err
    assert json.loads(out)[0]["port"] == 8000


def test_clock_nat_and_malformed_replies(simulate, discover):
    cameras = simulate(3, "--auth", "wsse,digest", "--clock-skew", "-48h", "--nat", "--malformed")
    code, out, err = discover(*targets(cameras), "--file", "-", env=ADMIN)
    assert code == 0, err
    for camera, address in zip(json.loads(out), cameras.addresses):
        assert camera["rtsp_url"].startswith(f"rtsp://{address}:")
        assert camera["profiles"][0]["rtsp_url_original"].startswith("rtsp://192.0.2.1:")
        assert {12, 44, 79} <= set(camera["quirks"])
        assert abs(camera["clock_offset_s"] + 48 * 3600) < 5


def test_wrong_missing_and_saved_credentials(simulate, discover, tmp_path):
    password = tmp_path / "password"
    password.write_text(SECRET + "\n")
    cameras = simulate(1, "--auth", "digest", "--user", "joe", "--password-file", password)
    code, out, err = discover(*targets(cameras))
    assert code == 4 and "asks for credentials" in err and json.loads(out) == []
    code, out, err = discover(*targets(cameras), "-o", "json", env={"CAMCTL_USER": "joe", "CAMCTL_PASSWORD": "wrong"})
    assert code == 4 and "refuses the credentials" in err
    assert json.loads(err.splitlines()[-1])["error"]["code"] == "auth"

    path = tmp_path / "cameras.json"
    code, out, err = discover(*targets(cameras), "-vv", "--user", "joe", "--password-file", password)
    assert code == 0, err
    assert SECRET not in out + err + path.read_text()
    code, out, err = discover(*targets(cameras), "--user", "joe", "--password-file", password, "--save-credentials")
    assert code == 0, err
    assert SECRET not in out + err and SECRET in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    code, out, err = discover(*targets(cameras))  # the saved ones are used, and kept
    assert code == 0, err
    assert SECRET in path.read_text() and SECRET not in out

    path.unlink()
    (tmp_path / "camctl.yaml").write_text(
        f"credentials:\n  - host: {cameras.addresses[0]}/32\n    user: joe\n    password_file: {password}\n")
    code, out, err = discover(*targets(cameras))
    assert code == 0, err


def test_devices_that_misbehave_end_in_time(device, discover):
    cases = {"silent": (bad_device.silent, 124, "in time"), "dripping": (bad_device.dripping, 124, "in time"),
             "endless": (bad_device.endless, 1, "more than"),
             "html": (bad_device.answering(bad_device.reply(b"<html>404</html>", "404 Not Found")), 1, "404")}
    for name, (behaviour, expected, words) in cases.items():
        started = time.monotonic()
        code, out, err = discover("--file", "-", "--device-timeout", "1.5", device(behaviour).address)
        assert (code, json.loads(out)) == (expected, []), (name, err)
        assert words in err, (name, err)
        assert time.monotonic() - started < 6, name


def test_a_connection_that_ends_before_the_reply_is_tried_again(device, discover):
    bad = device(bad_device.closing_first)
    discover("--file", "-", "--device-timeout", "3", bad.address)
    assert bad.connections > 1
    assert bad.requests[0].split(b"\r\n\r\n")[1] == bad.requests[1].split(b"\r\n\r\n")[1]


def test_requests_as_the_pickiest_devices_want_them(device, discover):
    bad = device(bad_device.answering(bad_device.reply(bad_device.DATE)))
    discover("--file", "-", "--device-timeout", "3", bad.address)
    head = bad.requests[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[0] == "POST /onvif/device_service HTTP/1.1"
    lines = dict(line.split(": ", 1) for line in head[1:])
    assert lines["Host"] == bad.address
    assert lines["Content-Type"] == ('application/soap+xml; charset=utf-8; '
                                     'action="http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime"')
    assert "Transfer-Encoding" not in lines and "Expect" not in lines and "Content-Length" in lines
    assert b"UsernameToken" not in bad.requests[0]


def test_a_device_never_sees_credentials_before_it_asks(device, discover):
    bad = device(bad_device.answering(bad_device.reply(bad_device.DATE)))
    discover("--file", "-", "--device-timeout", "3", bad.address, env=ADMIN)
    for request in bad.requests:
        assert b"UsernameToken" not in request and b"Authorization" not in request


def test_a_redirect_elsewhere_is_not_followed(device, discover):
    other = device(bad_device.answering(bad_device.reply(bad_device.DATE)))
    bad = device(bad_device.answering(bad_device.reply(
        b"", "307 Temporary Redirect", [f"Location: http://127.0.0.2:{other.port}/"])))
    code, _, _ = discover("--file", "-", "--device-timeout", "3", bad.address)
    assert code == 1
    assert other.connections == 0


def test_input_and_usage_errors(discover, tmp_path):
    assert discover()[0] == 2
    assert discover("rtsp://127.0.0.1/")[0] == 2
    assert discover("-", stdin='{"ip":')[0] == 2
    assert discover("-", stdin='[{"nothing": 1}]')[0] == 2
    code, out, _ = discover("-", stdin="")
    assert code == 3 and json.loads(out) == []
    assert not (tmp_path / "cameras.json").exists()
    (tmp_path / "cameras.json").write_text('[{"ip": ]')
    code, _, err = discover("127.0.0.1:1")
    assert code == 2 and "cameras.json" in err and "line 1" in err
    assert (tmp_path / "cameras.json").read_text() == '[{"ip": ]'
    assert discover("127.0.0.1:1", "--file", "-", "--password-stdin", "-")[0] == 2


def test_interrupt_ends_within_two_seconds(device, spawn, tmp_path):
    bad = device(bad_device.silent)
    process = spawn(program("camctl-discover"), "--file", tmp_path / "c.json", bad.address)
    wait_for("the first request", lambda: bad.connections)
    started = time.monotonic()
    assert process.stop(signal.SIGINT) == 130
    assert time.monotonic() - started < 2.5
    assert not pathlib.Path(tmp_path / "c.json").exists()


def test_slow_devices_do_not_wait_for_each_other(device, discover):
    """Thirty that never answer cost the time of one."""
    addresses = [device(bad_device.silent).address for _ in range(30)]
    started = time.monotonic()
    code, out, _ = discover(*addresses, "--file", "-", "--device-timeout", "2")
    assert code == 124 and json.loads(out) == []
    assert time.monotonic() - started < 6
    code, _, err = discover(*addresses, "--file", "-", "-j", "2", "--timeout", "1")
    assert code == 124 and "not asked in time" in err


def test_a_file_that_cannot_be_written_is_said_before_anything_is_asked(device, discover, tmp_path):
    bad = device(bad_device.silent)
    code, out, err = discover(bad.address, "--file", tmp_path / "none" / "x.json")
    assert (code, out) == (1, "") and "none" in err and "--file" in err
    assert not bad.connections


def test_a_record_that_breaks_off_costs_only_itself(simulate, discover, tmp_path):
    cameras = simulate(1, "--no-discovery")
    record = json.dumps({"ip": cameras.addresses[0], "port": cameras.onvif_port})
    code, out, err = discover("-", "--prune", stdin=record + '\n{"ip": "127')
    assert code == 5 and "breaks off" in err, err
    assert [camera["ip"] for camera in json.loads(out)] == cameras.addresses
    assert json.loads((tmp_path / "cameras.json").read_text()) == json.loads(out)


def test_an_interrupt_keeps_what_has_answered(simulate, device, spawn, tmp_path):
    cameras = simulate(1, "--no-discovery")
    bad = device(bad_device.silent)
    process = spawn(program("camctl-discover"), "-v", "--file", tmp_path / "c.json", *targets(cameras), bad.address)
    process.wait_log("authentication none")
    wait_for("the other's first request", lambda: bad.connections)
    assert process.stop(signal.SIGINT) == 130
    assert [camera["ip"] for camera in json.loads((tmp_path / "c.json").read_text())] == cameras.addresses
    assert "1 of 2 devices" in process.log()


@pytest.mark.parametrize("args, stdin, words", [
    (["cams.json"], "", "no file cams.json"),
    (["found/cams.jsonl"], "", "no file found/cams.jsonl"),
    (["127.0.0.1:1", "http://127.0.0.1:99999/"], "", "port"),
    (["-"], "ADDRESS  NAME\n127.0.0.2:8000  Door\n", "-o jsonl"),
    (["127.0.0.1:1", "--interface", "nope0"], "", "no interface 'nope0'"),
    (["127.0.0.1:1", "--user", "admin"], "", "no password"),
    (["127.0.0.1:1", "--user", "admin", "--password-file", "/dev/null"], "", "no password"),
])
def test_mistakes_are_named(discover, tmp_path, args, stdin, words):
    code, out, err = discover(*args, stdin=stdin)
    assert (code, out) == (2, ""), err
    assert words in err and err.count("\n") == 1
    assert not (tmp_path / "cameras.json").exists()


def test_the_search_for_the_port_is_within_the_devices_time(device, discover):
    """A host without a port; one of its usual ports accepts and says nothing."""
    address = loopback_block()
    with socket.create_server((address, 8000)):
        code, _, err = discover(address, "--file", "-", "--device-timeout", "300ms")
        assert code == 124, err
    code, out, _ = discover(device(bad_device.silent).address, "--file", "-", "--device-timeout", "0",
                            "--timeout", "1")
    assert code == 124 and json.loads(out) == []


def test_quiet_still_names_the_device_that_failed(device, simulate, discover):
    cameras = simulate(1, "--no-discovery")
    code, _, err = discover(*targets(cameras), "127.0.0.1:1", "-q", "--file", "-")
    assert code == 5
    assert err.count("127.0.0.1:1") == 1 and "refuses connections" in err


def test_json_log_holds_the_error_too(discover):
    for args in (["127.0.0.1:1", "--file", "-"], ["--no-such-option"]):
        code, _, err = discover("--log-format", "json", *args)
        assert code in (1, 2)
        for line in err.splitlines():
            assert {"time", "level", "message"} <= json.loads(line).keys()
