"""Devices that mean harm: each costs discover at most its time-out and 8 MiB, and harms no other device."""

import contextlib
import functools
import json
import os
import re
import subprocess
import time
import zlib

import pytest

import bad_device
from conftest import program

DEVICE_SECONDS = 3
MOST_MEMORY = 8 << 20

ENVELOPE = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" '
            'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl">'
            '<s:Body>{}</s:Body></s:Envelope>')


def envelope(body):
    return ENVELOPE.format(body).encode()


def nested(depth, name="tt:Extension"):
    return f"<{name}>" * depth + f"</{name}>" * depth


def profile(number, size=0):
    return (f'<trt:Profiles token="T{number}"><tt:Name>{"n" * size}{number}</tt:Name><tt:VideoSourceConfiguration token="S">'
            f"<tt:SourceToken>S{number}</tt:SourceToken></tt:VideoSourceConfiguration></trt:Profiles>")


class Soap:
    """A device that answers what discover asks; some operations as a test wants."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def __call__(self, device, connection, _):
        while request := bad_device.read_request(connection):
            operation = re.search(rb"<(?:\w+:)?(Get\w+)", request.partition(b"\r\n\r\n")[2]).group(1).decode()
            self.asked.append(operation)
            answer = self.answers.get(operation)
            if callable(answer):
                answer(device, connection)
            elif answer is not None:
                connection.sendall(bad_device.reply(answer))
            else:
                connection.sendall(bad_device.reply(self.usual(operation, device)))

    @staticmethod
    def usual(operation, device):
        if operation == "GetSystemDateAndTime":
            return bad_device.DATE
        if operation == "GetServices":
            return envelope("<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/media/wsdl"
                            f"</tds:Namespace><tds:XAddr>http://{device.address}/media</tds:XAddr></tds:Service>"
                            "</tds:GetServicesResponse>")
        if operation == "GetProfiles":
            return envelope(f"<trt:GetProfilesResponse>{profile(1)}</trt:GetProfilesResponse>")
        if operation == "GetStreamUri":
            return envelope("<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://127.0.0.1/x</tt:Uri></trt:MediaUri>"
                            "</trt:GetStreamUriResponse>")
        return envelope(f"<tds:{operation}Response/>")


def endless_head(_, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        connection.sendall(b"X-Header: " + b"x" * 1000 + b"\r\n")


def endless_body(_, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def dripping(device, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        device.wait(0.2)


def redirecting(device, connection):
    connection.sendall(bad_device.reply(b"", "302 Found", [f"Location: http://{device.address}/again"]))


@functools.cache
def bomb():
    """128 MiB of spaces in some 130 KB."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    parts = [packer.compress(b" " * (1 << 20)) for _ in range(128)]
    return b"".join(parts) + packer.flush()


def content_bomb(_, connection):
    connection.sendall(bad_device.reply(bomb(), headers=["Content-Encoding: gzip"]))


def transfer_bomb(_, connection):
    body = bomb()
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nContent-Type: application/soap+xml\r\n\r\n")
    connection.sendall(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")


LAUGHS = ('<!DOCTYPE s [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
          + "]>").encode()
DEEP = envelope(nested(20_000))
BROAD = envelope("<tds:GetSystemDateAndTimeResponse>" + "<tt:Extension/>" * 250_000 + "</tds:GetSystemDateAndTimeResponse>")
MANY = envelope("<trt:GetProfilesResponse>" + "".join(profile(i, 1000) for i in range(1000)) + "</trt:GetProfilesResponse>")
DEEP_PROFILES = envelope(f"<trt:GetProfilesResponse>{profile(1)}{nested(20_000, 'trt:Profiles')}</trt:GetProfilesResponse>")
CHALLENGES = bad_device.reply(b"", "401 Unauthorized", [
    f'WWW-Authenticate: Digest realm="{"r" * 200}", nonce="{i}", algorithm=MD5' for i in range(300)])

HOSTILE = {
    "endless head": Soap(GetSystemDateAndTime=endless_head),
    "endless body": Soap(GetSystemDateAndTime=endless_body),
    "endless profiles": Soap(GetProfiles=endless_body),
    "slow drip": Soap(GetSystemDateAndTime=dripping),
    "slow drip at each profile": Soap(GetProfiles=MANY, GetStreamUri=dripping),
    "nested elements": Soap(GetSystemDateAndTime=DEEP),
    "nested profiles": Soap(GetProfiles=DEEP_PROFILES),
    "broad reply": Soap(GetSystemDateAndTime=BROAD),
    "a thousand profiles": Soap(GetProfiles=MANY),
    "redirect loop": Soap(GetSystemDateAndTime=redirecting, GetProfiles=redirecting),
    "gzip bomb": Soap(GetSystemDateAndTime=content_bomb, GetProfiles=content_bomb),
    "gzip bomb of the transfer": Soap(GetSystemDateAndTime=transfer_bomb),
    "entities": Soap(GetSystemDateAndTime=LAUGHS + envelope("<tds:GetSystemDateAndTimeResponse>&a9;"
                                                            "</tds:GetSystemDateAndTimeResponse>")),
    "challenges": Soap(GetServices=lambda _, connection: connection.sendall(CHALLENGES)),
}


def peak_memory(pid):
    """Bytes; what wait4 tells begins with the size of the process that forked it."""
    try:
        status = open(f"/proc/{pid}/status", encoding="ascii", errors="replace").read()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def run(tmp_path, *hosts):
    """(seconds, peak memory in bytes, exit code, cameras, stderr) of discover."""
    began, memory = time.monotonic(), 0
    with open(tmp_path / "out", "w+b") as out, open(tmp_path / "err", "w+b") as err:
        process = subprocess.Popen([program("camctl-discover"), *hosts, "--file", "-", "--device-timeout",
                                    str(DEVICE_SECONDS)], stdout=out, stderr=err, cwd=tmp_path,
                                   env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)})
        while process.poll() is None:
            memory = max(memory, peak_memory(process.pid))
            time.sleep(0.002)
        out.seek(0)
        err.seek(0)
        return time.monotonic() - began, memory, process.returncode, json.loads(out.read()), err.read().decode()


def serving(behaviour):
    return contextlib.closing(bad_device.Device(behaviour))


@pytest.fixture
def good(simulate):
    cameras = simulate(1, "--no-discovery")
    return f"{cameras.addresses[0]}:{cameras.onvif_port}"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_device_costs_little_and_harms_no_other(good, tmp_path, name):
    behaviour = HOSTILE[name]
    bomb()  # takes time that is not discover's
    with serving(behaviour) as device, serving(Soap()) as harmless:
        _, usual, code, cameras, err = run(tmp_path, good, harmless.address)
        assert code == 0 and len(cameras) == 2, err
        seconds, memory, code, cameras, err = run(tmp_path, good, device.address)
    assert behaviour.asked, "it was not even asked"
    assert cameras[0]["profiles"][0]["rtsp_url"], err  # the other one is as it was
    assert code in (0, 5), (code, err)
    assert seconds < DEVICE_SECONDS + 2, seconds
    assert memory - usual < MOST_MEMORY, f"{(memory - usual) >> 20} MiB"


def test_profiles_are_bounded(tmp_path):
    with serving(Soap(GetProfiles=MANY)) as device:
        _, _, code, cameras, err = run(tmp_path, device.address)
    assert code == 0, err
    assert sum(len(camera["profiles"]) for camera in cameras) <= 512


def test_a_redirect_loop_ends(tmp_path):
    behaviour = Soap(GetSystemDateAndTime=redirecting)
    with serving(behaviour) as device:
        _, _, code, _, err = run(tmp_path, device.address)
    assert code == 1, err
    assert len(behaviour.asked) <= 4 * 4  # three hops at each of the four paths
