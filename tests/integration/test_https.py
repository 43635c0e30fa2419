"""Cameras that speak ONVIF over HTTPS: their key is kept when they are first asked, and another one is refused."""

import contextlib
import json
import os
import pathlib
import socket
import ssl
import subprocess
import threading

import pytest

import bad_device
from conftest import loopback_block, program, require, wait_for

ADMIN = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "admin"}


@pytest.fixture
def camctl(tmp_path):
    """camctl(command, *args) -> (exit code, stdout, stderr); runs in a folder of its own."""

    def run(command, *args, env=None, stdin=""):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
        done = subprocess.run([program(f"camctl-{command}"), *map(str, args)], input=stdin, text=True, cwd=tmp_path,
                              env={**clean, "XDG_CONFIG_HOME": str(tmp_path), **ADMIN, **(env or {})}, timeout=60,
                              capture_output=True)
        return done.returncode, done.stdout, done.stderr

    return run


def https_url(cameras):
    return f"https://{cameras.addresses[0]}:{cameras.onvif_port}/onvif/device_service"


def told_pin(cameras):
    records = [json.loads(line) for line in cameras.process.log().splitlines() if line.startswith("{")]
    return records[0]["onvif_tls_pin"]


def test_the_key_of_the_first_time_is_kept(simulate, camctl, tmp_path):
    cameras = simulate(1, "--https", "--auth", "both")
    code, out, err = camctl("discover", https_url(cameras))
    assert code == 0, err
    camera = json.loads(out)[0]
    assert camera["onvif_tls_pin"] == told_pin(cameras)
    assert camera["onvif_url"] == https_url(cameras) and camera["snapshot_url"].startswith("https://")
    assert "tls_pin" not in camera  # that is for rtsps, and not known
    assert err.count("nobody vouches for its TLS key") == 1 and camera["onvif_tls_pin"] in err
    code, out, err = camctl("discover", "cameras.json")
    assert code == 0 and "nobody vouches" not in err
    for command in (["info", "stream_0"], ["ptz", "stream_0", "status"], ["snapshot", "stream_0", "-o", "x.jpg"]):
        code, _, err = camctl(*command)
        assert code == 0 and "nobody vouches" not in err, (command, err)
    code, _, err = camctl("info", https_url(cameras))
    assert code == 0 and "nobody vouches" in err


def test_another_key_is_refused(simulate, camctl, tmp_path):
    address = loopback_block()
    first = simulate(1, "--https", "--auth", "both", address=address)
    old = told_pin(first)
    assert camctl("discover", https_url(first))[0] == 0
    first.process.stop()
    second = simulate(1, "--https", "--auth", "both", address=address)
    new = told_pin(second)
    for command in (["discover", "cameras.json"], ["discover", https_url(second)],
                    ["info", "stream_0"], ["snapshot", "stream_0", "-o", "x.jpg"], ["reboot", "stream_0", "--yes"]):
        code, _, err = camctl(*command)
        assert code == 1, (command, err)
        assert f"has the TLS key {new}, which is not the one that it is known by" in err, (command, err)
        assert "--trust-new-keys" in err and "--password-file" not in err
    assert json.loads((tmp_path / "cameras.json").read_text())[0]["onvif_tls_pin"] == old
    code, out, err = camctl("discover", "--trust-new-keys", "cameras.json")
    assert code == 0, err
    assert json.loads(out)[0]["onvif_tls_pin"] == new
    assert camctl("info", "stream_0")[0] == 0


class TlsDevice(bad_device.Device):
    """A server with a key of its own that keeps what it hears."""

    def __init__(self, pem, serve_one):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self.handshakes = 0
        super().__init__(serve_one)

    def _run(self, connection, number):
        with contextlib.suppress(OSError):
            with self._context.wrap_socket(connection, server_side=True) as wrapped:
                self.handshakes += 1
                self._serve_one(self, wrapped, number)


def make_pem(folder, name):
    require("openssl")
    pem = folder / name
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=camera", "-days", "2", "-keyout", pem, "-out", folder / "certificate"], check=True,
                   capture_output=True)
    pem.write_text(pem.read_text() + (folder / "certificate").read_text())
    return pem


def test_a_stranger_is_told_nothing(camctl, tmp_path):
    """Not even the unauthenticated request for the date: the connection ends after the handshake."""
    device = TlsDevice(make_pem(tmp_path, "pem"), bad_device.answering(bad_device.reply(bad_device.DATE)))
    try:
        entry = {"ip": "127.0.0.1", "onvif_url": f"https://{device.address}/x", "rtsp_url": "rtsp://127.0.0.1/x",
                 "onvif_tls_pin": "sha256//" + "A" * 43 + "="}
        (tmp_path / "cameras.json").write_text(json.dumps([entry]))
        code, _, err = camctl("discover", "cameras.json")
        assert code == 1 and "which is not the one" in err
        assert device.connections >= 1 and device.requests == []
    finally:
        device.close()


def test_a_device_known_by_its_key_is_not_asked_in_the_clear(simulate, camctl, tmp_path):
    cameras = simulate(1, "--auth", "both")  # it answers plain HTTP
    address = f"{cameras.addresses[0]}:{cameras.onvif_port}"
    entry = {"ip": cameras.addresses[0], "onvif_url": f"https://{address}/onvif/device_service",
             "rtsp_url": cameras.rtsp_url(), "onvif_tls_pin": "sha256//" + "A" * 43 + "="}
    (tmp_path / "cameras.json").write_text(json.dumps([entry]))
    code, _, err = camctl("discover", address)
    assert code == 1 and "is known by its TLS key, and offers plain HTTP only now" in err
    code, out, err = camctl("discover", address, "--trust-new-keys")
    assert code == 0, err


def test_a_bad_pin_names_entry_and_key(camctl, tmp_path):
    (tmp_path / "cameras.json").write_text(json.dumps([{"ip": "127.0.0.1", "onvif_url": "https://127.0.0.1:1/",
                                                        "onvif_tls_pin": "sha256//x"}]))
    for command in (["discover", "cameras.json"], ["info", "stream_0"], ["events", "--all"]):
        code, _, err = camctl(*command)
        assert code == 2, (command, err)
        assert "stream_0: onvif_tls_pin" in err, (command, err)


def test_messages_about_tls(simulate, camctl):
    """What was being done, with whom, and what to do; not OpenSSL's own words."""
    plain = simulate(1)
    code, _, err = camctl("discover", https_url(plain), "--file", "-")
    assert code == 1 and "error:" not in err and "routines" not in err
    assert f"{plain.addresses[0]}:8000 does not speak TLS that we know: wrong version number" in err
    assert "http://" in err
    secure = simulate(1, "--https")
    code, _, err = camctl("discover", https_url(secure).replace("https", "http"), "--file", "-")
    assert code == 1 and "http:// or https://" in err, err
    code, _, err = camctl("discover", https_url(secure), "--file", "-", "--verify")
    assert code == 1 and "certificate that cannot be verified" in err and "--verify" in err
    code, _, err = camctl("discover", "http://no-such-camera.invalid/", "--file", "-")
    assert code == 1 and "looking up no-such-camera.invalid: " in err and "IP address" in err
    code, _, err = camctl("discover", "no-such-camera.invalid", "--file", "-")
    assert code == 1 and "looking up no-such-camera.invalid: " in err and "IP address" in err
