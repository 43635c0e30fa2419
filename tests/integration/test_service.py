"""serve under a service manager: what it tells it, and the unit that the package has."""

import pathlib
import shutil
import signal
import socket
import subprocess

import pytest

from conftest import require
from serving import Server

UNIT = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "systemd" / "camctl.service"


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        path = tmp_path / "notify"
        sock.bind(str(path))
        sock.settimeout(20)
        yield str(path), lambda: dict(line.split("=", 1) for line in sock.recv(4096).decode().splitlines())


def test_what_the_manager_is_told(spawn, tmp_path, manager):
    path, told = manager
    server = Server(spawn, tmp_path, [], env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "300000"})
    ready = told()
    assert ready["READY"] == "1" and ready["STATUS"] == f"serving 0 cameras on http://{server.address}:{server.port}/"
    assert server.get("/readyz")[0] == 200, "ready is said when it is"
    for _ in range(3):
        assert told() == {"WATCHDOG": "1"}
    server.cameras.write_text('[{"rtsp_url": "rtsp://127.0.0.1:1/none"}]')
    server.process.popen.send_signal(signal.SIGHUP)
    messages = [told()]
    while "READY" not in messages[-1]:
        messages.append(told())
    assert {"RELOADING": "1"} in messages and messages[-1]["STATUS"].startswith("serving 1 camera on ")
    assert server.process.stop() == 0
    last = told()
    while last == {"WATCHDOG": "1"}:
        last = told()
    assert last == {"STOPPING": "1"}


def test_without_a_manager_who_listens(spawn, tmp_path):
    server = Server(spawn, tmp_path, [], env={"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "20000"})
    assert server.get("/healthz")[0] == 200


def test_unit(tmp_path):
    require("systemd-analyze")
    # It wants the program to be there.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/bin/camctl", shutil.which("true")))
    # Manual pages are looked for on this system.
    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0 and UNIT.name not in checked.stderr, checked.stderr
    exposure = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", UNIT],
                              capture_output=True, text=True, timeout=60)
    assert exposure.returncode == 0, exposure.stdout[-300:]
