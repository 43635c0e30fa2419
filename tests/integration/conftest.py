"""What integration tests share: finding the programs, starting and ending them, waiting for events.

Tests run beside each other and beside a user's own camctl: addresses and ports come from here.
"""

import ctypes
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN_DIR = pathlib.Path(os.environ.get("CAMCTL_BIN_DIR", ROOT / "build" / "release" / "bin"))
ARTIFACTS = pathlib.Path(os.environ.get("CAMCTL_ARTIFACTS", ROOT / "build" / "artifacts"))
SKIPPED_EXIT_CODE = 77  # ctest's SKIP_RETURN_CODE: no test of the file could run here

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # for `import venvs` and other helpers


def pytest_addoption(parser):
    parser.addoption("--part", metavar="K/N", help="of the tests only each Nth, from the Kth on (from 1)")


def pytest_collection_modifyitems(config, items):
    if part := config.getoption("--part"):
        first, step = map(int, part.split("/"))
        items[:] = items[first - 1::step]


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    ran = sum(len(reporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error", "xfailed"))
    if exitstatus == pytest.ExitCode.OK and ran == 0 and reporter.stats.get("skipped"):
        session.exitstatus = SKIPPED_EXIT_CODE


def program(name):
    """Path of a built program ("camctl", "camctl-serve", ...). Skips where it was not built."""
    path = BIN_DIR / name
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return str(path)


def require(*commands):
    """Skips the test, saying so, where one of these commands is not installed."""
    for command in commands:
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")


def wait_for(what, condition, timeout=20.0, interval=0.05):
    """The first true value of condition(); fails, naming `what`, after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout:g} s for {what}")
        time.sleep(interval)


def free_port(address="127.0.0.1", kind=socket.SOCK_STREAM):
    """A port that nobody listens on at `address`."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


_blocks = itertools.count()


def loopback_block():
    """The first of a block of 16 loopback addresses that no other running test uses, e.g. 127.83.12.16."""
    index = next(_blocks)
    pid = os.getpid()
    return f"127.{64 + (pid >> 8 & 127)}.{pid & 255}.{index % 15 * 16 + 1}"


def listening(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def _die_with_parent():
    """In the child: a test that is killed leaves no program behind (Linux)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """A started program; its stderr is in a file that `log()` reads."""

    def __init__(self, args, folder, stdin=None, stdout=None, env=None, name=None):
        self.args = [str(arg) for arg in args]
        self.log_path = pathlib.Path(folder) / f"{name or pathlib.Path(self.args[0]).name}-{next(_blocks)}.log"
        with open(self.log_path, "wb") as log:
            self.popen = subprocess.Popen(
                self.args, stdin=stdin or subprocess.DEVNULL, stdout=stdout or log, stderr=log,
                env={**os.environ, **(env or {})}, preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def alive(self):
        return self.popen.poll() is None

    def wait_log(self, text, timeout=20.0):
        """Waits until the program has written `text`; fails at once when it ends before."""
        def look():
            if text in self.log():
                return True
            if not self.alive():
                pytest.fail(f"{self.args[0]} ended with {self.popen.returncode}:\n{self.log()}")
            return False
        wait_for(f"{text!r} from {self.args[0]}", look, timeout)

    def stop(self, sig=signal.SIGTERM, timeout=10.0):
        """Ends the program; returns its exit code. A program that does not end in time fails the test."""
        if self.alive():
            self.popen.send_signal(sig)
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
                pytest.fail(f"{self.args[0]} did not end {timeout:g} s after {signal.Signals(sig).name}")
        return self.popen.returncode


@pytest.fixture
def spawn(tmp_path, request):
    """spawn(args, ...) starts a Process that ends with the test; its log is shown where the test fails."""
    processes = []

    def start(*args, **options):
        process = Process(args, tmp_path, **options)
        processes.append(process)
        return process

    yield start
    failures = []
    for process in reversed(processes):
        try:
            process.stop()
        except pytest.fail.Exception as failure:
            failures.append(str(failure))
        print(f"--- {' '.join(process.args)} -> {process.popen.returncode}\n{process.log()[-8000:]}")
    assert not failures, failures


class Simulator:
    """Running virtual cameras: `addresses`, and the ports they listen on."""

    def __init__(self, process, addresses, onvif_port, rtsp_port):
        self.process, self.addresses = process, addresses
        self.onvif_port, self.rtsp_port = onvif_port, rtsp_port

    def rtsp_url(self, index=0, channel=0, credentials="", scheme="rtsp"):
        return f"{scheme}://{credentials}{self.addresses[index]}:{self.rtsp_port}/live/channel{channel}"


@pytest.fixture
def simulate(spawn):
    """simulate(count, *flags) starts virtual cameras on loopback addresses of their own, and waits for them."""

    def start(count=1, *flags, address=None, env=None):
        first = address or loopback_block()
        head, _, last = first.rpartition(".")
        addresses = [f"{head}.{int(last) + i}" for i in range(count)]
        process = spawn(program("camctl-simulate"), "--count", count, "--address", first, *flags, env=env)
        cameras = Simulator(process, addresses, 8000, 5543)

        def ready():
            if not process.alive():
                pytest.fail(f"simulate ended with {process.popen.returncode}:\n{process.log()}")
            return addresses[-1] in process.log()  # records are printed when all of them listen

        wait_for("the virtual cameras", ready, 180)  # the first time, pictures are encoded: 10 s of CPU for H.265
        return cameras

    return start


class Server:
    """A running `camctl serve`."""

    def __init__(self, process, port):
        self.process, self.port = process, port
        self.url = f"http://127.0.0.1:{port}"

    def request(self, path, method="GET", headers=None, timeout=10, body=None):
        """(status, headers, body) of a request; an HTTP error is an answer, too."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def json(self, path):
        status, _, body = self.request(path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def camera(self, camera_id="stream_0"):
        return self.json(f"/api/cameras/{camera_id}")

    def wait_status(self, status="live", camera_id="stream_0", timeout=20.0):
        """Waits until the camera has this status; returns its API record."""
        def look():
            record = self.camera(camera_id)
            return record if record.get("status") == status else None
        return wait_for(f"{camera_id} to be {status}", look, timeout)


@pytest.fixture
def serve(spawn, tmp_path):
    """serve(cameras, *flags) starts the server on a free port; `cameras` is a list, or a file's path."""

    def start(cameras, *flags, env=None):
        if isinstance(cameras, list):
            path = tmp_path / f"cameras-{next(_blocks)}.json"
            path.write_text(json.dumps(cameras))
            cameras = path
        port = free_port()
        process = spawn(program("camctl-serve"), "--cameras", cameras, "--listen", f"127.0.0.1:{port}", *flags,
                        env=env)
        server = Server(process, port)

        def ready():
            if not process.alive():
                pytest.fail(f"serve ended with {process.popen.returncode}:\n{process.log()}")
            return listening("127.0.0.1", port)

        wait_for("serve to listen", ready)
        return server

    return start


@pytest.fixture
def artifacts():
    """A folder that outlives the test run: build/artifacts."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    return ARTIFACTS
