"""Where passwords come from, and that they go nowhere: logs, errors, answers, arguments, core files."""

import json
import os
import pathlib
import resource
import signal
import subprocess

import pytest

from conftest import program, wait_for
from serving import Server

SECRET = "S3cr3t-0f-the-test"


@pytest.fixture
def discover(tmp_path):
    """discover(*args) -> (exit code, stdout, stderr); runs in a folder of its own."""

    def run(*args, stdin="", env=None):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
        done = subprocess.run([program("camctl-discover"), *map(str, args)], input=stdin, text=True, cwd=tmp_path,
                              env={**clean, "XDG_CONFIG_HOME": str(tmp_path), **(env or {})}, timeout=60,
                              capture_output=True)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def camera(simulate, tmp_path):
    """A virtual camera that wants viewer's password."""
    password = tmp_path / "device.password"
    password.write_text(SECRET)
    password.chmod(0o600)
    return simulate(1, "--auth", "both", "--user", "viewer", "--password-file", password)


def record_of(cameras):
    """What scan knows of the camera, by its own words."""
    network = cameras.addresses[0] + "/32"
    scan = subprocess.run([program("camctl-scan"), "--interface", "lo", "--wait", "1.5", "--network", network, "-o",
                           "jsonl"], capture_output=True, text=True, timeout=60)
    return next(r for r in map(json.loads, scan.stdout.splitlines()) if r["ip"] == cameras.addresses[0])


def test_by_endpoint_mac_and_serial(camera, discover, tmp_path):
    record = record_of(camera)
    config = tmp_path / "camctl.yaml"

    def ask(key, value):
        config.write_text(f"credentials:\n- {{{key}: \"{value}\", user: viewer, password_file: device.password}}\n")
        return discover("-", stdin=json.dumps(record))

    assert ask("endpoint", "urn:uuid:00000000-0000-4000-8000-000000000000")[0] == 4
    code, out, err = ask("endpoint", record["endpoint"].upper().replace("URN:UUID:", ""))
    assert code == 0, err
    known = json.loads(out)[0]
    # What cameras.json knows is told apart by: the serial number, which only a device that let us in tells.
    code, out, err = ask("serial", known["serial"])
    assert code == 0, err
    assert ask("serial", "other")[0] == 4
    record["mac"] = known["mac"]
    code, out, err = ask("mac", known["mac"].upper().replace(":", "-"))
    assert code == 0, err
    assert SECRET not in out + err + (tmp_path / "cameras.json").read_text()


def test_of_systemd(camera, discover, tmp_path):
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "door").write_text(SECRET + "\n")
    address = f"{camera.addresses[0]}:{camera.onvif_port}"
    config = tmp_path / "camctl.yaml"
    config.write_text(f"credentials:\n- {{host: {camera.addresses[0]}, user: viewer, password_credential: door}}\n")
    code, _, err = discover(address, env={"CREDENTIALS_DIRECTORY": str(folder)})
    assert code == 0, err
    code, _, err = discover(address)
    assert code == 2 and "CREDENTIALS_DIRECTORY is not set" in err
    config.unlink()
    (folder / "door").rename(folder / "camctl.password")
    code, _, err = discover(address, "--user", "viewer", env={"CREDENTIALS_DIRECTORY": str(folder)})
    assert code == 0, err


def test_files_that_everybody_can_read_are_told(camera, discover, tmp_path):
    address = f"{camera.addresses[0]}:{camera.onvif_port}"
    password = tmp_path / "device.password"
    password.chmod(0o644)
    code, _, err = discover(address, "--user", "viewer", "--password-file", password)
    assert code == 0 and "every user of this host can read the password" in err and "chmod 600" in err
    config = tmp_path / "camctl.yaml"
    config.write_text(f"credentials:\n- {{host: {camera.addresses[0]}, user: viewer, password: {SECRET}}}\n")
    config.chmod(0o644)
    code, _, err = discover(address)
    assert code == 0 and err.count("every user of this host can read the passwords") == 1
    assert "camctl.yaml" in err and SECRET not in err
    config.chmod(0o600)
    code, _, err = discover(address)
    assert code == 0 and "every user" not in err


def test_the_password_is_nowhere_in_what_programs_print(camera, discover, tmp_path):
    """Every program that takes it, with all its words, when it works and when it fails."""
    device = f"{camera.addresses[0]}:{camera.onvif_port}"
    password = tmp_path / "device.password"
    known = ("--user", "viewer", "--password-file", str(password))
    assert discover(device, *known)[0] == 0
    cameras = str(tmp_path / "cameras.json")
    stream = f"rtsp://viewer:{SECRET}@{camera.addresses[0]}:{camera.rtsp_port}/live"
    runs = [["discover", device, "--file", "-", "-vv", *known],
            ["discover", f"http://viewer:{SECRET}@{device}/", "--file", "-", "-vv"],
            ["discover", f"http://viewer:{SECRET}@192.0.2.1:1/", "--file", "-", "-vv", "--device-timeout", "0.2"],
            ["discover", f"ftp://viewer:{SECRET}@{device}/", "--file", "-", "-o", "json"],
            ["info", device, "-vv", *known], ["snapshot", device, "-o", str(tmp_path / "x.jpg"), "-vv", *known],
            ["ptz", device, "status", "-vv", *known],
            ["set", device, "--brightness", "40", "--dry-run", "-vv", *known],
            ["events", device, "--timeout", "1", "-vv", *known],
            ["stream", f"{stream}/channel0", "-o", str(tmp_path / "x.mp4"), "--duration", "1", "-vv"],
            ["stream", f"{stream}/nothing", "-o", str(tmp_path / "y.mp4"), "--duration", "1", "-vv"],
            ["stream", "stream_0", "--cameras", cameras, "-o", str(tmp_path / "z.mp4"), "--duration", "1", "-vv", *known],
            ["doctor", "--cameras", cameras]]
    for args in runs:
        done = subprocess.run([program(f"camctl-{args[0]}"), *args[1:]], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)})
        assert SECRET not in done.stdout + done.stderr, args
        assert done.stderr or done.stdout or args[0] == "snapshot", args


def test_ps_and_other_programs_do_not_see_it(camera, spawn, tmp_path):
    url = f"rtsp://viewer:{SECRET}@{camera.addresses[0]}:{camera.rtsp_port}/live/channel0"
    stream = spawn(program("camctl-stream"), url, "-o", tmp_path / "hls", "--config", "/dev/null")
    wait_for("the stream", lambda: (tmp_path / "hls" / "playlist.m3u8").exists()
             or list((tmp_path / "hls").glob("*.m3u8")) if (tmp_path / "hls").exists() else False)
    line = pathlib.Path(f"/proc/{stream.pid}/cmdline").read_text()
    assert SECRET not in line and "viewer:" + "*" * len(SECRET) + "@" in line
    # Memory and environment are for root only.
    assert pathlib.Path(f"/proc/{stream.pid}/environ").stat().st_uid == 0


@pytest.mark.parametrize("wanted", [False, True])
def test_no_core_file(tmp_path, wanted):
    """A crash leaves no memory behind, unless somebody who looks for the fault asks for it."""
    env = {**os.environ, **({"CAMCTL_CORE_FILES": "1"} if wanted else {})}
    serve = subprocess.Popen([program("camctl-serve"), "--listen", "127.0.0.1:0", "--cameras", "-", "--config", "/dev/null"],
                             stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=env, preexec_fn=lambda:
                             resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
    serve.stdin.write(b"[]")
    serve.stdin.close()
    assert any(b"serving " in line for line in serve.stderr)
    serve.send_signal(signal.SIGABRT)
    _, status = os.waitpid(serve.pid, 0)
    serve.returncode = -signal.SIGABRT
    if wanted and not os.WCOREDUMP(status):
        pytest.skip("this system writes no core files at all")
    assert os.WCOREDUMP(status) == wanted


def test_the_api_tells_nobody(camera, spawn, tmp_path):
    url = f"rtsp://{camera.addresses[0]}:{camera.rtsp_port}/live/channel0"
    config = f"credentials:\n- {{mac: \"02:00:00:00:00:01\", user: viewer, password: {SECRET}}}\n"
    server = Server(spawn, tmp_path, config=config, args=("-vv",),
                    cameras=[{"rtsp_url": url, "mac": "02:00:00:00:00:01"}])
    server.wait_status(0, "live")  # the identity in cameras.json gave it the password
    answers = [server.get(path)[2].decode(errors="replace") for path in (
        "/api/cameras", "/api/cameras/0", "/hls/0/playlist.m3u8", "/api/openapi.json", "/metrics", "/readyz")]
    for answer in [*answers, server.process.log()]:
        assert SECRET not in answer


def test_what_is_added_over_http_borrows_no_identity(camera, spawn, tmp_path):
    """PATCH moves an entry to another host; the device's password does not go there."""
    config = f"credentials:\n- {{mac: \"02:00:00:00:00:01\", user: viewer, password: {SECRET}}}\n"
    server = Server(spawn, tmp_path, config=config,
                    cameras=[{"rtsp_url": "rtsp://127.0.0.1:1/x", "mac": "02:00:00:00:00:01"}])
    url = f"rtsp://{camera.addresses[0]}:{camera.rtsp_port}/live/channel0"
    assert server.change("PATCH", "/api/cameras/0", {"rtsp_url": url})[0] == 200
    wait_for("the refusal", lambda: server.json("/api/cameras/0").get("reason", "").find("credentials") >= 0
             or server.json("/api/cameras/0")["status"] == "error")
    assert server.json("/api/cameras/0")["status"] != "live"
