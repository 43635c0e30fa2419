"""Servers that behave as badly as devices do, each on a loopback port of its own."""

import contextlib
import socket
import threading
import time

DATE = (b'<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        b'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body>'
        b'<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>'
        b'</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse></s:Body></s:Envelope>')


def reply(body, status="200 OK", headers=()):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/soap+xml", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def read_request(connection):
    """The bytes of one request with its body; empty at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


class Device:
    def __init__(self, serve_one):
        self.requests, self.connections = [], 0
        self._serve_one = serve_one
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._run, args=(connection, self.connections), daemon=True).start()

    def _run(self, connection, number):
        with connection, contextlib.suppress(OSError):
            self._serve_one(self, connection, number)

    def wait(self, seconds):
        """Waits, or returns as soon as the device is closed."""
        self._closing.wait(seconds)

    def close(self):
        self._closing.set()
        self._socket.close()


def answering(*replies):
    """Answers the requests in turn, the last reply for all that follow; over any number of connections."""
    lock = threading.Lock()

    def serve_one(device, connection, _):
        while True:
            request = read_request(connection)
            if not request:
                return
            with lock:
                device.requests.append(request)
                answer = replies[min(len(device.requests), len(replies)) - 1]
            connection.sendall(answer)

    return serve_one


def silent(device, connection, _):
    read_request(connection)
    device.wait(60)


def dripping(device, connection, _):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        device.wait(0.1)


def endless(device, connection, _):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        connection.sendall(chunk)


def closing_first(device, connection, number):
    """The first connection ends before a byte of the reply (quirk 33)."""
    device.requests.append(read_request(connection))
    if number > 1:
        connection.sendall(reply(DATE, headers=["Connection: close"]))
