"""camctl events against virtual cameras, and against a device that writes down what it is asked."""

import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest

import bad_device
from conftest import loopback_block, program, wait_for

ADMIN = {"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "admin"}


def environment(tmp_path, env=None):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
    return {**clean, "XDG_CONFIG_HOME": str(tmp_path), **(env or {})}


@pytest.fixture
def run(tmp_path):
    """run(program, *args) -> CompletedProcess; in a folder of its own."""

    def start(name, *args, env=None, timeout=60):
        return subprocess.run([program(f"camctl-{name}"), *map(str, args)], text=True, cwd=tmp_path,
                              env=environment(tmp_path, env), timeout=timeout, capture_output=True,
                              stdin=subprocess.DEVNULL)

    return start


def records(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def onvif(cameras, index=0):
    return f"http://{cameras.addresses[index]}:{cameras.onvif_port}/onvif/device_service"


def check_motion(events):
    """One camera's events: how it is, then each change."""
    assert [event["operation"] for event in events] == ["initialized"] + ["changed"] * (len(events) - 1)
    states = [event["state"] for event in events]
    assert states == [state ^ (i % 2 == 1) for i, state in enumerate([states[0]] * len(states))]
    for event in events:
        assert event["topic"] == "VideoSource/MotionAlarm"
        assert event["source"] == {"Source": "VideoSource_1"}
        assert event["data"] == {"State": "true" if event["state"] else "false"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])


def test_motion_of_one_camera_by_its_address(simulate, run):
    cameras = simulate(1, "--no-discovery")
    check_motion(records(run("events", onvif(cameras), "--count", 3)))


def test_every_camera_with_another_scheme(simulate, run):
    cameras = simulate(3, "--auth", "wsse,digest,both", "--digest-algorithm", "md5,sha-256", "--no-discovery")
    targets = [f"{address}:{cameras.onvif_port}" for address in cameras.addresses]
    assert run("discover", *targets, env=ADMIN).returncode == 0
    events = records(run("events", "--all", "--count", 6, env=ADMIN))
    assert {event["camera"] for event in events} == {"stream_0", "stream_1", "stream_2"}
    for camera in ("stream_0", "stream_1", "stream_2"):
        check_motion([event for event in events if event["camera"] == camera])
    table = run("events", "stream_1", "--count", 1, "-o", "table", env=ADMIN)
    assert table.stdout.splitlines()[0].split() == ["TIME", "CAMERA", "TOPIC", "OPERATION", "DATA", "SOURCE"]
    assert "State=" in table.stdout.splitlines()[1]


@pytest.mark.parametrize("quirks", ["86", "87", "88", "89", "90", "91", "92", "35", "36", "37", "86,87,88,90,91"])
def test_quirks(simulate, run, quirks):
    """Each alone: with it a plain client fails, or hears nothing, or hears it once."""
    cameras = simulate(1, "--malformed", quirks, "--no-discovery")
    check_motion(records(run("events", onvif(cameras), "--count", 2)))


def test_topic_and_duration(simulate, run):
    cameras = simulate(1, "--no-discovery")
    assert records(run("events", onvif(cameras), "--topic", "Tamper", "--duration", "1s")) == []
    assert len(records(run("events", onvif(cameras), "--topic", "Motion", "--duration", "1s"))) == 1


def test_a_camera_that_goes_away_is_heard_again(simulate, spawn):
    address = loopback_block()
    cameras = simulate(1, "--no-discovery", address=address)
    listener = spawn(program("camctl-events"), onvif(cameras))
    listener.wait_log('"initialized"')
    cameras.process.stop()
    listener.wait_log("trying again")
    simulate(1, "--no-discovery", address=address)
    wait_for("events again", lambda: listener.log().count('"initialized"') == 2, 40)
    assert listener.stop(signal.SIGINT) == 0


def test_refused_credentials_end_it_with_one_attempt(simulate, run):
    cameras = simulate(1, "--auth", "digest", "--no-discovery")
    done = run("events", onvif(cameras), env={"CAMCTL_USER": "admin", "CAMCTL_PASSWORD": "wrong"})
    assert (done.returncode, done.stdout) == (4, "")
    assert len(done.stderr.splitlines()) == 1 and "refuses the credentials" in done.stderr
    assert "wrong" not in done.stderr
    assert run("events", onvif(cameras)).returncode == 4


def test_usage(run, tmp_path):
    assert run("events").returncode == 2
    assert run("events", "stream_0", "--all").returncode == 2
    missing = run("events", "stream_0")
    assert missing.returncode == 2 and "cameras.json" in missing.stderr
    (tmp_path / "cameras.json").write_text("[]")
    assert run("events", "stream_0").returncode == 3
    assert run("events", "--all").returncode == 3


# ---- A device that writes down what it is asked

NS = ('xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" '
      'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa="http://www.w3.org/2005/08/addressing"')
TIMES = ("<{0}:CurrentTime>2026-01-01T00:00:00Z</{0}:CurrentTime>"
         "<{0}:TerminationTime>2026-01-01T00:00:0{1}Z</{0}:TerminationTime>")


def envelope(body):
    return f"<s:Envelope {NS}><s:Body>{body}</s:Body></s:Envelope>".encode()


class Scripted:
    """Pull points of a device whose subscriptions last five seconds, of which no pull makes more."""

    def __init__(self):
        self.operations = []
        self.lock = threading.Lock()

    def answer(self, device, request):
        if b"GetSystemDateAndTime" in request:
            return bad_device.reply(bad_device.DATE)
        for operation in ("CreatePullPointSubscription", "PullMessages", "Renew", "Unsubscribe"):
            if b":" + operation.encode() not in request.partition(b"Body>")[2]:
                continue
            with self.lock:
                self.operations.append((time.monotonic(), operation, request))
            if operation == "CreatePullPointSubscription":
                return bad_device.reply(envelope(
                    f"<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>http://10.9.8.7/sub"
                    f"</wsa:Address></tev:SubscriptionReference>{TIMES.format('wsnt', 5)}"
                    f"</tev:CreatePullPointSubscriptionResponse>"))
            if operation == "PullMessages":
                timeout = int(re.search(rb"Timeout>PT(\d+)S<", request)[1])
                device.wait(min(timeout, 0.5))
                return bad_device.reply(envelope(
                    f"<tev:PullMessagesResponse>{TIMES.format('tev', 1)}</tev:PullMessagesResponse>"))
            if operation == "Renew":
                return bad_device.reply(envelope(f"<wsnt:RenewResponse>{TIMES.format('wsnt', 5)}</wsnt:RenewResponse>"))
            return bad_device.reply(envelope("<wsnt:UnsubscribeResponse/>"))
        return bad_device.reply(b"", "404 Not Found")

    def __call__(self, device, connection, _):
        while request := bad_device.read_request(connection):
            connection.sendall(self.answer(device, request))

    def count(self, operation):
        with self.lock:
            return sum(1 for _, name, _ in self.operations if name == operation)


def test_renewed_in_time_and_unsubscribed_at_the_end(spawn):
    script = Scripted()
    device = bad_device.Device(script)
    listener = spawn(program("camctl-events"), f"http://{device.address}/onvif/device_service")
    wait_for("a renewal", lambda: script.count("Renew") >= 1, 30)
    began = time.monotonic()
    assert listener.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 2
    wait_for("the end of the subscription", lambda: script.count("Unsubscribe") == 1, 2)
    device.close()
    created = next(moment for moment, name, _ in script.operations if name == "CreatePullPointSubscription")
    renewed = next(moment for moment, name, _ in script.operations if name == "Renew")
    assert 3.5 < renewed - created < 5, "at 80 % of five seconds"
    assert script.count("CreatePullPointSubscription") == 1
    for _, name, request in script.operations:
        assert request.count(b"addressing") > 0 and b"urn:uuid:" in request, name
        if name != "CreatePullPointSubscription":  # quirk 88: asked where it was reached, named as it names itself
            assert b"POST /sub HTTP/1.1" in request and b">http://10.9.8.7/sub<" in request, name
