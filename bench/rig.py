"""What the measuring scripts of this folder share: programs on a loopback network of their own, and what they cost."""

import argparse
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
NAME = pathlib.Path(sys.argv[0]).name
PORT = 8080


def arguments(text):
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=os.environ.get("CAMCTL_BIN_DIR", ROOT / "build/release/bin"))
    return parser


def cpu(pid):
    """Seconds of CPU of all threads of a process, by the kernel's own clock of it (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)


def memory(pid, field="RssAnon"):
    """Bytes of a process's memory that no file backs."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def until(what, condition, seconds=60, step=0.05):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"{NAME}: waited {seconds} s for {what}")
        time.sleep(step)
    return result


def await_listener(host, port):
    def answers():
        try:
            socket.create_connection((host, port)).close()
            return True
        except OSError:
            return False
    until(f"a server on {host}:{port}", answers, step=0.01)


def load():
    return f"load {os.getloadavg()[0]:.1f}"


class Rig(contextlib.ExitStack):
    """Programs that end with it, a folder that goes with it, and a network 127.a.b.0/24 that no other run has."""

    def __init__(self, options):
        super().__init__()
        self.bin = pathlib.Path(options.bin)
        self.network = f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 256}"
        self.host = f"{self.network}.1"
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="camctl-bench-")))

    def spawn(self, *command, **settings):
        process = subprocess.Popen([str(word) for word in command], **settings)
        self.callback(process.wait)
        self.callback(process.terminate)
        return process

    def simulate(self, count=1, *extra):
        """Virtual cameras; their records (rtsp_url and so on)."""
        path = self.folder / "simulate.jsonl"
        with open(path, "w", encoding="utf-8") as out:
            self.simulate_process = self.spawn(
                self.bin / "camctl-simulate", "--count", count, "--address", f"{self.network}.2", "--no-discovery", "-o", "jsonl",
                *extra, stdout=out, stderr=subprocess.DEVNULL)
        until("the virtual cameras", lambda: path.read_text().count("\n") >= count)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def serve(self, cameras, *extra, config=""):
        """`camctl serve` with these records, on self.host."""
        (self.folder / "cameras.json").write_text(json.dumps([{"rtsp_url": one["rtsp_url"]} for one in cameras]))
        (self.folder / "camctl.yaml").write_text(config)
        process = self.spawn(self.bin / "camctl-serve", "-q", "--config", self.folder / "camctl.yaml", "--listen",
                             f"{self.host}:{PORT}", "--transport", "tcp", *extra, self.folder / "cameras.json")
        await_listener(self.host, PORT)
        return process
