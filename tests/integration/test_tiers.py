"""Tiers: variants transcoded from the main stream while somebody watches them, and no longer."""

import json
import os
import re
import subprocess

import pytest

import hls_validate
from conftest import require, wait_for
from test_adaptive import camera, playlist, profiles, sessions, tag, variants

TIER = "480p/media.m3u8"


def configured(tmp_path, text):
    config = tmp_path / "tiers.yaml"
    config.write_text(text)
    return "--config", config


def attribute(line, name):
    found = re.search(rf'[:,]{name}=("[^"]*"|[^,]*)', line)
    return found and found.group(1).strip('"')


def tier_of(server, name="480p"):
    return next((tier for tier in server.camera().get("tiers", []) if tier["name"] == name), None)


def probed(server, path):
    """What ffprobe finds in a playlist: streams by kind, and the number of pictures that it could decode."""
    require("ffprobe")
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-read_intervals", "%+2", "-show_streams", "-of", "json",
         server.url + path], capture_output=True, timeout=60, check=True)
    assert out.stderr == b"", out.stderr
    return {stream["codec_type"]: stream for stream in json.loads(out.stdout)["streams"]}


def segment_duration(text):
    return [float(value) for value in re.findall(r"^#EXTINF:([0-9.]+)", text, re.M)]


def test_a_tier_is_made_while_it_is_watched(simulate, serve):
    cameras = simulate(1, "--no-discovery")
    server = serve([{"rtsp_url": cameras.rtsp_url()}], "--tier", "480:800k", "--tier", "2160:9M")
    listed = variants(server)
    assert list(listed) == ["main/media.m3u8", TIER]  # nothing is enlarged
    line = listed[TIER]
    assert attribute(line, "RESOLUTION") == "852x480"
    assert attribute(line, "FRAME-RATE") == "25.000"
    assert 880_000 <= int(attribute(line, "AVERAGE-BANDWIDTH")) <= int(attribute(line, "BANDWIDTH")) <= 1_600_000
    assert tier_of(server) == {"name": "480p", "width": 852, "height": 480, "status": "idle"}

    main, tier = playlist(server, "main"), playlist(server, "480p")
    assert tag(main, "EXT-X-TARGETDURATION") == tag(tier, "EXT-X-TARGETDURATION")
    assert tier_of(server)["status"] == "live"
    assert sessions(cameras) == 1  # none but the main stream's
    wait_for("three segments", lambda: len(segment_duration(playlist(server, "480p"))) >= 3)

    streams = probed(server, "/hls/0/480p/media.m3u8")
    video, audio = streams["video"], streams["audio"]
    assert (video["codec_name"], video["width"], video["height"]) == ("h264", 852, 480)
    assert audio["codec_name"] == "aac"
    assert int(video["nb_read_frames"]) > 25
    status, _, init = server.request("/hls/0/480p/" + re.search(r'MAP:URI="([^"]+)"', playlist(server, "480p")).group(1))
    profile = init[init.index(b"avcC") + 5:][:3].hex()
    assert attribute(line, "CODECS").lower().startswith(f"avc1.{profile},mp4a.40.2")  # said before it ran
    # On the main stream's axis: segments begin with its key frames, at the same dates.
    dates = [set(re.findall(r"^#EXT-X-PROGRAM-DATE-TIME:(.*)", playlist(server, name), re.M)) for name in ("main", "480p")]
    near = [a for a in dates[0] for b in dates[1] if abs(seconds(a) - seconds(b)) < 0.03]
    assert near, dates
    wait_for("its report", lambda: 'RENDITION-REPORT:URI="../480p/media.m3u8"' in playlist(server, "main"))

    wait_for("it to stop", lambda: tier_of(server)["status"] == "idle", 40)
    wait_for("its thread to end", lambda: threads(server).count("transcode") == 0)
    assert list(variants(server)) == ["main/media.m3u8", TIER]
    assert playlist(server, "480p")
    assert threads(server).count("transcode") == 1
    assert server.request("/hls/0/2160p/media.m3u8")[0] == 404


def seconds(date):
    hours, minutes, rest = date.split("T")[1].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def threads(server):
    folder = f"/proc/{server.process.pid}/task"
    return [open(f"{folder}/{task}/comm").read().strip() for task in os.listdir(folder)]


def test_an_h265_camera_has_something_in_h264(simulate, serve, tmp_path):
    cameras = simulate(1, "--no-discovery", "--codec", "h265", "--audio", "g711")
    server = serve([{"rtsp_url": cameras.rtsp_url()}])
    listed = variants(server)
    assert list(listed) == ["main/media.m3u8", "h264/media.m3u8"]
    assert attribute(listed["main/media.m3u8"], "CODECS").startswith("hvc1.")
    line = listed["h264/media.m3u8"]
    assert attribute(line, "CODECS").startswith("avc1.")
    assert attribute(line, "RESOLUTION") == "1280x720"
    # Players that can play either shall stay with the camera's own stream.
    assert int(attribute(line, "BANDWIDTH")) < int(attribute(listed["main/media.m3u8"], "BANDWIDTH"))
    assert playlist(server, "h264")
    wait_for("a segment", lambda: segment_duration(playlist(server, "h264")))
    streams = probed(server, "/hls/0/h264/media.m3u8")
    assert (streams["video"]["codec_name"], streams["video"]["height"]) == ("h264", 720)
    assert streams["audio"]["codec_name"] == "aac"  # encoded as the main stream's
    assert sessions(cameras) == 1

    # Its own H.264 sub stream is better; and a key turns it off.
    both = profiles(cameras)
    both[0]["video"]["codec"] = "h265"
    server = serve([{"rtsp_url": cameras.rtsp_url(), "profiles": both}, {"rtsp_url": cameras.rtsp_url()}],
                   *configured(tmp_path, "streams: {stream_1: {h264_fallback: false}}\n"))
    assert list(variants(server)) == ["main/media.m3u8", "sub/media.m3u8"]
    status, _, body = server.request("/hls/1/index.m3u8", timeout=20)
    assert status == 200 and b"h264/" not in body
    assert server.request("/hls/1/h264/media.m3u8")[0] == 404


def test_max_transcodes_refuses_and_frees(simulate, serve, tmp_path):
    cameras = simulate(2, "--no-discovery")
    server = serve([{"rtsp_url": cameras.rtsp_url(index)} for index in range(2)],
                   *configured(tmp_path, "tiers: [{height: 360, bitrate: 400k}]\nmax_transcodes: 1\n"))
    second = "/hls/1/360p/media.m3u8"
    assert playlist(server, "360p")
    server.wait_status(camera_id="stream_1")
    status, headers, body = server.request(second, timeout=20)
    assert status == 503 and int(headers["Retry-After"]) > 0
    error = json.loads(body)["error"]
    assert error["code"] == "limit"
    assert error["message"] == "this server already transcodes as many streams as it may (1)"
    assert "max_transcodes" in error["hint"]
    assert server.request("/hls/1/main/media.m3u8", timeout=20)[0] == 200

    # The first viewer goes; the second has its place without doing anything but asking.
    wait_for("the slot", lambda: server.request(second, timeout=20)[0] == 200, 40, 0.5)
    assert tier_of(server, "360p")["status"] == "idle"


def test_its_playlists_keep_the_rules(simulate, serve):
    cameras = simulate(1, "--no-discovery")
    server = serve([camera(cameras)], "--tier", "240:200k")
    assert len(variants(server)) == 3
    playlist(server, "240p")
    findings, playlists = hls_validate.validate([f"{server.url}/hls/0/index.m3u8"], 15)
    assert not findings, findings
    tier = next(one for one in playlists if "/240p/" in one.url)
    assert tier.segments >= 4 and tier.low_latency.checked >= 2


def test_none_may_be_made(simulate, serve, tmp_path):
    cameras = simulate(1, "--no-discovery")
    server = serve([{"rtsp_url": cameras.rtsp_url()}], *configured(tmp_path, "tiers: 240:200k\nmax_transcodes: 0\n"))
    assert list(variants(server)) == ["main/media.m3u8"]
    assert server.request("/hls/0/240p/media.m3u8")[0] == 404
    [left_out] = server.camera()["tiers"]
    assert left_out["status"] == "unavailable" and left_out["reason"] == "max_transcodes is 0"


def test_a_tier_goes_on_through_drops_of_the_camera(simulate, serve):
    cameras = simulate(1, "--no-discovery", "--drop-every", "7s")
    server = serve([camera(cameras, on_demand=True)], "--tier", "240:200k")
    playlist(server, "240p")

    def breaks(rendition):
        text = playlist(server, rendition)
        return int(tag(text, "EXT-X-DISCONTINUITY-SEQUENCE") or 0) + len(re.findall("^#EXT-X-DISCONTINUITY$", text, re.M))

    wait_for("both to have the same breaks", lambda: breaks("main") == breaks("240p") >= 2, 60)
    newest = int(tag(playlist(server, "240p"), "EXT-X-MEDIA-SEQUENCE"))
    wait_for("it to go on", lambda: int(tag(playlist(server, "240p"), "EXT-X-MEDIA-SEQUENCE")) > newest or
             len(segment_duration(playlist(server, "240p"))) > 3)


@pytest.mark.parametrize("flags, message", [
    (["--tier", "480"], "--tier: expected something like 480:800k, got \"480\""),
    (["--max-transcodes", "many"], "--max-transcodes: expected a whole number or auto, got \"many\""),
    (["--video-encoder", "h264_v4l2m2m"], "video_encoder: transcoding by h264_v4l2m2m"),
])
def test_what_can_not_be_is_said_at_the_start(spawn, tmp_path, flags, message):
    from conftest import program
    if "h264_v4l2m2m" in flags and os.path.exists("/dev/video0"):
        pytest.skip("there may be such an encoder here")
    process = spawn(program("camctl-serve"), "--cameras", tmp_path / "none.json", "--listen", "127.0.0.1:0", *flags)
    assert process.popen.wait(10) == 2
    assert message in process.log()
