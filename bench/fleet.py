"""`camctl serve` on many virtual cameras: what the scripts that measure it beside nobody or few viewers share."""

import contextlib
import json
import sys
import time
import urllib.request

import rig

FPS = 25  # of the virtual cameras


def arguments(text, cameras):
    parser = rig.arguments(text)
    parser.add_argument("--cameras", type=int, default=cameras)
    parser.add_argument("--codec", choices=["h264", "h265"], default="h264", help="of the virtual cameras")
    parser.add_argument("--audio", choices=["aac", "g711", "none"], default="aac", help="of the virtual cameras")
    return parser


class Fleet:
    """All cameras are live once it is made."""

    def __init__(self, stage, options):
        self.host = stage.host
        records = stage.simulate(options.cameras, "--codec", options.codec, "--audio", options.audio)
        self.simulate = stage.simulate_process
        self.serve = stage.serve(records)
        rig.until("live cameras", lambda: all(camera["status"] == "live" for camera in self.cameras()), 120, 0.5)

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.host}:{rig.PORT}{path}", timeout=30) as answer:
            return answer.read()

    def cameras(self):
        return json.loads(self.get("/api/cameras"))

    def window_bytes(self):
        return sum(camera["window_bytes"] for camera in self.cameras())

    def fill_windows(self):
        """Until they grow no more: segments are dropped as fast as they come."""
        before, now = 0, 0
        while now == 0 or now > before * 1.02:
            time.sleep(10)
            before, now = now, self.window_bytes()


class Verdict(contextlib.AbstractContextManager):
    """Prints what is held and what is not; at its end the exit code says whether all is."""

    failed = False

    def check(self, held, text):
        self.failed = self.failed or not held
        print(f"{'ok    ' if held else 'FAILED'} {text}", flush=True)

    def __exit__(self, kind, *rest):
        if kind is None and self.failed:
            sys.exit(1)
