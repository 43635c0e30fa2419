"""serve with viewers that come and go for CAMCTL_SOAK_SECONDS: nothing grows, no camera is lost."""

import os
import pathlib
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from conftest import wait_for

SECONDS = float(os.environ.get("CAMCTL_SOAK_SECONDS", 30))
CAMERAS = 4
VIEWERS = 6
# Until the window (eight target durations of 4 s, and as long again for the delisted segments) and the cache of
# packages have reached their size.
WARM_UP = 75.0
# What may come on top: the allocator's slack over a short run; over a long one 2 % of the whole.
GROWTH_MIB = 8.0


def rss_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


class Viewer(threading.Thread):
    """Watches a random camera for a few seconds, as MPEG-TS or fMP4, then another."""

    def __init__(self, url, stop, seed):
        super().__init__(daemon=True)
        self.url, self.stop, self.random = url, stop, random.Random(seed)
        self.bytes, self.problems = 0, []

    def get(self, url):
        with urllib.request.urlopen(url, timeout=10) as reply:
            body = reply.read()
        self.bytes += len(body)
        return body

    def entries(self, url):
        lines = self.get(url).decode().splitlines()
        return [urllib.parse.urljoin(url, line) for line in lines if line and not line.startswith("#")]

    def watch(self):
        camera = self.random.randrange(CAMERAS)
        playlist = f"{self.url}/hls/stream_{camera}/" + self.random.choice(["playlist.m3u8", "index.m3u8"])
        if playlist.endswith("index.m3u8"):
            playlist = self.entries(playlist)[0]
        seen = set()
        leave = time.monotonic() + self.random.uniform(1, 8)
        while time.monotonic() < leave and not self.stop.is_set():
            for segment in self.entries(playlist)[-2:]:
                if segment not in seen:
                    seen.add(segment)
                    self.get(segment)
            self.stop.wait(0.5)

    def run(self):
        while not self.stop.is_set():
            try:
                self.watch()
            except (urllib.error.URLError, OSError) as error:
                self.problems.append(repr(error))
                self.stop.wait(0.5)


def media_sequence(server, camera):
    for line in server.request(f"/hls/stream_{camera}/playlist.m3u8")[2].decode().splitlines():
        if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
            return int(line.split(":")[1])
    return 0


def test_viewers_come_and_go(simulate, serve):
    cameras = simulate(CAMERAS, "--no-discovery")
    server = serve([{"id": f"stream_{i}", "rtsp_url": cameras.rtsp_url(i)} for i in range(CAMERAS)])
    for i in range(CAMERAS):
        server.wait_status("live", f"stream_{i}")
        wait_for(f"stream_{i}'s playlist", lambda i=i: server.request(f"/hls/stream_{i}/playlist.m3u8")[0] == 200)
    stop = threading.Event()
    viewers = [Viewer(server.url, stop, seed) for seed in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    try:
        stop.wait(WARM_UP)
        pid = server.process.pid
        before = rss_mib(pid)
        files_before, cpu_before, started = descriptors(pid), cpu_seconds(pid), time.monotonic()
        sequences = [media_sequence(server, i) for i in range(CAMERAS)]
        samples = []
        while time.monotonic() - started < SECONDS:
            stop.wait(1)
            samples.append(rss_mib(pid))
        elapsed = time.monotonic() - started
        cpu = cpu_seconds(pid) - cpu_before
        after = sum(samples[-5:]) / len(samples[-5:])
        grown = [media_sequence(server, i) - sequences[i] for i in range(CAMERAS)]
    finally:
        stop.set()
        for viewer in viewers:
            viewer.join(15)
    read = sum(viewer.bytes for viewer in viewers) / 2**20
    print(f"{elapsed:.0f} s: RSS {before:.1f} -> {after:.1f} MiB, {files_before} -> {descriptors(pid)} descriptors, "
          f"CPU {100 * cpu / elapsed:.1f} % of a core, viewers read {read:.0f} MiB, segments {grown}")
    assert not [problem for viewer in viewers for problem in viewer.problems]
    assert all(server.camera(f"stream_{i}")["status"] == "live" for i in range(CAMERAS))
    assert all(number >= elapsed / 2 - 3 for number in grown), "segments of 2 s"
    assert after <= before + max(GROWTH_MIB, 0.02 * before)
    assert descriptors(pid) <= files_before + VIEWERS * 2
