"""camctl stream, fed by servers that are not ours (GStreamer, VLC) and by our virtual cameras."""

import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

import probe
from conftest import Process, free_port, listening, loopback_block, program, require, wait_for

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def gst(tmp_path_factory):
    """A GStreamer RTSP server without credentials: its address as rtsp://HOST:PORT."""
    pytest.importorskip("gi")
    address = loopback_block()
    port = free_port(address)
    process = Process([sys.executable, HERE / "gst_rtsp.py", address, port], tmp_path_factory.mktemp("gst"))
    process.wait_log("ready")
    yield f"rtsp://{address}:{port}"
    process.stop()


def stream(*args, timeout=40, env=None, **options):
    return subprocess.run([program("camctl-stream"), *map(str, args)], timeout=timeout, check=False,
                          capture_output=True, env={**os.environ, **(env or {})}, **options)


def check_hls(folder, video, audio, seconds):
    """A finished playlist whose segments ffprobe reads and ffmpeg decodes without a complaint."""
    playlist = (folder / "playlist.m3u8").read_text()
    assert playlist.startswith("#EXTM3U\n") and playlist.rstrip().endswith("#EXT-X-ENDLIST"), playlist
    names = re.findall(r"^playlist\d+\.ts$", playlist, re.MULTILINE)
    durations = [float(d) for d in re.findall(r"#EXTINF:([\d.]+)", playlist)]
    assert len(names) == len(durations) >= seconds // 3
    assert seconds - 2 <= sum(durations) <= seconds + 2, playlist
    for name in names:
        found = probe.streams(folder / name)
        assert found["video"]["codec_name"] == video
        if audio is None:
            assert "audio" not in found
    if audio:
        assert probe.streams(folder / names[1])["audio"]["codec_name"] == audio
    assert not list(folder.glob("*.tmp*")), "a temporary file is left"
    assert probe.decode_errors(folder / "playlist.m3u8", "-allowed_extensions", "ALL") == ""


@pytest.mark.parametrize("mount, video, audio", [
    ("h264-aac", "h264", "aac"),
    ("h264", "h264", None),
    ("h264-g711", "h264", "aac"),
    ("h265", "hevc", None),
])
def test_gstreamer_to_hls(gst, tmp_path, mount, video, audio):
    result = stream(f"{gst}/{mount}", "-o", tmp_path / "hls", "--duration", 6)
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout == b""
    check_hls(tmp_path / "hls", video, audio, 6)


def test_to_fmp4_folder(gst, tmp_path):
    folder = tmp_path / "hls"
    folder.mkdir()
    result = stream(f"{gst}/h264-aac", "-o", folder, "--format", "fmp4", "--duration", 5)
    assert result.returncode == 0, result.stderr.decode()
    assert "media.m3u8" in (folder / "index.m3u8").read_text()
    found = probe.streams(folder / "media.m3u8", "-allowed_extensions", "ALL")
    assert found["video"]["codec_name"] == "h264" and found["audio"]["codec_name"] == "aac"
    assert probe.decode_errors(folder / "media.m3u8", "-allowed_extensions", "ALL") == ""


@pytest.mark.parametrize("form", ["ts", "fmp4"])
def test_to_stdout(gst, form):
    result = stream(f"{gst}/h264-g711", "-o", "-", "--format", form, "--duration", 4)
    assert result.returncode == 0, result.stderr.decode()
    found = probe.streams("-", stdin=result.stdout)
    assert found["video"]["codec_name"] == "h264" and int(found["video"]["nb_read_packets"]) > 60
    assert found["audio"]["codec_name"] == "aac"


def test_to_file(gst, tmp_path):
    result = stream(f"{gst}/h264-aac", "-o", tmp_path / "out.mp4", "--duration", 4)
    assert result.returncode == 0, result.stderr.decode()
    assert int(probe.streams(tmp_path / "out.mp4")["video"]["nb_read_packets"]) > 60


def test_mjpeg_names_the_remedy(gst, tmp_path):
    result = stream(f"{gst}/mjpeg", "-o", tmp_path / "hls")
    assert result.returncode == 1
    assert b"--video-codec h264" in result.stderr
    assert b"mjpeg" in result.stderr


def test_transcoding(gst, tmp_path):
    result = stream(f"{gst}/mjpeg", "-o", tmp_path / "hls", "--duration", 6, "--video-codec", "h264",
                    "--bitrate", "300k", "--maxrate", "400k", "--preset", "ultrafast", "--height", "120")
    assert result.returncode == 0, result.stderr.decode()
    check_hls(tmp_path / "hls", "h264", None, 6)
    assert probe.streams(tmp_path / "hls" / "playlist0.ts")["video"]["height"] == 120


def test_closed_pipe_is_quiet(gst):
    command = f"'{program('camctl-stream')}' {gst}/h264 -o - | head -c 1000 | wc -c; echo ${{PIPESTATUS[@]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, timeout=30, check=False)
    assert result.stdout.split() == [b"1000", b"0", b"0", b"0"]
    assert b"stream:" not in result.stderr, result.stderr.decode()


def test_interrupt_finishes_the_playlist(gst, tmp_path, spawn):
    folder = tmp_path / "hls"
    process = spawn(program("camctl-stream"), f"{gst}/h264", "-o", folder)
    wait_for("a segment", lambda: (folder / "playlist0.ts").exists())
    began = time.monotonic()
    assert process.stop(signal.SIGINT) == 130
    assert time.monotonic() - began < 2
    assert (folder / "playlist.m3u8").read_text().rstrip().endswith("#EXT-X-ENDLIST")


def test_first_segment_in_time(gst, tmp_path, spawn):
    """At most max(GOP, 2 s) + 1 s after the first key frame, besides what starting costs."""
    folder = tmp_path / "hls"
    process = spawn(program("camctl-stream"), f"{gst}/h264", "-o", folder)
    process.wait_log(": live")
    began = time.monotonic()
    wait_for("the playlist", lambda: (folder / "playlist.m3u8").exists(), 5, 0.01)
    assert time.monotonic() - began <= 3
    assert process.stop(signal.SIGINT) == 130


def test_old_segments_go(simulate, tmp_path, spawn):
    cameras = simulate(1, "--no-discovery")
    folder = tmp_path / "hls"
    folder.mkdir()
    (folder / "playlist777.ts").write_text("of an earlier run")
    process = spawn(program("camctl-stream"), cameras.rtsp_url(), "-o", folder, "--segments", 3,
                    "--segment-duration", "1s")
    wait_for("a segment", lambda: (folder / "playlist0.ts").exists())
    assert not (folder / "playlist777.ts").exists()
    wait_for("the first segment to go", lambda: not (folder / "playlist0.ts").exists(), 60)
    playlist = (folder / "playlist.m3u8").read_text()
    for name in re.findall(r"^playlist\d+\.ts$", playlist, re.MULTILINE):
        assert (folder / name).exists()
    process.stop(signal.SIGINT)


def test_server_restart(simulate, tmp_path, spawn):
    """The camera is killed and comes back: numbers go on, behind a discontinuity."""
    block = loopback_block()
    cameras = simulate(1, "--no-discovery", address=block)
    folder = tmp_path / "hls"
    process = spawn(program("camctl-stream"), cameras.rtsp_url(), "-o", folder)
    wait_for("a segment", lambda: (folder / "playlist0.ts").exists())
    cameras.process.stop(signal.SIGKILL)
    simulate(1, "--no-discovery", address=block)
    playlist = folder / "playlist.m3u8"
    wait_for("the discontinuity", lambda: "#EXT-X-DISCONTINUITY\n" in playlist.read_text(), 30)
    process.stop(signal.SIGINT)
    assert "#EXT-X-MEDIA-SEQUENCE:0" in playlist.read_text()
    assert probe.decode_errors(playlist, "-allowed_extensions", "ALL") == ""


@pytest.mark.parametrize("algorithm", ["md5", "sha-256", "both"])
def test_credentials(simulate, tmp_path, algorithm):
    cameras = simulate(1, "--no-discovery", "--auth", "digest", "--digest-algorithm", algorithm)
    url = cameras.rtsp_url()
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("admin\n")
    bad.write_text("s3cret-and-wrong\n")
    began = time.monotonic()
    result = stream(url, "-o", tmp_path / "a", "--user", "admin", "--password-file", bad, "-vv")
    assert result.returncode == 4, result.stderr.decode()
    assert time.monotonic() - began < 5, "refused credentials must end it at once"
    assert b"s3cret" not in result.stderr
    assert stream(url, "-o", tmp_path / "b").returncode == 4
    result = stream(url, "-o", tmp_path / "c", "--user", "admin", "--password-file", good, "--duration", 3)
    assert result.returncode == 0, result.stderr.decode()
    assert (tmp_path / "c" / "playlist0.ts").exists()
    with_password = cameras.rtsp_url(credentials="admin:s3cret-and-wrong@")
    result = stream(with_password, "-o", tmp_path / "d", "-vv")
    assert result.returncode == 4
    assert b"s3cret" not in result.stderr


def test_broken_off(simulate, tmp_path, spawn):
    """A camera that goes in the middle and stays away: what came is kept, and it is no success."""
    cameras = simulate(1, "--no-discovery")
    out = tmp_path / "out.ts"
    process = spawn(program("camctl-stream"), cameras.rtsp_url(), "-o", out, "--duration", "8s")
    wait_for("a segment", lambda: out.exists() and out.stat().st_size > 0)
    cameras.process.stop(signal.SIGKILL)
    wait_for("the end", lambda: not process.alive(), 40)
    assert process.popen.returncode == 5, process.log()
    assert re.search(r"only \d\.\d of 8\.0 s came: \S", process.log())
    assert "lost because" not in process.log()
    assert "video" in probe.streams(out)


def test_outage_does_not_count(simulate, tmp_path, spawn):
    block = loopback_block()
    cameras = simulate(1, "--no-discovery", address=block)
    folder = tmp_path / "hls"
    process = spawn(program("camctl-stream"), cameras.rtsp_url(), "-o", folder, "--duration", "20s",
                    "--segments", 20)
    wait_for("a segment", lambda: (folder / "playlist0.ts").exists())
    cameras.process.stop(signal.SIGKILL)
    process.wait_log("warning")
    simulate(1, "--no-discovery", address=block)
    wait_for("the end", lambda: not process.alive(), 60)
    assert process.popen.returncode == 0, process.log()
    playlist = (folder / "playlist.m3u8").read_text()
    assert "#EXT-X-DISCONTINUITY\n" in playlist
    assert sum(float(d) for d in re.findall(r"#EXTINF:([\d.]+)", playlist)) >= 17, playlist


def test_in_vain_nothing_is_touched(simulate, tmp_path, spawn):
    """Refused, or interrupted while connecting: an earlier recording stays, and nothing new appears."""
    cameras = simulate(1, "--no-discovery", "--auth", "digest")
    old = tmp_path / "old.ts"
    old.write_bytes(b"a recording")
    assert stream(cameras.rtsp_url(), "-o", old).returncode == 4
    assert stream(cameras.rtsp_url(), "-o", tmp_path / "new.mp4").returncode == 4
    assert stream(cameras.rtsp_url(), "-o", tmp_path / "new", "--format", "hls").returncode == 4
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x"
        process = spawn(program("camctl-stream"), url, "-o", old)
        silent.accept()
        assert process.stop(signal.SIGINT) == 130
    assert old.read_bytes() == b"a recording"
    assert not list(tmp_path.glob("new*"))


def test_nobody_there(tmp_path):
    address = loopback_block()
    result = stream(f"rtsp://{address}:{free_port(address)}/x", "-o", tmp_path / "a", "--timeout", "2s")
    assert result.returncode == 1
    assert b"refused" in result.stderr


def test_wrong_usage(tmp_path):
    for args in (["rtsp://127.0.0.1/x"], ["rtsp://127.0.0.1/x", "-o", tmp_path / "x.doc"],
                 ["file:///etc/passwd", "-o", tmp_path / "x"], ["rtsp://127.0.0.1:99999/x", "-o", tmp_path / "x"],
                 ["no such camera", "-o", tmp_path / "x", "--cameras", tmp_path / "none.json"]):
        result = stream(*args)
        assert result.returncode in (2, 3), (args, result.stderr.decode())
        assert result.stderr.count(b"\n") == 1, result.stderr.decode()


def test_camera_of_a_file(simulate, tmp_path):
    cameras = simulate(1, "--no-discovery")
    file = tmp_path / "cameras.json"
    file.write_text(f'[{{"rtsp_url": "{cameras.rtsp_url()}", "name": "Front door"}}]')
    for name in ("stream_0", "Front door"):
        result = stream(name, "--cameras", file, "-o", tmp_path / "out.ts", "--duration", 3)
        assert result.returncode == 0, result.stderr.decode()
        assert "video" in probe.streams(tmp_path / "out.ts")


def test_an_entry_without_a_stream_is_named(tmp_path):
    file = tmp_path / "cameras.json"
    file.write_text('[{"ip": "192.0.2.1", "port": 80}]')
    done = stream("stream_0", "--cameras", file, "-o", tmp_path / "x.mp4")
    words = done.stderr.decode()
    assert done.returncode == 2
    assert f'{file}: camera stream_0 has no "rtsp_url"' in words and f"camctl discover {file}" in words


def test_an_address_of_onvif_is_no_stream(simulate, tmp_path):
    cameras = simulate(1)
    for host in (f"{cameras.addresses[0]}:8000/onvif/device_service", "no-such-camera.invalid/"):
        done = stream(f"http://{host}", "-o", tmp_path / "x.mp4", "--duration", "1")
        words = done.stderr.decode()
        assert done.returncode != 0 and "http:// is taken for the stream itself" in words, words
        assert "camctl discover" in words and "Input/output error" not in words


def test_cameras_from_standard_input(simulate, tmp_path):
    cameras = simulate(1, "--no-discovery")
    array = f'[{{"rtsp_url": "{cameras.rtsp_url()}"}}]'.encode()
    result = stream("0", "--cameras", "-", "-o", tmp_path / "out.ts", "--duration", 3, input=array)
    assert result.returncode == 0, result.stderr.decode()
    assert "video" in probe.streams(tmp_path / "out.ts")
    result = stream("0", "--cameras", tmp_path / "none.json", "-o", tmp_path / "out.ts")
    assert result.returncode == 2 and b"camctl discover" in result.stderr


def test_time_until_the_first_picture(tmp_path):
    """A camera that accepts and says nothing: --timeout ends it, not the length of one attempt."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x"
        result = stream(url, "-o", tmp_path / "x.ts", "--timeout", "1")
    assert result.returncode == 124, result.stderr.decode()
    assert b"within 1.0 s" in result.stderr
    assert result.stderr.count(b"\n") == 1, result.stderr.decode()


def test_refusal_is_said_once_and_how_to_go_on(simulate, tmp_path):
    cameras = simulate(1, "--no-discovery", "--auth", "digest")
    result = stream(cameras.rtsp_url(), "-o", tmp_path / "x.ts")
    assert result.returncode == 4
    assert result.stderr.count(b"\n") == 1, result.stderr.decode()
    assert b"--password-file" in result.stderr


@pytest.mark.parametrize("args, words", [(["--height", "180"], b"--video-codec h264"), (["-j", "2"], b"unknown option"),
                                         (["--interface", "lo"], b"unknown option")])
def test_options_that_would_be_ignored_are_refused(tmp_path, args, words):
    result = stream("rtsp://127.0.0.1:1/x", "-o", tmp_path / "x.ts", *args)
    assert result.returncode == 2
    assert words in result.stderr, result.stderr.decode()


def ordinary_user():
    """What makes a command run as an ordinary user; VLC refuses root."""
    if os.geteuid() != 0:
        return []
    require("runuser")
    try:
        pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("there is no user nobody to run VLC as")
    return ["runuser", "-u", "nobody", "--"]


def test_vlc_over_udp(tmp_path, spawn):
    """VLC's RTSP server speaks UDP only."""
    require("cvlc", "ffmpeg")
    video = tmp_path / "video.ts"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=20", "-c:v",
                    "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", str(video)], check=True)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == pwd.getpwuid(os.getuid()).pw_name and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    address = "127.0.0.1"  # where it sends from, wherever it listens
    port = free_port(address)
    vlc = spawn(*ordinary_user(), "cvlc", "-I", "dummy", "--no-dbus", "--loop", video, "--sout",
                f"#rtp{{sdp=rtsp://{address}:{port}/x}}", "--sout-keep", env={"HOME": str(tmp_path)})
    wait_for("VLC", lambda: listening(address, port) or not vlc.alive())
    assert vlc.alive(), vlc.log()
    result = stream(f"rtsp://{address}:{port}/x", "-o", tmp_path / "hls", "--transport", "udp", "--duration", 6)
    assert result.returncode == 0, result.stderr.decode()
    assert probe.streams(tmp_path / "hls" / "playlist0.ts")["video"]["codec_name"] == "h264"
