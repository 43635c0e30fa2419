"""Live playlists of a running server, read for CAMCTL_SOAK_SECONDS (30) and checked rule by rule.

Run by script/test, stage validate. Three steady cameras of different kinds, one for each
fault that cameras have (sessions cut, clocks that leap by an hour, silence of ten seconds, one packet in a hundred
lost, another size, codec and frame rate behind each reboot), and one of two variants whose sessions are cut. Their playlists must keep the rules all
the same, classic and low-latency ones, and new media must come again in time.
"""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import threading
import time

import pytest

import hls_rules
import hls_validate

SECONDS = float(os.environ.get("CAMCTL_SOAK_SECONDS", "30"))
WATCHDOG = 3.0   # libhls/stream.cc, kSilence
SLACK = 4.0      # what a machine under load adds
SILENCE = 10.0
FAULTS = {  # camera -> name, flags of simulate, how long no media may come; None: chance decides
    "stream_3": ("cut", ["--drop-every", "10"], 0.0),
    "stream_4": ("leaping", ["--timestamp-jump", "10"], 0.0),
    "stream_5": ("silent", ["--stall-every", "20", "--stall-for", str(SILENCE)], SILENCE),
    "stream_6": ("losing", ["--loss", "1"], None),
    "stream_7": ("changing", [], None),  # see reboot_as()
    "stream_8": ("adaptive", ["--drop-every", "10"], 0.0),
}
# A classic playlist does not tell of an outage: older players would ask for what EXT-X-GAP says is not there. Its next
# version comes when the camera does.
AWAY = {"stream_3", "stream_5", "stream_7", "stream_8"}


def camera(url, name):
    return {"ip": url.split("/")[2].split(":")[0], "port": 8000, "rtsp_url": url, "profile_name": name}


def adaptive(cameras):
    """A camera whose sub stream is a variant beside its main stream."""
    profiles = [{"token": f"p{n}", "name": f"p{n}", "rtsp_url": cameras.rtsp_url(channel=n),
                 "video": {"codec": "h264", "width": width, "height": height, "fps": 25, "bitrate_kbps": 2000, "gop": 50}}
                for n, (width, height) in enumerate(((1920, 1080), (640, 360)))]
    return {**camera(cameras.rtsp_url(), "adaptive"), "profiles": profiles}


class Edge(threading.Thread):
    """Watches a low-latency playlist: its EXT-X-MAPs, and the longest time without new media."""

    def __init__(self, url, until):
        super().__init__(daemon=True)
        self.url, self.until, self.longest, self.maps = url, until, 0.0, set()
        self.start()

    def run(self):
        newest, since = None, time.monotonic()
        while (now := time.monotonic()) < self.until:
            got = hls_validate.fetch(self.url)
            playlist, _ = hls_rules.check_text(got.body) if got.status == 200 else (None, None)
            if playlist:
                self.maps.update(s.map_uri for s in playlist.segments if s.map_uri)
                media = [s.number for s in playlist.segments if not s.gap]
                at = (media[-1:], len(playlist.low_latency.open_parts))
                if at != newest:
                    newest, since = at, now
            self.longest = max(self.longest, now - since)
            time.sleep(0.2)


def film(folder, rate):
    """Another picture than simulate's own."""
    path = folder / f"film-{rate}.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size=640x480:rate={rate}", "-t", "4", "-c:v",
                    "libx264", "-preset", "ultrafast", "-bf", "0", "-g", str(2 * rate), "-pix_fmt", "yuv420p", path], check=True)
    return path


def reboot_as(simulate, server, id, before, *flags):
    """The camera comes back as another one at the same address."""
    before.process.stop()
    after = simulate(1, *flags, address=before.addresses[0])
    back = time.monotonic()
    server.wait_status("live", id, timeout=30)
    assert time.monotonic() - back < WATCHDOG + 1 + SLACK
    return after


def test_playlists_keep_the_rules(simulate, serve, artifacts, tmp_path):
    if not shutil.which("ffmpeg"):
        pytest.skip("no ffmpeg here")
    steady = [simulate(1), simulate(1, "--codec", "h265", "--audio", "g711"), simulate(1, "--audio", "none")]
    faulty = {id: simulate(1, *flags) for id, (_, flags, _) in FAULTS.items()}
    cameras = [camera(s.rtsp_url(), f"camera {i}") for i, s in enumerate([*steady, *faulty.values()])]
    cameras[-1] = adaptive(faulty["stream_8"])
    # One tier, small; encoding 1080p as well is not what is looked at here.
    config = tmp_path / "soak.yaml"
    config.write_text("h264_fallback: false\nmax_transcodes: 1\nstreams: {stream_0: {tiers: 240:200k}}\n")
    server = serve(cameras, "--config", config)
    urls = []
    for i in range(len(cameras)):
        server.wait_status("live", f"stream_{i}", timeout=30)
        urls += [f"{server.url}/hls/stream_{i}/{name}" for name in ("playlist.m3u8", "index.m3u8")]
    for url in urls:
        wait = server.request(url[len(server.url):])
        assert wait[0] == 200, (url, wait)

    # In threads: a program ends with the thread that has started it, and the camera below starts here.
    edges = {id: Edge(f"{server.url}/hls/{id}/main/media.m3u8", time.monotonic() + SECONDS) for id in FAULTS}
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        watching = pool.submit(hls_validate.validate, urls, SECONDS)
        reboots = [["--video", film(tmp_path, 12)], ["--codec", "h265"], ["--video", film(tmp_path, 5)]]
        changing, begin = faulty["stream_7"], time.monotonic()
        for i, flags in enumerate(reboots):
            time.sleep(max(0.0, begin + SECONDS * i / len(reboots) - time.monotonic()))
            changing = reboot_as(simulate, server, "stream_7", changing, *flags)
        findings, playlists = watching.result()

    report = [f"{url}: {finding}" for url, finding in findings]
    (artifacts / "playlist-findings.json").write_text(json.dumps(report, indent=1))
    assert len([one for one in playlists if one.parent and "/stream_8/" in one.url]) == 2, "main and sub"
    for playlist in playlists:
        ll = playlist.low_latency
        print(f"{playlist.url}: {playlist.versions} versions, {playlist.segments} segments, {ll.checked} compared with "
              f"their parts, {ll.hinted} hints followed")
        if "/main/" in playlist.url and "/stream_7/" not in playlist.url:  # which has parts for some of its rates
            assert ll.checked >= SECONDS / 15 and ll.hinted >= SECONDS / 15, playlist.url
        assert playlist.versions >= SECONDS / 10, playlist.url
    for id, (name, _, outage) in FAULTS.items():
        print(f"{name}: no new media for {edges[id].longest:.1f} s at most")
        if outage is not None:
            assert edges[id].longest < outage + WATCHDOG + 1 + SLACK, name
    for name in ("playlist.m3u8", "main/media.m3u8"):
        for id in FAULTS:
            text = server.request(f"/hls/{id}/{name}")[2].decode()
            assert re.search(r"#EXT-X-DISCONTINUITY\n|#EXT-X-DISCONTINUITY-SEQUENCE:[1-9]", text), (id, name)
    assert len(edges["stream_7"].maps) >= len(reboots), edges["stream_7"].maps  # each size and codec has its own
    assert server.camera("stream_6")["losses"] > 0
    excused = [finding for url, finding in findings
               if finding.rule == "in-time" and url.endswith("playlist.m3u8") and url.split("/")[4] in AWAY]
    assert not [f"{url}: {finding}" for url, finding in findings if finding not in excused]
