"""How `camctl serve` treats cameras: refused passwords are not tried again and again, hosts are not overrun."""

import re
import signal
import socket
import threading
import time

import pytest

from conftest import loopback_block, wait_for
from serving import Server


@pytest.fixture
def start(spawn, tmp_path):
    return lambda *args, **options: Server(spawn, tmp_path, *args, **options)


class Refuser:
    """An RTSP server that refuses every password, and counts how often it is shown one."""

    def __init__(self):
        self.address = loopback_block()
        self.listener = socket.create_server((self.address, 0))
        self.port = self.listener.getsockname()[1]
        self.connects, self.refusals = [], 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connects.append(time.monotonic())
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        data = b""
        with connection:
            while True:
                chunk = connection.recv(4096)
                if not chunk:
                    return
                data += chunk
                while b"\r\n\r\n" in data:
                    head, data = data.split(b"\r\n\r\n", 1)
                    cseq = re.search(rb"(?i)cseq: *(\d+)", head)[1].decode()
                    self.refusals += b"\r\nAuthorization:" in head
                    status = "200 OK\r\nPublic: DESCRIBE" if head.startswith(b"OPTIONS") else (
                        '401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n"')
                    connection.sendall(f"RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n\r\n".encode())

    def close(self):
        self.listener.close()


@pytest.fixture
def refuser():
    server = Refuser()
    yield server
    server.close()


def test_a_recorder_whose_password_is_wrong_is_asked_once(refuser, start):
    channels = [{"rtsp_url": f"rtsp://{refuser.address}:{refuser.port}/channel{i}"} for i in range(16)]
    server = start(channels, config=f"credentials: [{{host: {refuser.address}, user: admin, password: wrong}}]\n")
    def all_refused():
        states = {(camera["status"], "refuse" in camera["reason"]) for camera in server.json("/api/cameras")}
        return states == {("error", True)}
    wait_for("all channels to be refused", all_refused)
    assert refuser.refusals == 1
    assert "wrong" not in server.process.log()
    # Somebody says that it is right now: once more.
    server.process.popen.send_signal(signal.SIGHUP)
    wait_for("another attempt", lambda: refuser.refusals == 2)
    wait_for("all channels to be refused", all_refused)
    assert refuser.refusals == 2
    # Another password is another account.
    server.config.write_text(f"credentials: [{{host: {refuser.address}, user: admin, password: other}}]\n")
    server.process.popen.send_signal(signal.SIGHUP)
    wait_for("another attempt", lambda: refuser.refusals == 3)


def test_connects_are_spread(refuser, start):
    channels = [{"rtsp_url": f"rtsp://{refuser.address}:{refuser.port}/channel{i}"} for i in range(40)]
    start(channels)  # without a password, which nobody locks
    wait_for("all channels", lambda: len(refuser.connects) >= 40)
    # 15 ms apart; under load they come later, never earlier.
    assert refuser.connects[39] - refuser.connects[0] > 39 * 0.010


def test_a_host_has_so_many_sessions(simulate, start):
    cameras = simulate(1, "--no-discovery")
    channels = [{"rtsp_url": cameras.rtsp_url(channel=i % 2) + f"?{i}"} for i in range(4)]
    server = start(channels, config="host_sessions: 2\n")
    def states():
        return sorted(camera["status"] for camera in server.json("/api/cameras"))
    wait_for("two of four to be live", lambda: states() == ["error", "error", "live", "live"])
    left_out = [camera for camera in server.json("/api/cameras") if camera["status"] == "error"]
    assert all("2 sessions are open" in camera["reason"] for camera in left_out)
    # One that goes makes room.
    live = next(camera for camera in server.json("/api/cameras") if camera["status"] == "live")
    assert server.change("DELETE", f"/api/cameras/{live['id']}")[0] == 204
    wait_for("another in its place", lambda: states() == ["error", "live", "live"])
