"""Players that others wrote play steady streams of `camctl serve`: classic and low-latency, H.264 and H.265."""

import json
import os
import re
import shutil
import subprocess

import pytest

from conftest import require, wait_for

SECONDS = 8
FRAMES = SECONDS * 25
CAMERAS = {"stream_0": ["--no-discovery"], "stream_1": ["--no-discovery", "--codec", "h265", "--audio", "g711"]}
PATHS = [f"/hls/{id}/{name}" for id in CAMERAS for name in ("playlist.m3u8", "index.m3u8")]


@pytest.fixture
def server(simulate, serve):
    running = serve([{"rtsp_url": simulate(1, *flags).rtsp_url()} for flags in CAMERAS.values()])
    for id in CAMERAS:
        running.wait_status("live", id)
        # GStreamer's hlsdemux2 stands still in a playlist that is shorter than three target durations.
        wait_for("a playlist of usual length", lambda: length_of(running, f"/hls/{id}/playlist.m3u8") >= 12, 40)
    return running


def length_of(server, path):
    status, _, body = server.request(path, timeout=20)
    assert status == 200, path
    return sum(float(seconds) for seconds in re.findall(r"^#EXTINF:([\d.]+)", body.decode(), re.M))


def start_all(server, command):
    """Runs command(url, number) for each playlist at once; (path, its number, exit code, what it said)."""
    running = [subprocess.Popen(command(server.url + path, i), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
               for i, path in enumerate(PATHS)]
    try:
        for i, (path, process) in enumerate(zip(PATHS, running)):
            said, _ = process.communicate(timeout=90)
            yield path, i, process.returncode, said
    finally:
        for process in running:
            process.kill()
            process.wait()


def frames(target, kind="v"):
    """Times of the frames that `target` holds."""
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", f"{kind}:0", "-show_entries", "packet=pts_time", "-of",
                           "json", target], capture_output=True, text=True, check=False)
    packets = json.loads(done.stdout or "{}").get("packets", [])
    return sorted(float(packet["pts_time"]) for packet in packets if "pts_time" in packet)


def test_ffmpeg(server, tmp_path):
    require("ffmpeg", "ffprobe")
    for path, i, code, said in start_all(server, lambda url, i: [
            "ffmpeg", "-v", "error", "-xerror", "-i", url, "-t", str(SECONDS), "-c", "copy", tmp_path / f"{i}.mp4"]):
        assert code == 0 and not said.strip(), (path, said)
        times = frames(tmp_path / f"{i}.mp4")
        # Of the time from the first sound, which may be before the first picture.
        assert len(times) >= FRAMES - 25 * times[0] - 2 and max(b - a for a, b in zip(times, times[1:])) < 0.05, path
        assert frames(tmp_path / f"{i}.mp4", "a"), path


def test_gstreamer(server):
    require("gst-launch-1.0")
    # A sink ends the stream when it has shown so many.
    for path, _, code, said in start_all(server, lambda url, i: [
            "gst-launch-1.0", "-q", "playbin3", f"uri={url}", f"video-sink=fakesink sync=true num-buffers={FRAMES}",
            "audio-sink=fakesink sync=true num-buffers=50"]):
        assert code == 0 and "ERROR" not in said, (path, said)


def test_vlc(server, tmp_path):
    require("cvlc", "ffprobe")
    user = []
    if os.geteuid() == 0:  # VLC does not run as root
        if not shutil.which("setpriv"):
            pytest.skip("running as root, and there is no setpriv")
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    home = tmp_path / "vlc"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)  # pytest's folders are the owner's alone
    for path, i, code, said in start_all(server, lambda url, i: [
            *user, "env", f"HOME={home}", "cvlc", "-q", "--no-metadata-network-access", "--run-time", str(SECONDS + 4), "--sout",
            f"#std{{access=file,mux=ts,dst={home}/{i}.ts}}", url, "vlc://quit"]):
        assert code == 0, (path, said)
        times = frames(home / f"{i}.ts")
        assert len(times) >= FRAMES / 2, (path, len(times), said)
        assert max(b - a for a, b in zip(times, times[1:])) < 0.2, path
        assert frames(home / f"{i}.ts", "a"), path
