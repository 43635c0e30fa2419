"""Programs killed in the middle of their work, over and over for CAMCTL_SOAK_SECONDS: all goes on by itself."""

import os
import re
import signal
import subprocess
import time

from conftest import program, require, wait_for

SECONDS = float(os.environ.get("CAMCTL_SOAK_SECONDS", 30))


def last_segment(server, camera="stream_0"):
    """Number of the newest segment; -1 where there is none."""
    status, _, body = server.request(f"/hls/{camera}/playlist.m3u8")
    numbers = re.findall(r"^playlist(\d+)\.ts$", body.decode(), re.MULTILINE) if status == 200 else []
    return int(numbers[-1]) if numbers else -1


def test_camera_killed(simulate, serve):
    """The camera vanishes without a word and returns: segments go on, numbers never go back."""
    cameras = simulate(1, "--no-discovery")
    server = serve([{"id": "stream_0", "rtsp_url": cameras.rtsp_url()}])
    newest, rounds, end = 0, 0, time.monotonic() + SECONDS / 3
    while rounds == 0 or time.monotonic() < end:
        wait_for("a new segment", lambda newest=newest: last_segment(server) > newest, 30)
        cameras.process.stop(signal.SIGKILL)
        server.wait_status("offline", timeout=30)
        newest = last_segment(server)
        assert newest >= 0, "the window stays while the camera is away"
        cameras = simulate(1, "--no-discovery", address=cameras.addresses[0])
        rounds += 1
        server.wait_status("live", timeout=30)
        assert last_segment(server) >= newest
    print(f"{rounds} times")


def test_server_killed(simulate, serve, tmp_path):
    """serve is killed: its file of cameras stays whole, and it starts again on the same."""
    cameras = simulate(1, "--no-discovery")
    records = [{"id": "stream_0", "name": "Door", "rtsp_url": cameras.rtsp_url()}]
    rounds, end = 0, time.monotonic() + SECONDS / 3
    while rounds == 0 or time.monotonic() < end:
        server = serve(records)
        server.wait_status("live", timeout=30)
        wait_for("a segment", lambda server=server: last_segment(server) >= 0, 30)
        server.process.stop(signal.SIGKILL)
        rounds += 1
    print(f"{rounds} times")


def test_stream_killed(simulate, spawn, tmp_path):
    """stream is killed while it writes: the folder's playlist names only whole segments."""
    require("ffprobe")
    cameras = simulate(1, "--no-discovery")
    rounds, end = 0, time.monotonic() + SECONDS / 3
    while rounds == 0 or time.monotonic() < end:
        folder = tmp_path / f"hls-{rounds}"
        stream = spawn(program("camctl-stream"), cameras.rtsp_url(), "-o", folder)
        wait_for("a playlist of two segments", lambda folder=folder: len(list(folder.glob("*.ts"))) >= 2, 30)
        time.sleep(0.3 * (rounds % 5))  # at another point of the segment each time
        stream.stop(signal.SIGKILL)
        rounds += 1
        listed = []
        for playlist in folder.glob("*.m3u8"):
            listed += [line for line in playlist.read_text().splitlines() if line.endswith(".ts")]
        assert listed
        for name in listed:
            probed = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
                                     folder / name], capture_output=True, text=True, timeout=30)
            assert "h264" in probed.stdout and not probed.stderr, (name, probed)
    print(f"{rounds} times")
