"""serve behind nginx with the configuration that packaging/ has: one origin, a cached edge, low-latency HLS through it."""

import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import urllib.parse

import pytest

import hls_rules
import hls_rules_ll
import venvs
from conftest import free_port, loopback_block, wait_for
from serving import Server

HERE = pathlib.Path(__file__).resolve().parent
CONFIGURATION = HERE.parents[1] / "packaging" / "nginx" / "camctl.conf"
# Debian's, or as script/bootstrap has unpacked it.
NGINX = shutil.which("nginx", path=f"/usr/sbin:{HERE.parents[1]}/build/tools/nginx/usr/sbin")
SECONDS = 6
VIEWERS = 6


class Edge:
    def __init__(self, spawn, folder, origin):
        self.address = loopback_block()
        self.port = free_port(self.address)
        text = CONFIGURATION.read_text()
        for here, there in (("127.0.0.1:8080", f"{origin.address}:{origin.port}"), ("listen 80;", f"listen {self.address}:{self.port};"),
                            ("/var/cache/nginx/camctl", f"{folder}/cache")):
            assert here in text
            text = text.replace(here, there)
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            text = f"{kind}_temp_path {folder}/{kind};\n{text}"
        (folder / "nginx.conf").write_text(
            f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {folder}/nginx.pid; error_log stderr warn; worker_processes 1;\nevents {{}}\n"
            f"http {{ access_log off;\n{text}\n}}\n")
        self.process = spawn(NGINX, "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf")
        wait_for("nginx", self.answers)

    def answers(self):
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def get(self, path):
        connection = http.client.HTTPConnection(self.address, self.port, timeout=30)
        try:
            connection.request("GET", path)
            got = connection.getresponse()
            return got.status, {k.lower(): v for k, v in got.getheaders()}, got.read()
        finally:
            connection.close()


@pytest.fixture
def edge(simulate, spawn, tmp_path):
    if not NGINX:
        pytest.skip("no nginx here")
    (tmp_path / "edge").mkdir(mode=0o755)
    cameras = simulate(1, "--no-discovery")
    origin = Server(spawn, tmp_path, [{"rtsp_url": cameras.rtsp_url()}], ["--access-log", tmp_path / "access.log"])
    origin.wait_status("stream_0", "live")
    return origin, Edge(spawn, tmp_path / "edge", origin)


def watch(edge, seconds):
    """A low-latency player: (media by path, the longest wait for a playlist)"""
    path = "/hls/stream_0/main/media.m3u8"
    media, query, longest, end = {}, "", 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        asked = time.monotonic()
        status, _, body = edge.get(path + query)
        longest = max(longest, time.monotonic() - asked)
        assert status == 200, body
        playlist, _ = hls_rules.check_text(body)
        parts = [part.uri for part in hls_rules_ll.all_parts(playlist)][-1:]
        for uri in [*parts, playlist.low_latency.hints.get("PART"), *[s.uri for s in playlist.segments[-1:]]]:
            if uri and uri not in media:
                status, _, data = edge.get(urllib.parse.urljoin(path, uri))
                if status == 200:  # a hint at a segment's end need not come true
                    media[uri] = data
        query = f"?_HLS_msn={playlist.next_number}&_HLS_part={len(playlist.low_latency.open_parts)}"
    return media, longest


def test_many_viewers_cost_the_origin_one(edge, tmp_path):
    origin, edge = edge
    wait_for("a segment", lambda: b"#EXTINF" in origin.get("/hls/stream_0/main/media.m3u8")[2])
    with concurrent.futures.ThreadPoolExecutor(VIEWERS) as pool:
        seen = [viewer.result() for viewer in [pool.submit(watch, edge, SECONDS) for _ in range(VIEWERS)]]
    together = {}
    for media, longest in seen:
        assert len(media) > SECONDS * 3, "parts come as they are made"
        assert longest < 2, "no playlist was held up"
        for path, data in media.items():
            assert together.setdefault(path, data) == data, path
    # Each is what the server has itself.
    newest = max(path for path in together if "seg" in path)
    assert origin.get(urllib.parse.urljoin("/hls/stream_0/main/media.m3u8", newest))[2] == together[newest]
    status, headers, data = edge.get(urllib.parse.urljoin("/hls/stream_0/main/media.m3u8", newest))
    assert (status, headers["x-cache-status"]) == (200, "HIT") and data == together[newest]

    fetched = collections.Counter(re.findall(r'"GET (\S+) HTTP', (tmp_path / "access.log").read_text()))
    repeated = {path: count for path, count in fetched.items()
                if re.search(r"(part|seg)[\d.]+m4s|_HLS_", path) and count > 1 and not path.endswith(newest)}
    assert not repeated, f"{len(seen)} viewers, and the server was asked for these again"


def test_the_rest_passes(edge, tmp_path):
    origin, edge = edge
    assert edge.get("/api/cameras/0")[0] == 200
    status, headers, page = edge.get("/")
    assert status == 200 and page == origin.get("/")[2]
    python = venvs.python("websockets")
    done = subprocess.run([python, HERE / "websocket_client.py", f"ws://{edge.address}:{edge.port}/api/cameras/0/live", "2", tmp_path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    live = json.loads(done.stdout)
    assert live["media"] > 20 and live["first_media"] < 2
