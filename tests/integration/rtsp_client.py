"""A plain RTSP client for tests: says exactly what it is told to, and shows what comes back."""

import re
import socket
import struct


class Reply:
    def __init__(self, text, body):
        lines = text.split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if ":" in line]
        self.body = body

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class RtspClient:
    def __init__(self, address, port, timeout=10.0):
        self.address, self.port = address, port
        self.socket = socket.create_connection((address, port), timeout)
        self.buffer = b""
        self.cseq = 0
        self.session = None
        self.packets = []  # (channel, bytes) met while waiting for replies

    def url(self, path="/live/channel0"):
        return f"rtsp://{self.address}:{self.port}{path}"

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def request(self, method, path="/live/channel0", **headers):
        self.cseq += 1
        lines = [f"{method} {self.url(path)} RTSP/1.0", f"CSeq: {self.cseq}"]
        if self.session:
            lines.append(f"Session: {self.session}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines) + "\r\n\r\n")
        reply = self.reply()
        assert reply.header("CSeq") == str(self.cseq)
        return reply

    def fill(self):
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("closed")
        self.buffer += data

    def packet(self):
        """The next interleaved frame: (channel, bytes)."""
        if self.packets:
            return self.packets.pop(0)
        while True:
            if len(self.buffer) >= 4:
                assert self.buffer[:1] == b"$", self.buffer[:80]
                size = struct.unpack(">H", self.buffer[2:4])[0]
                if len(self.buffer) >= 4 + size:
                    frame = (self.buffer[1], self.buffer[4:4 + size])
                    self.buffer = self.buffer[4 + size:]
                    return frame
            self.fill()

    def reply(self):
        """The next reply; packets before it are kept for packet()."""
        while True:
            while not self.buffer:
                self.fill()
            if self.buffer[:1] == b"$":
                kept, self.packets = self.packets, []
                kept.append(self.packet())
                self.packets = kept
                continue
            if b"\r\n\r\n" in self.buffer:
                head, rest = self.buffer.split(b"\r\n\r\n", 1)
                match = re.search(rb"(?i)content-length: *(\d+)", head)
                size = int(match.group(1)) if match else 0
                if len(rest) >= size:
                    self.buffer = rest[size:]
                    return Reply(head.decode(), rest[:size])
            self.fill()

    def setup(self, track, transport):
        reply = self.request("SETUP", f"/live/channel0/track{track}", Transport=transport)
        if reply.status == 200:
            self.session = reply.header("Session").split(";")[0]
        return reply

    def play(self, channels=(0, 2)):
        """Sets up video (and sound) over this connection and plays."""
        for track, channel in enumerate(channels):
            assert self.setup(track, f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}").status == 200
        reply = self.request("PLAY", Range="npt=0.000-")
        assert reply.status == 200
        return reply


class Rtp:
    def __init__(self, data):
        first, second, self.sequence, self.timestamp, self.ssrc = struct.unpack(">BBHII", data[:12])
        assert first == 0x80
        self.marker, self.payload_type = bool(second & 0x80), second & 0x7F
        self.payload = data[12:]
