"""Starting `camctl serve` in tests, and talking to it byte by byte where a client library would be too polite."""

import contextlib
import http.client
import json
import re
import socket

from conftest import free_port, loopback_block, program, wait_for


class Server:
    def __init__(self, spawn, tmp_path, cameras=None, args=(), config=None, env=None, name="cameras.json"):
        self.folder = tmp_path
        self.address = loopback_block()
        self.port = free_port(self.address)
        self.cameras = tmp_path / name
        if cameras is not None:
            self.cameras.write_text(json.dumps(cameras))
        self.config = tmp_path / "serve.yaml"
        self.config.write_text(config or "")
        self.process = spawn(program("camctl-serve"), "--listen", f"{self.address}:{self.port}", "--cameras",
                             self.cameras, "--config", self.config, *args, env=env)
        self.process.wait_log("serving ")

    def request(self, method, path, body=None, headers=None):
        """(status, headers with lower-case names, body)"""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def json(self, path):
        status, _, body = self.get(path)
        assert status == 200, body
        return json.loads(body)

    def camera_status(self, camera="stream_0"):
        return self.json(f"/api/cameras/{camera}")["status"]

    def change(self, method, path, value=None, **headers):
        headers = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        status, headers, body = self.request(method, path, json.dumps(value) if value is not None else None, headers)
        return status, headers, json.loads(body) if body else None

    def connect(self):
        return socket.create_connection((self.address, self.port), timeout=10)

    def raw(self, data, end=True):
        """Sends bytes as they are and returns all that comes back until the server closes (or 10 s)."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):  # the server may close first; what it said is read all the same
                connection.sendall(data)
                if end:
                    connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def wait_status(self, camera, status, timeout=20):
        return wait_for(f"{camera} to be {status}",
                        lambda: self.json(f"/api/cameras/{camera}")["status"] == status, timeout)

    def segments(self, path):
        """What a media playlist lists now."""
        status, _, body = self.get(path)
        assert status == 200, body
        return [line for line in body.decode().splitlines() if line and not line.startswith("#")]


def read_all(connection):
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except (ConnectionResetError, socket.timeout):
        pass
    return received


def statuses(received):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
