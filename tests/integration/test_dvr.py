"""`camctl serve --dvr`: going back further than memory reaches, with the old segments on disk."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

import hls_validate
from conftest import program, require, wait_for
from serving import Server

MEDIA = "/hls/stream_0/main/media.m3u8"
CLASSIC = "/hls/stream_0/playlist.m3u8"
# At 2 Mbit/s: 12 s stay in memory (whose parts are listed), and 30 s are listed.
FLAGS = ["--dvr", "30s", "--dvr-memory", "1M", "--segment-duration", "1s"]


def spooled(server):
    """Bytes of the nameless files that the server has open."""
    total = 0
    for link in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            if "(deleted)" in os.readlink(link):
                total += link.stat().st_size
        except FileNotFoundError:
            pass
    return total


def listed_seconds(server, path=MEDIA):
    status, _, body = server.get(path)
    assert status == 200, body
    return sum(float(length) for length in re.findall(r"#EXTINF:([\d.]+)", body.decode()))


def fetch_all(server, path):
    """Everything that a playlist lists now, by name."""
    folder = path.rpartition("/")[0]
    media = {}
    for name in server.segments(path):
        status, headers, body = server.get(f"{folder}/{name}")
        assert status == 200, (name, body)
        assert headers["cache-control"] == "public, max-age=3600, immutable"
        media[name] = body
    return media


def decoded_seconds(data, tmp_path):
    require("ffprobe")
    path = tmp_path / "media"
    path.write_bytes(data)
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries",
                           "stream=nb_read_packets,codec_name", "-of", "csv=p=0", path], capture_output=True, text=True, check=True)
    assert not done.stderr, done.stderr
    codec, packets = done.stdout.split()[0].split(",")  # of MPEG-TS once more for its programme
    assert codec == "h264"
    return int(packets) / 25


@pytest.fixture
def camera(simulate):
    return simulate(1)


def test_old_segments_come_from_disk_in_both_formats(spawn, tmp_path, camera):
    folder = tmp_path / "dvr"
    server = Server(spawn, tmp_path, [{"rtsp_url": camera.rtsp_url()}], [*FLAGS, "--dvr-dir", folder])
    wait_for("the first segments", lambda: listed_seconds(server) >= 6, 30)
    first = {path: fetch_all(server, path) for path in (MEDIA, CLASSIC)}
    wait_for("a full window", lambda: listed_seconds(server) >= 28, 60)
    assert listed_seconds(server, CLASSIC) >= 26
    assert spooled(server) > 2_000_000
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(folder.iterdir())  # nothing to clean up after a crash

    # What was fetched when it was new has the same bytes now.
    for path, media in first.items():
        again = fetch_all(server, path)
        common = media.keys() & again.keys()
        assert len(common) >= 3
        assert all(media[name] == again[name] for name in common)

    # The whole window decodes, in both formats.
    listed = listed_seconds(server, CLASSIC)
    assert decoded_seconds(b"".join(fetch_all(server, CLASSIC).values()), tmp_path) == pytest.approx(listed, abs=3)
    init = re.search(r'MAP:URI="([^"]+)"', server.get(MEDIA)[2].decode()).group(1)
    whole = server.get(f"/hls/stream_0/main/{init}")[2] + b"".join(fetch_all(server, MEDIA).values())
    assert decoded_seconds(whole, tmp_path) == pytest.approx(listed, abs=3)

    # Parts are listed near the live edge alone; those of an old segment can be had still.
    text = server.get(MEDIA)[2].decode()
    assert "#EXT-X-PART:" not in text[:text.index("#EXTINF")]
    oldest = int(re.search(r"seg(\d+)\.m4s", text).group(1)) + 3
    assert server.get(f"/hls/stream_0/main/part{oldest}.0.m4s")[0] == 200
    assert server.get(f"/hls/stream_0/main/part{oldest}.99.m4s")[0] == 404

    # Players start at the live edge as ever, and delta updates leave the past out.
    assert "HOLD-BACK=12," in text
    delta = server.get(MEDIA + "?_HLS_skip=YES")[2].decode()
    assert "#EXT-X-SKIP:" in delta and len(delta) < len(text)

    findings, playlists = hls_validate.validate(
        [f"http://{server.address}:{server.port}{path}" for path in (MEDIA, CLASSIC)], 12)
    assert not findings
    assert all(playlist.segments > 15 for playlist in playlists)
    assert server.process.stop() == 0


def test_a_disk_in_trouble_shortens_the_window_and_nothing_else(spawn, tmp_path, camera):
    folder = tmp_path / "dvr"
    server = Server(spawn, tmp_path, [{"rtsp_url": camera.rtsp_url()}], [*FLAGS, "--part-duration", "0", "--dvr-dir", folder])
    wait_for("segments on disk", lambda: listed_seconds(server, CLASSIC) >= 20, 60)
    # The folder goes, and a file stands in its place: nothing can be written there any more.
    shutil.rmtree(folder)
    folder.write_text("")
    wait_for("the warning", lambda: "live goes on" in server.process.log(), 30)
    wait_for("the window to be what memory holds", lambda: 11 <= listed_seconds(server, CLASSIC) <= 15, 40)
    fetch_all(server, CLASSIC)
    assert server.json("/api/cameras/stream_0")["status"] == "live"
    folder.unlink()
    wait_for("the disk's return", lambda: "takes segments again" in server.process.log(), 30)
    wait_for("the window to grow", lambda: listed_seconds(server, CLASSIC) >= 18, 40)
    fetch_all(server, CLASSIC)
    assert server.process.log().count("live goes on") == 1


def test_a_camera_on_demand_leaves_nothing_on_disk(spawn, tmp_path, camera):
    server = Server(spawn, tmp_path, [{"rtsp_url": camera.rtsp_url(), "on_demand": True}],
                    [*FLAGS, "--dvr-dir", tmp_path / "dvr"])
    assert server.get(CLASSIC)[0] == 200
    wait_for("bytes on disk", lambda: spooled(server) > 0, 30)
    wait_for("the camera to be left", lambda: server.json("/api/cameras/stream_0")["status"] == "idle", 30)
    wait_for("the disk to be given back", lambda: spooled(server) == 0, 10)


@pytest.mark.parametrize("flags, message", [(["--dvr", "25h"], "--dvr"), (["--dvr-memory", "much"], "16M or 20G")])
def test_what_cant_be_is_said(spawn, tmp_path, flags, message):
    done = subprocess.run([program("camctl-serve"), *flags], capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert done.returncode == 2 and message in done.stderr
