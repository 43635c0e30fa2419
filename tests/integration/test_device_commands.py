"""camctl ptz, snapshot, info, set and reboot against virtual cameras."""

import json
import os
import signal
import subprocess

import pytest

import bad_device
from conftest import listening, program, wait_for

ADMIN = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "admin"}


@pytest.fixture
def run(tmp_path):
    """run(program, *args) -> CompletedProcess; in a folder of its own. stdout is bytes with binary=True."""

    def start(name, *args, env=None, timeout=60, binary=False):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
        return subprocess.run([program(f"camctl-{name}"), *map(str, args)], text=not binary, cwd=tmp_path,
                              env={**clean, "XDG_CONFIG_HOME": str(tmp_path), **(env or {})}, timeout=timeout,
                              capture_output=True, stdin=subprocess.DEVNULL)

    return start


def records(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def onvif(cameras, index=0):
    return f"http://{cameras.addresses[index]}:{cameras.onvif_port}/onvif/device_service"


# ---- ptz


def position(run, camera):
    return records(run("ptz", camera, "status"))[0]


def test_a_move_ends_after_its_time(simulate, run):
    camera = onvif(simulate(1, "--no-discovery"))
    done = run("ptz", camera, "move", "--pan", "0.5", "--tilt", "-0.25", "--for", "1s")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    first = position(run, camera)
    assert 0.2 < first["pan"] < 0.6 and first["tilt"] == pytest.approx(-first["pan"] / 2, abs=0.01)
    assert first["zoom"] == 0 and first["moving"] is False
    assert position(run, camera) == first


def test_an_interrupted_move_stops(simulate, run, spawn):
    camera = onvif(simulate(1, "--no-discovery"))
    mover = spawn(program("camctl-ptz"), camera, "move", "--pan", "0.1", "--for", "1h")
    wait_for("the camera to move", lambda: position(run, camera)["moving"])
    assert mover.stop(signal.SIGINT) == 130
    assert position(run, camera)["moving"] is False


def test_a_move_without_end_and_its_stop(simulate, run):
    camera = onvif(simulate(1, "--no-discovery"))
    records(run("ptz", camera, "move", "--zoom", "0.01", "--for", "0"))
    assert position(run, camera)["moving"] is True
    records(run("ptz", camera, "stop"))
    assert position(run, camera)["moving"] is False


def test_positions_and_presets(simulate, run):
    camera = onvif(simulate(1, "--auth", "digest", "--no-discovery"))

    def ptz(*args):
        return records(run("ptz", camera, *args, env=ADMIN))

    def settle():
        return wait_for("the camera to arrive", lambda: next((at for at in ptz("status") if not at["moving"]), None))

    assert ptz("presets") == []
    ptz("move", "--absolute", "--pan", "0.5", "--tilt", "0.5", "--zoom", "0.5")
    assert settle()["pan"] == 0.5
    [gate] = ptz("set-preset", "Gate")
    assert gate["name"] == "Gate"
    ptz("move", "--relative", "--pan", "-0.25")
    assert settle()["pan"] == 0.25
    ptz("home")
    assert settle()["pan"] == 0
    ptz("goto", "Gate")
    assert settle() == {"pan": 0.5, "tilt": 0.5, "zoom": 0.5, "moving": False}
    assert ptz("presets") == [{"token": gate["token"], "name": "Gate", "pan": 0.5, "tilt": 0.5, "zoom": 0.5}]
    missing = run("ptz", camera, "goto", "Door", env=ADMIN)
    assert missing.returncode == 3 and "Gate" in missing.stderr
    ptz("remove-preset", gate["token"])
    assert ptz("presets") == []


@pytest.mark.parametrize("quirks", ["93", "94", "93,94", "91"])
def test_ptz_quirks(simulate, run, quirks):
    camera = onvif(simulate(1, "--malformed", quirks, "--no-discovery"))
    assert run("ptz", camera, "move", "--pan", "1", "--for", "300ms").returncode == 0
    assert position(run, camera)["moving"] is False
    assert run("ptz", camera, "move", "--pan", "-0.1", "--for", "0").returncode == 0
    assert run("ptz", camera, "stop").returncode == 0
    assert position(run, camera)["moving"] is False


def test_ptz_usage(run):
    for args in (["move"], ["stop", "--pan", "1"], ["goto"], ["home", "Gate"], ["dance"], ["move", "--pan", "2"]):
        done = run("ptz", "127.0.0.1:1", *args)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, args


# ---- snapshot


def test_snapshot_with_every_scheme(simulate, run, tmp_path):
    cameras = simulate(3, "--auth", "none,wsse,digest", "--digest-algorithm", "sha-256", "--no-discovery")
    for index in range(3):
        done = run("snapshot", onvif(cameras, index), "-o", "-", env=ADMIN, binary=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(b"\xff\xd8\xff") and done.stdout.endswith(b"\xff\xd9")
        file = run("snapshot", onvif(cameras, index), "-o", "now.jpg", env=ADMIN)
        assert (file.returncode, file.stdout, file.stderr) == (0, "", "")
        assert (tmp_path / "now.jpg").read_bytes() == done.stdout
    refused = run("snapshot", onvif(cameras, 2), "-o", "no.jpg", env={"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "x"})
    assert refused.returncode == 4 and not (tmp_path / "no.jpg").exists()


def test_snapshot_of_a_known_camera_needs_no_onvif(simulate, run, tmp_path):
    cameras = simulate(1, "--no-discovery")
    url = f"http://{cameras.addresses[0]}:8000/snapshot.jpg?profile=Profile_2"
    (tmp_path / "cameras.json").write_text(json.dumps(
        [{"ip": cameras.addresses[0], "rtsp_url": "rtsp://127.0.0.1/", "onvif_url": "http://127.0.0.1:1/", "snapshot_url": url}]))
    done = run("snapshot", "0", "-o", "-", binary=True)
    assert done.returncode == 0 and done.stdout.startswith(b"\xff\xd8")


@pytest.mark.parametrize("answer,words", [
    (bad_device.reply(b"<html>login</html>"), "no JPEG"),
    (bad_device.reply(b"\xff\xd8\xff\xe0 and no end"), "breaks off"),
    (bad_device.reply(b"", "500 Oh"), "HTTP 500"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\xff\xd8\xff\xd9", ""),
    (b"HTTP/1.1 200 OK\r\n\r\n" + b"\xff\xd8\xff" + bytes(33 << 20), "more than"),
], ids=["a page", "no end", "a failure", "less than promised", "too much"])
def test_what_is_no_picture(run, tmp_path, answer, words):
    def serve_one(device, connection, _):
        bad_device.read_request(connection)
        connection.sendall(answer)
    device = bad_device.Device(serve_one)
    (tmp_path / "cameras.json").write_text(json.dumps(
        [{"ip": "127.0.0.1", "rtsp_url": "rtsp://127.0.0.1/", "onvif_url": f"http://{device.address}/",
          "snapshot_url": f"http://{device.address}/a.jpg"}]))
    done = run("snapshot", "0", "-o", "a.jpg", "-v", "--timeout", "20s")
    device.close()
    assert done.returncode in (1, 124) and not (tmp_path / "a.jpg").exists()
    assert words in done.stderr


def test_credentials_stay_with_their_host(run, tmp_path):
    """An entry whose pictures are elsewhere: the other host may ask, and gets no credentials."""
    challenge = bad_device.reply(b"", "401 Unauthorized", ['WWW-Authenticate: Basic realm="x"'])
    device = bad_device.Device(bad_device.answering(challenge))
    (tmp_path / "cameras.json").write_text(json.dumps(
        [{"ip": "127.0.0.2", "rtsp_url": "rtsp://127.0.0.2/", "onvif_url": "http://127.0.0.2:1/",
          "snapshot_url": f"http://{device.address}/a.jpg"}]))
    done = run("snapshot", "0", "-o", "a.jpg", env=ADMIN)
    device.close()
    assert done.returncode == 4
    assert device.requests and not any(b"Authorization" in request for request in device.requests)


# ---- info


def test_info(simulate, run):
    cameras = simulate(1, "--auth", "wsse", "--clock-skew", "-90s", "--no-discovery")
    done = run("info", onvif(cameras), env=ADMIN)
    assert done.returncode == 0, done.stderr
    [info] = json.loads(done.stdout)
    assert info["model"] == "Virtual camera" and info["serial"].startswith("SIM") and info["auth"] == "wsse"
    assert info["ptz"] is True and info["events"] is True
    assert {"http://www.onvif.org/ver20/ptz/wsdl", "http://www.onvif.org/ver20/imaging/wsdl"} <= {
        service["namespace"] for service in info["services"]}
    assert info["profiles"][0]["video"]["width"] == 1920
    assert info["profiles"][0]["rtsp_url"] == cameras.rtsp_url()
    assert info["network"]["hostname"] == info["serial"]
    assert info["network"]["interfaces"][0]["addresses"] == cameras.addresses
    assert info["network"]["gateways"] == ["127.0.0.1"]
    assert info["time"]["offset_seconds"] == pytest.approx(-90, abs=3)
    assert info["users"] == [{"name": "admin", "role": "Administrator"}]
    assert "gaps" not in info
    text = run("info", onvif(cameras), "-o", "table", env=ADMIN).stdout
    assert "model: Virtual camera\n" in text and "  hostname: SIM" in text
    assert run("info", onvif(cameras)).returncode == 4


# ---- set


def encoder(run, camera):
    return json.loads(run("info", camera).stdout)[0]["profiles"][0]["video"]


@pytest.mark.parametrize("quirks", ["", "35", "36", "39"])
def test_encoder_settings_are_taken_and_read_back(simulate, run, quirks):
    flags = ["--malformed", quirks] if quirks else []
    camera = onvif(simulate(1, *flags, "--no-discovery"))
    wanted = ["--resolution", "1280x720", "--fps", "15", "--bitrate", "1500", "--gop", "30"]
    before = encoder(run, camera)
    planned = records(run("set", camera, *wanted, "--dry-run"))
    assert {line["setting"]: (line["before"].strip(), line["wanted"]) for line in planned} == {
        "encoder.width": ("1920", "1280"), "encoder.height": ("1080", "720"), "encoder.fps": ("25", "15"),
        "encoder.bitrate_kbps": (str(before["bitrate_kbps"]), "1500"), "encoder.gop": ("50", "30")}
    assert all("after" not in line for line in planned)
    assert encoder(run, camera) == before
    done = records(run("set", camera, *wanted))
    assert all(line["taken"] for line in done)
    assert encoder(run, camera) == {"codec": "h264", "width": 1280, "height": 720, "fps": 15, "bitrate_kbps": 1500,
                                    "gop": 30}
    other = json.loads(run("info", camera).stdout)[0]["profiles"][1]["video"]
    assert other["width"] == 640, "the other profile is as it was"


def test_what_the_camera_makes_of_it(simulate, run):
    camera = onvif(simulate(1, "--no-discovery"))
    done = run("set", camera, "--fps", "500", "--brightness", "10")
    assert done.returncode == 5 and "as 30, not as 500" in done.stderr
    fps, brightness = [json.loads(line) for line in done.stdout.splitlines()]
    assert (fps["wanted"], fps["after"], fps["taken"]) == ("500", "30", False)
    assert (brightness["before"], brightness["after"], brightness["taken"]) == ("50", "10", True)
    refused = run("set", camera, "--fps", "20", "--contrast", "1000")
    assert refused.returncode == 5 and "SettingsInvalid" in refused.stderr
    assert run("set", camera, "--contrast", "1000").returncode == 1


def test_clock_and_hostname(simulate, run):
    camera = onvif(simulate(1, "--auth", "wsse", "--clock-skew", "2h", "--no-discovery"))

    def info():
        return json.loads(run("info", camera, env=ADMIN).stdout)[0]

    assert info()["time"]["offset_seconds"] == pytest.approx(7200, abs=3)
    source, offset = records(run("set", camera, "--clock", "now", env=ADMIN))
    assert source["after"] == "Manual"
    assert abs(float(offset["before"]) - 7200) <= 2 and abs(float(offset["after"])) <= 2  # clocks of whole seconds
    assert abs(info()["time"]["offset_seconds"]) < 2
    server, source = records(run("set", camera, "--clock", "ntp", "--ntp-server", "ntp.lan", env=ADMIN))
    assert (server["after"], source["after"]) == ("ntp.lan", "NTP")
    assert info()["network"]["ntp"] == {"from_dhcp": False, "servers": ["ntp.lan"]}
    [name] = records(run("set", camera, "--hostname", "front-door", env=ADMIN))
    assert name["after"] == "front-door" and info()["network"]["hostname"] == "front-door"


def test_set_usage(run):
    for args in ([], ["--resolution", "big"], ["--ntp-server", "a"], ["--fps", "-1"], ["--clock", "later"]):
        done = run("set", "127.0.0.1:1", *args)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, args


# ---- reboot


def test_reboot(simulate, run, tmp_path):
    cameras = simulate(1, "--no-discovery")
    camera, address = onvif(cameras), cameras.addresses[0]
    assert run("reboot", camera).returncode == 2
    records(run("set", camera, "--brightness", "10"))
    done = run("reboot", camera, "--yes")
    assert (done.returncode, done.stdout) == (0, "") and "Rebooting" in done.stderr  # the camera's own word
    wait_for("the camera to go", lambda: not listening(address, cameras.rtsp_port))
    assert run("info", camera, "--timeout", "2s").returncode in (1, 124)
    wait_for("the camera to come back", lambda: listening(address, cameras.rtsp_port), 30)
    [kept] = records(run("set", camera, "--brightness", "20"))
    assert kept["before"] == "10", "settings outlive a reboot"
